// Add, Subtract, Multiply, Average, Maximum, Minimum: inputs joined element by element.
//
// Inputs    one or more; Subtract: two.
// Shapes    they broadcast, all but the batch: {(batch, a, b), (batch, a, 1)} -> (batch, a, b). One
//           of fewer axes gets those of size 1 that it lacks after the batch.
// Masks     none unless each input carries one; then a step counts where it does in any input.
//           Multiply, Maximum and Minimum leave out the steps that an input's mask says don't
//           count. Where none does, Multiply gives 0 and the other two the first input.
// Errors    another number of inputs; batches or other sizes that differ.
// Example   Tensor y = Add()({random_normal({2, 7, 100}), random_normal({2, 7, 100})});
// Source    keras.layers.Add and the others.
#pragma once

#include <cmath>
#include <optional>

#include <kindling/autograd/elementwise.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct MergeOptions {
  std::string name = {};
};

class MergeImpl : public LayerImpl {
 public:
  using Options = MergeOptions;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;

 protected:
  struct Rule {
    Tensor (*join)(const Tensor&, const Tensor&);
    std::optional<double> nothing = {};  // what leaves the other operand as it is, if masks matter
    std::size_t inputs = 0;              // how many there must be; 0: any number
    bool mean = false;                   // the result is divided by their number
  };
  MergeImpl(const char* class_name, const Options& options, Rule rule)
      : LayerImpl(class_name, options.name), rule_(rule) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }

 private:
  Rule rule_;
};

struct AddImpl : MergeImpl {
  explicit AddImpl(const Options& o) : MergeImpl("Add", o, {add}) {}
};
struct SubtractImpl : MergeImpl {
  explicit SubtractImpl(const Options& o)
      : MergeImpl("Subtract", o, {.join = subtract, .inputs = 2}) {}
};
struct MultiplyImpl : MergeImpl {
  explicit MultiplyImpl(const Options& o)
      : MergeImpl("Multiply", o, {.join = multiply, .nothing = 1}) {}
};
struct AverageImpl : MergeImpl {
  explicit AverageImpl(const Options& o) : MergeImpl("Average", o, {.join = add, .mean = true}) {}
};
struct MaximumImpl : MergeImpl {
  explicit MaximumImpl(const Options& o)
      : MergeImpl("Maximum", o, {.join = maximum, .nothing = -HUGE_VAL}) {}
};
struct MinimumImpl : MergeImpl {
  explicit MinimumImpl(const Options& o)
      : MergeImpl("Minimum", o, {.join = minimum, .nothing = HUGE_VAL}) {}
};
using Add = Handle<AddImpl>;
using Subtract = Handle<SubtractImpl>;
using Multiply = Handle<MultiplyImpl>;
using Average = Handle<AverageImpl>;
using Maximum = Handle<MaximumImpl>;
using Minimum = Handle<MinimumImpl>;

}  // namespace kindling
#pragma GCC visibility pop
