#include <kindling/layers/weights_to_come.h>

#include <algorithm>

#include <kindling/tensor/fail.h>

namespace kindling::detail {
namespace {

thread_local WeightsToCome* innermost = nullptr;

constexpr std::int64_t more_than_file = std::int64_t{1} << 20;
constexpr std::int64_t most_in_probe = std::int64_t{1} << 26;

}  // namespace

WeightsToCome::WeightsToCome(std::int64_t elements)
    : elements_(elements), left_(elements + more_than_file), before_(innermost) {
  innermost = this;
}

WeightsToCome::~WeightsToCome() { innermost = before_; }

bool WeightsToCome::leave_out(const std::string& why) {
  if (!expected()) return false;
  std::vector<std::string>& all = innermost->left_out_;
  if (std::ranges::find(all, why) == all.end()) all.push_back(why);
  return true;
}

bool WeightsToCome::expected() { return innermost != nullptr; }

Tensor WeightsToCome::zeros(const Shape& shape, const std::string& who) {
  const std::int64_t elements = shape.elements();
  if (elements > innermost->left_) {
    fail("{} is {}, {} elements, and the file has {} in all", who, shape.str(), elements,
         innermost->elements_);
  }
  innermost->left_ -= elements;
  return kindling::zeros(shape);
}

void WeightsToCome::check_probe(const Shape& shape, const std::string& who) {
  if (expected() && shape.elements() > most_in_probe) {
    fail("{}: input {} is too large to see on zeros what shapes the layer makes; let it override "
         "compute_output_shape", who, shape.str());
  }
}

}  // namespace kindling::detail
