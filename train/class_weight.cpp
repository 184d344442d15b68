// Class weights as sample weights.
#include <algorithm>
#include <cmath>
#include <limits>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/objective.h>

namespace kindling {
namespace {

// The class of a row, values a stride apart, which is one-hot or says how probable each class is.
std::int64_t class_of_row(const std::string& who, const float* row, std::int64_t classes,
                          std::int64_t stride, const std::string& place) {
  double total = 0;
  std::int64_t best = 0, equal = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    const float v = row[c * stride], largest = row[best * stride];
    total += static_cast<double>(v);
    equal = v > largest || c == 0 ? 1 : equal + (v == largest ? 1 : 0);
    if (v > largest) best = c;
  }
  const bool probabilities = std::abs(total - 1) < 1e-3;
  if (!probabilities || equal > 1) {
    fail("{}: class_weight is for targets that have one class, one-hot or with one largest "
         "probability, got {} at {}", who,
         probabilities ? "a tie" : fmt::format("numbers whose sum is {}", total), place);
  }
  return best;
}

// -1 and 1, or 0 and 1; numbers between are no class.
std::int64_t class_of_number(const std::string& who, float value, const std::string& place) {
  if (value != 0 && value != 1 && value != -1) {
    fail("{}: class_weight is for targets that are classes, for one number 0 and 1, or -1 and 1, "
         "got {} at {}", who, value, place);
  }
  return static_cast<std::int64_t>(value);
}

void check_class_weights(const std::string& who, const ClassWeight& weights, std::int64_t classes) {
  for (const auto& [id, weight] : weights) {
    if (!(weight >= 0 && weight <= static_cast<double>(std::numeric_limits<float>::max()))) {
      fail("{}: a class weight is at least 0 and finite, got {} for class {}", who, weight, id);
    }
    if (classes == 1 ? id < -1 || id > 1 : id < 0 || id >= classes) {
      fail("{}: class_weight has class {}, the output has {}", who, id,
           classes == 1 ? "0 and 1, or -1 and 1" : fmt::format("[0, {})", classes));
    }
  }
}

}  // namespace

Batch Objective::weighed(const Batch& batch, const Tensors& y_pred,
                         const ClassWeight& weights) const {
  if (weights.empty()) return batch;
  if (outputs_.size() != 1 || batch.targets.size() != 1 || !outputs_[0].loss) {
    fail("{}: class_weight is for models with one output and targets", who_);
  }
  const LossImpl& loss = *outputs_[0].loss->impl();
  const Tensor given = batch.sample_weights.empty() ? Tensor() : batch.sample_weights[0];
  const auto [y, p] = loss.compared(batch.targets[0], y_pred[0], given);
  const int axis = p.shape().resolve(static_cast<int>(loss.value_axis()));
  const std::int64_t classes = p.size(axis), inner = p.shape().inner(axis);
  check_class_weights(who_, weights, classes);
  Tensor chosen = ones(p.shape().without(axis));
  Tensor counts = chosen;
  for (const Tensor& by : {given, y_pred[0].mask()}) {
    if (by.defined()) counts = counts * aligned_weight(who_, by, chosen.shape());
  }
  for (std::int64_t i = 0; i < chosen.elements(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (counts.floats()[at] == 0) continue;  // whatever its target is
    const std::string place = chosen.shape().place(i).str();
    const float* row = y.dtype() == DType::float32
                           ? y.floats().data() + i / inner * classes * inner + i % inner
                           : nullptr;
    // Ids are those of class_ids(); -1 is an example that doesn't count.
    const std::int64_t id = row == nullptr ? y.ints()[at]
                            : classes == 1 ? class_of_number(who_, *row, place)
                                           : class_of_row(who_, row, classes, inner, place);
    const auto found = weights.find(id);
    chosen.mutable_floats()[at] = found != weights.end() ? static_cast<float>(found->second) : 1;
  }
  Batch weighed = batch;
  weighed.sample_weights = {given.defined() ? product_of_weights(who_, given, chosen) : chosen};
  return weighed;
}

}  // namespace kindling
