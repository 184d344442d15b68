#include <kindling/layers/axes_last.h>

#include <algorithm>

#include <kindling/autograd/shaping.h>
#include <kindling/tensor/fail.h>

namespace kindling::detail {

std::vector<int> resolved(const std::string& who, const Axes& axes, const Shape& shape) {
  std::vector<int> all;
  for (const int axis : axes.values) {
    const int a = axis < 0 ? axis + shape.rank() : axis;
    if (a < 0 || a >= shape.rank() || std::ranges::find(all, a) != all.end()) {
      fail("{}: axis {} is outside [{}, {}) or comes twice [input {}]", who, axis, -shape.rank(),
           shape.rank(), shape.str());
    }
    all.push_back(a);
  }
  std::ranges::sort(all);
  return all;
}

std::vector<int> with_last(const std::vector<int>& axes, int rank) {
  std::vector<int> order;
  for (int axis = 0; axis < rank; ++axis) {
    if (std::ranges::find(axes, axis) == axes.end()) order.push_back(axis);
  }
  order.insert(order.end(), axes.begin(), axes.end());
  return order;
}

Tensor along_axes(const std::vector<int>& axes, const Tensor& x, const Tensor& other,
                  const std::function<Tensor(const Tensor&, const Tensor&)>& f) {
  const std::vector<int> order = with_last(axes, x.rank());
  const std::size_t others = order.size() - axes.size();
  std::vector<int> back(order.size());
  std::vector<std::int64_t> moved, merged;
  for (std::size_t i = 0; i < order.size(); ++i) {
    back[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    moved.push_back(x.size(order[i]));
    if (i <= others) merged.push_back(moved[i]);
    if (i > others) merged.back() *= moved[i];
  }
  const bool moves = !std::ranges::is_sorted(order);
  const auto last = [&](const Tensor& t) {
    return t.defined() ? reshape(moves ? transpose(t, order) : t, Shape(merged)) : t;
  };
  const Tensor y = reshape(f(last(x), last(other)), Shape(moved));
  return moves ? transpose(y, back) : y;
}

}  // namespace kindling::detail
