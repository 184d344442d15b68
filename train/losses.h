// The losses. Source: keras.losses.
#pragma once

#include <kindling/train/loss.h>

namespace kindling {

struct BinaryCrossentropyOptions {
  bool from_logits = false;  // predictions are numbers before the sigmoid
  double label_smoothing = 0; // moves labels towards a half: y (1 - s) + s / 2
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
};

// -(y log(p) + (1 - y) log(1 - p)), p clipped to [1e-7, 1 - 1e-7].
class BinaryCrossentropyImpl : public LossImpl {
 public:
  using Options = BinaryCrossentropyOptions;
  explicit BinaryCrossentropyImpl(Options o)
      : LossImpl("BinaryCrossentropy", o.name, o.reduction), options_(o) {}
  void fields(Fields& f) override;
  void check_options() const override;
  Tensor values(const Tensor& y_true, const Tensor& y_pred) const override;

 private:
  Options options_;
};
using BinaryCrossentropy = HandleOf<Loss, BinaryCrossentropyImpl>;

struct MeanSquaredErrorOptions {
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
};

// (y - p)^2
class MeanSquaredErrorImpl : public LossImpl {
 public:
  using Options = MeanSquaredErrorOptions;
  explicit MeanSquaredErrorImpl(Options o)
      : LossImpl("MeanSquaredError", o.name, o.reduction) {}
  Tensor values(const Tensor& y_true, const Tensor& y_pred) const override;
};
using MeanSquaredError = HandleOf<Loss, MeanSquaredErrorImpl>;

}  // namespace kindling
