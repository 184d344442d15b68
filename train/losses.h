// The losses. Source: keras.losses.
//
//   auto loss = Huber({.delta = 0.5});
//
// In the formulas y is the truth, p the prediction. Means and sums are over the last axis, which
// leaves a value an example, unless it says otherwise.
#pragma once

#include <optional>

#include <kindling/train/crossentropies.h>
#include <kindling/train/loss.h>

#pragma GCC visibility push(default)
namespace kindling {

struct HuberOptions {
  double delta = 1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = "huber_loss";
  void fields(Fields& f) { f("delta", delta); }
  void check(const std::string& who) const;
};
struct CosineSimilarityOptions {
  int axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  void fields(Fields& f) { f("axis", axis); }
  void check(const std::string& who) const { check_axis(who, axis); }
};

struct DiceOptions {
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  std::optional<Axes> axis = {};  // what a value is of; without, all of the batch
  void fields(Fields& f) { f("axis", axis); }
};
struct TverskyOptions {
  double alpha = 0.5;  // of what was found wrongly
  double beta = 0.5;   // of what was missed
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  std::optional<Axes> axis = {};
  void fields(Fields& f);
  void check(const std::string& who) const;
};

// y is float32 in the shape of p.
namespace formula {
Tensor mean_squared_error(const Tensor& y, const Tensor& p);
Tensor mean_absolute_error(const Tensor& y, const Tensor& p);
Tensor mean_absolute_percentage_error(const Tensor& y, const Tensor& p);
Tensor mean_squared_logarithmic_error(const Tensor& y, const Tensor& p);
Tensor huber(const Tensor& y, const Tensor& p, const HuberOptions& options);
Tensor log_cosh(const Tensor& y, const Tensor& p);
Tensor cosine_similarity(const Tensor& y, const Tensor& p, const CosineSimilarityOptions& options);
Tensor kl_divergence(const Tensor& y, const Tensor& p);
Tensor hinge(const Tensor& y, const Tensor& p);
Tensor squared_hinge(const Tensor& y, const Tensor& p);
Tensor categorical_hinge(const Tensor& y, const Tensor& p);
Tensor poisson(const Tensor& y, const Tensor& p);
Tensor dice(const Tensor& y, const Tensor& p, const DiceOptions& options);
Tensor tversky(const Tensor& y, const Tensor& p, const TverskyOptions& options);
}  // namespace formula

// mean((y - p)^2)
using MeanSquaredError = LossOf<"MeanSquaredError", formula::mean_squared_error>;
// mean(|y - p|)
using MeanAbsoluteError = LossOf<"MeanAbsoluteError", formula::mean_absolute_error>;
// 100 mean(|y - p| / max(|y|, 1e-7))
using MeanAbsolutePercentageError =
    LossOf<"MeanAbsolutePercentageError", formula::mean_absolute_percentage_error>;
// mean((log(y + 1) - log(p + 1))^2); numbers below 1e-7 count as that.
using MeanSquaredLogarithmicError =
    LossOf<"MeanSquaredLogarithmicError", formula::mean_squared_logarithmic_error>;
// With e = |y - p|, mean(e <= delta ? e^2 / 2 : delta (e - delta / 2)).
using Huber = LossOf<"Huber", formula::huber, HuberOptions>;
// mean(log(cosh(p - y)))
using LogCosh = LossOf<"LogCosh", formula::log_cosh>;
// sum(y log(y / p)), both clipped to [1e-7, 1].
using KLDivergence =
    LossOf<"KLDivergence", formula::kl_divergence, LossOptions, Truth::between_0_and_1>;
// mean(max(1 - y p, 0)); where all labels are 0 or 1, 0 becomes -1.
using Hinge = LossOf<"Hinge", formula::hinge, LossOptions, Truth::sign>;
// mean(max(1 - y p, 0)^2), labels as for Hinge.
using SquaredHinge = LossOf<"SquaredHinge", formula::squared_hinge, LossOptions, Truth::sign>;
// max(1 + max((1 - y) p) - sum(y p), 0)
using CategoricalHinge =
    LossOf<"CategoricalHinge", formula::categorical_hinge, LossOptions, Truth::between_signs>;
// mean(p - y log(p + 1e-7))
using Poisson = LossOf<"Poisson", formula::poisson, LossOptions, Truth::at_least_0>;
// 1 - sum(y p) / (sum(y p) + alpha sum((1 - y) p) + beta sum(y (1 - p))), sums along the axes: of
// regions that overlap. Salehi et al. (2017), https://arxiv.org/abs/1706.05721
using Tversky =
    LossOf<"Tversky", formula::tversky, TverskyOptions, Truth::between_0_and_1>;
// Tversky's of alpha and beta 0.5: 1 - 2 sum(y p) / (sum(y) + sum(p)).
using Dice = LossOf<"Dice", formula::dice, DiceOptions, Truth::between_0_and_1>;

// -sum(y p) / (|y| |p|) along the axis, a norm counted as 1e-7 at least. As a metric, the
// similarity itself: it is the larger the better.
class CosineSimilarityImpl : public Formula<LossImpl, "CosineSimilarity",
                                            formula::cosine_similarity, CosineSimilarityOptions> {
 public:
  using Formula::Formula;
  Tensor metric_values(const Tensor& y_true, const Tensor& y_pred) const override;
};
using CosineSimilarity = HandleOf<Loss, CosineSimilarityImpl>;

}  // namespace kindling
#pragma GCC visibility pop
