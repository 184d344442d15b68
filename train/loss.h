// Loss: how far predictions are from the truth, as one number to make small.
//
//   Loss loss = BinaryCrossentropy();
//   Tensor value = loss(y_true, y_pred);   // shape (), differentiable for y_pred
//
// A loss of your own is a formula with a name, and is used, saved and loaded like any other:
//
//   Tensor fourth_power(const Tensor& y_true, const Tensor& y_pred) {
//     return mean(square(square(y_pred - y_true)), {.axis = {-1}});   // a value an example
//   }
//   using FourthPower = LossOf<"FourthPower", fourth_power>;
//   register_loss<FourthPower>();
//
// Source: keras.losses.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>

#include <kindling/layers/configurable.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

enum class Reduction {
  sum_over_batch_size,  // the sum of all values divided by their number
  mean,                 // the same
  mean_with_sample_weight,  // the sum of the weighted values divided by that of the weights
  sum,
  none,  // one value an example
};
Config to_config(Reduction reduction);
void from_config(const Config& config, Reduction& reduction, const std::string& what);

// What a loss or a metric takes for truth.
enum class Truth {
  finite,         // any number that is neither NaN nor infinite
  at_least_0,
  between_0_and_1,
  zero_or_one,
  sign,           // -1 and 1, or 0 and 1; a 0 among -1 and 1 is neither
  between_signs,  // -1 to 1
};
// y_true as float32 in the shape of y_pred; fails in the name of `who` where it can't be, or where
// a number isn't such a truth, and says where.
Tensor aligned_target(const std::string& who, const Tensor& y_true, const Tensor& y_pred,
                      Truth truth = Truth::finite);
// A weight of examples, of any dtype, as float32 that broadcasts to values of that shape: axes of
// size 1 are added behind its own, or one left out. Fails on weights that are NaN, infinite or
// below 0.
Tensor aligned_weight(const std::string& who, const Tensor& weight, const Shape& values);
void check_axis(const std::string& who, std::int64_t axis);  // an option: that of some rank
// The product of two weights, one of which may have axes behind the other's.
Tensor product_of_weights(const std::string& who, const Tensor& a, const Tensor& b);

// y_true and y_pred where some examples have weight 0, or are left out by a mask: there y_true is 0
// and y_pred 1, so that what stood there, NaN too, is not looked at and reaches no gradient. `axis`
// is the one that a value of the loss is over.
struct Compared {
  Tensor y_true, y_pred;
};
Compared without_ignored(const Compared& all, const Tensor& weight, std::int64_t axis = -1);

struct LossOptions {
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
};

class LossImpl : public Configurable {
 public:
  static constexpr std::size_t common_options_size = sizeof(LossOptions);

  LossImpl(std::string class_name, std::string name, Reduction reduction)
      : Configurable(std::move(class_name), std::move(name)), reduction_(reduction) {}
  template <class Options>
  LossImpl(std::string class_name, const Options& options)
      : LossImpl(std::move(class_name), options.name, options.reduction) {}

  // The truth as values() is given it: by default as float32 in the shape of y_pred.
  virtual Tensor target(const Tensor& y_true, const Tensor& y_pred) const {
    return aligned_target(who(), y_true, y_pred);
  }
  // The axis that values() is over, of y_pred.
  virtual std::int64_t value_axis() const { return -1; }
  // One value an example: mostly the mean over the last axis. A mask they carry counts.
  virtual Tensor values(const Tensor& y_true, const Tensor& y_pred) const = 0;
  // The same where the loss is used as a metric.
  virtual Tensor metric_values(const Tensor& y_true, const Tensor& y_pred) const {
    return values(y_true, y_pred);
  }

  Reduction reduction() const { return reduction_; }
  // The truth and the prediction as values() is given them, apart from what weighs nothing.
  Compared compared(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) const;
  Tensor call(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) const;

 protected:
  void common_fields(Fields& f) override;

 private:
  Reduction reduction_;
};

class Loss {
 public:
  explicit Loss(std::shared_ptr<LossImpl> impl) : impl_(std::move(impl)) {}

  // y_pred (batch, ..., d); y_true the same, or without a last axis of size 1. sample_weight
  // broadcasts to a value an example. Values that a mask of y_pred leaves out weigh nothing, and a
  // mean is over the others. Fails where shapes don't agree, on a truth that the loss is not for,
  // and on weights below 0; where a weight is 0, the truth isn't looked at.
  Tensor operator()(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight = {}) const {
    return impl()->call(y_true, y_pred, sample_weight);
  }
  const std::string& name() const { return impl()->name(); }
  const std::string& class_name() const { return impl()->class_name(); }
  Config config() const { return impl()->config(); }
  const std::shared_ptr<LossImpl>& impl() const { return detail::held(impl_, "loss"); }

 private:
  std::shared_ptr<LossImpl> impl_;
};

// A string that can be a template argument.
template <std::size_t size>
struct ClassName {
  consteval ClassName(const char (&from)[size]) {
    for (std::size_t i = 0; i < size; ++i) text[i] = from[i];
  }
  char text[size] = {};
};

// A class of losses or metrics (Base) that is a formula of (y_true, y_pred), or of those and the
// options. Options may have fields(f), check(who) and target(who, y_true, y_pred), which do what
// Base's functions of these names do, and an axis that values are over.
template <class Base, ClassName class_name, auto formula, class O, Truth truth = Truth::finite>
class Formula : public Base {
 public:
  using Options = O;
  explicit Formula(O options) : Base(class_name.text, options), options_(std::move(options)) {}
  void fields(Fields& f) override {
    if constexpr (requires { options_.fields(f); }) options_.fields(f);
  }
  void check_options() const override {
    if constexpr (requires { options_.check(this->who()); }) options_.check(this->who());
  }
  Tensor target(const Tensor& y_true, const Tensor& y_pred) const override {
    if constexpr (requires { options_.target(this->who(), y_true, y_pred); }) {
      return options_.target(this->who(), y_true, y_pred);
    } else if constexpr (truth != Truth::finite) {
      return aligned_target(this->who(), y_true, y_pred, truth);
    } else {
      return Base::target(y_true, y_pred);
    }
  }
  std::int64_t value_axis() const override {
    if constexpr (requires { std::int64_t{options_.axis}; }) return options_.axis;
    return Base::value_axis();
  }
  Tensor values(const Tensor& y_true, const Tensor& y_pred) const override {
    if constexpr (requires { formula(y_true, y_pred, options_); }) {
      return formula(y_true, y_pred, options_);
    } else {
      return formula(y_true, y_pred);
    }
  }

 private:
  O options_;
};

template <ClassName class_name, auto formula, class Options = LossOptions,
          Truth truth = Truth::finite>
using LossOf = HandleOf<Loss, Formula<LossImpl, class_name, formula, Options, truth>>;

Registry<Loss>& loss_registry();
template <class L>
void register_loss() {  // one of your own
  loss_registry().add<L>();
}

}  // namespace kindling
#pragma GCC visibility pop
