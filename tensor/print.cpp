// Tensor::str: numbers as numpy prints them.
#include <algorithm>
#include <cmath>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/tensor.h>

namespace kindling {
namespace {

constexpr std::int64_t whole_below = 1000;  // elements of a tensor that is printed in full
constexpr std::int64_t edge = 3;            // else: so many at either end of an axis

// 1 -> "1.", 0.1 -> "0.1", 1/3 -> "0.33333334"; padded on the right by spaces for the others'
// decimals.
std::string decimal(float v, std::size_t decimals) {
  std::string text = fmt::format("{}", v);
  if (!std::isfinite(v) || text.find('e') != std::string::npos) return text;
  if (text.find('.') == std::string::npos) text += '.';
  const std::size_t own = text.size() - text.find('.') - 1;
  return own < decimals ? text + std::string(decimals - own, ' ') : text;
}

std::size_t decimals(float v) {
  const std::string text = decimal(v, 0);
  const std::size_t point = text.find('.');
  return point == std::string::npos || text.find('e') != std::string::npos
             ? 0
             : text.size() - point - 1;
}

class Printer {
 public:
  explicit Printer(const Tensor& x) : x_(x), cut_(x.elements() > whole_below) {
    each([&](std::int64_t i) {
      if (x.dtype() == DType::float32) decimals_ = std::max(decimals_, decimals(floats(i)));
    });
    each([&](std::int64_t i) { width_ = std::max(width_, number(i).size()); });
  }

  std::string axis(int axis, std::int64_t at) const {
    if (axis == x_.rank()) return fmt::format("{:>{}}", number(at), width_);
    const std::int64_t size = x_.size(axis), step = x_.shape().inner(axis);
    const bool last = axis + 1 == x_.rank();
    const std::string between =
        last ? " "
             : std::string(static_cast<std::size_t>(x_.rank() - axis - 1), '\n') +
                   std::string(static_cast<std::size_t>(axis + 1), ' ');
    std::string text = "[";
    for (std::int64_t i = 0; i < size; ++i) {
      if (i > 0) text += between;
      if (skips(i, size)) {
        text += "..." + between;
        i = size - edge;
      }
      text += this->axis(axis + 1, at + i * step);
    }
    return text + "]";
  }

 private:
  float floats(std::int64_t i) const { return x_.floats()[static_cast<std::size_t>(i)]; }

  bool skips(std::int64_t i, std::int64_t size) const {
    return cut_ && i == edge && size > 2 * edge;
  }

  // f(i) for each element that is printed.
  template <class F>
  void each(F f) const {
    for (std::int64_t i = 0; i < x_.elements(); ++i) {
      bool printed = true;
      for (int axis = 0; axis < x_.rank() && printed && cut_; ++axis) {
        const std::int64_t size = x_.size(axis), at = i / x_.shape().inner(axis) % size;
        printed = at < edge || at >= size - edge || size <= 2 * edge;
      }
      if (printed) f(i);
    }
  }

  std::string number(std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    switch (x_.dtype()) {
      case DType::float32: return decimal(floats(i), decimals_);
      case DType::int32: return std::to_string(x_.ints()[at]);
      case DType::boolean: return x_.bools()[at] ? "True" : "False";
    }
    return {};
  }

  const Tensor& x_;
  bool cut_;
  std::size_t decimals_ = 0, width_ = 0;
};

}  // namespace

std::string Tensor::str() const {
  if (!defined()) return "undefined";
  return Printer(*this).axis(0, 0);
}

}  // namespace kindling
