#include <kindling/layers/reshaping.h>

#include <algorithm>

#include <kindling/autograd/shaping.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// Of the sizes that are known; false if 64 bits don't count them.
bool count_elements(const std::vector<std::int64_t>& sizes, std::int64_t& product) {
  product = 1;
  for (const std::int64_t n : sizes) {
    if (n != any && __builtin_mul_overflow(product, n, &product)) return false;
  }
  return true;
}

}  // namespace

void ReshapeImpl::check_options() const {
  const auto& target = options_.target_shape.value();
  const bool sizes = std::ranges::all_of(target, [](std::int64_t n) { return n >= -1; });
  if (!sizes || std::ranges::count(target, any) > 1 ||
      target.size() >= static_cast<std::size_t>(Shape::max_rank)) {
    fail("{}: target_shape has at most {} sizes, one of which may be -1, got {}", who(),
         Shape::max_rank - 1, to_config(target).str());
  }
  if (std::int64_t known = 1; !count_elements(target, known)) {
    fail("{}: target_shape {} has more elements than 64 bits count", who(),
         to_config(target).str());
  }
}

void ReshapeImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  if (inputs[0].rank() < 1) fail_with("input is (batch, ...), got " + inputs[0].str());
  const Shape items(std::span(inputs[0].begin() + 1, inputs[0].end()));
  if (!items.known()) return;
  std::int64_t known = 1;
  count_elements(options_.target_shape, known);
  const bool open = std::ranges::count(options_.target_shape.value(), any) > 0;
  if (open ? known == 0 || items.elements() % known != 0 : known != items.elements()) {
    fail("{}: target_shape {} doesn't hold the {} elements of each of {}", who(),
         to_config(options_.target_shape.value()).str(), items.elements(), inputs[0].str());
  }
}

Shapes ReshapeImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const Shape items(std::span(inputs[0].begin() + 1, inputs[0].end()));
  std::vector<std::int64_t> sizes = options_.target_shape;
  std::int64_t known = 1;
  count_elements(sizes, known);
  if (items.known() && known > 0) std::ranges::replace(sizes, any, items.elements() / known);
  sizes.insert(sizes.begin(), inputs[0][0]);
  return {Shape(sizes)};
}

Tensors ReshapeImpl::call(const Tensors& inputs, const Call& call) {
  return {reshape(inputs[0], compute_output_shape({inputs[0].shape()}, call)[0])};
}

void PermuteImpl::check_options() const {
  std::vector<std::int64_t> sorted = options_.dims;
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<std::int64_t>(i + 1)) {
      fail("{}: dims are 1 to their number, each once, got {}", who(),
           to_config(options_.dims.value()).str());
    }
  }
}

void PermuteImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  const auto& dims = options_.dims.value();
  if (inputs[0].rank() != static_cast<int>(dims.size()) + 1) {
    fail("{}: dims {} are not the axes after the batch of input {}", who(), to_config(dims).str(),
         inputs[0].str());
  }
}

Tensors PermuteImpl::call(const Tensors& inputs, const Call&) {
  std::vector<int> axes = {0};
  for (const std::int64_t dim : options_.dims.value()) axes.push_back(static_cast<int>(dim));
  return {transpose(inputs[0], axes)};
}

Shapes PermuteImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  Shape shape = inputs[0];
  int axis = 0;
  for (const std::int64_t dim : options_.dims.value()) {
    shape = shape.with(++axis, inputs[0][static_cast<int>(dim)]);
  }
  return {shape};
}

void RepeatVectorImpl::check_options() const {
  if (options_.n < 1) fail_with("n is at least 1, got " + std::to_string(options_.n));
}

void RepeatVectorImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  check_rank(inputs[0], 2, "(batch, channels)");
}

Tensors RepeatVectorImpl::call(const Tensors& inputs, const Call&) {
  const Tensor& x = inputs[0];
  return {broadcast_to(expand_dims(x, 1), {x.size(0), options_.n, x.size(1)})};
}

Shapes RepeatVectorImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  return {inputs[0].inserted(1, options_.n)};
}

}  // namespace kindling
