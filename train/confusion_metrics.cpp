#include <kindling/train/confusion_metrics.h>

#include <cmath>
#include <numeric>
#include <tuple>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/metric_elements.h>

namespace kindling {
namespace {

constexpr Word<ClassAverage> averages[] = {
    {ClassAverage::macro, "macro"},
    {ClassAverage::micro, "micro"},
    {ClassAverage::weighted, "weighted"}};

// 1 at the k largest of each row, 0 elsewhere.
std::vector<bool> largest(const std::string& who, const Tensor& p, std::int64_t k) {
  const std::vector<double> all(p.floats().begin(), p.floats().end());
  const auto width = static_cast<std::size_t>(p.size(-1));
  std::vector<bool> chosen(all.size());
  for (std::size_t row = 0; row < all.size(); row += width) {
    for (const std::size_t i : detail::descending(who, std::span(all).subspan(row, width),
                                                  static_cast<std::size_t>(k))) {
      chosen[row + i] = true;
    }
  }
  return chosen;
}

}  // namespace

void Confusion::state(Fields& f) {
  f("true_positives", true_positives);
  f("false_positives", false_positives);
  f("true_negatives", true_negatives);
  f("false_negatives", false_negatives);
}

void ConfusionMetricImpl::fields(Fields& f) {
  f("thresholds", options_.thresholds);
  f("top_k", options_.top_k);
  f("class_id", options_.class_id);
}

void ConfusionMetricImpl::check_options() const {
  const double threshold = options_.thresholds.value_or(0.5);
  if (!(threshold >= 0 && threshold <= 1)) {
    fail("{}: thresholds is in [0, 1], got {}", who(), threshold);
  }
  for (const auto& [name, number, least] :
       {std::tuple{"top_k", options_.top_k, std::int64_t{1}},
        std::tuple{"class_id", options_.class_id, std::int64_t{0}}}) {
    if (number.value_or(least) < least) {
      fail("{}: {} is at least {}, got {}", who(), name, least, *number);
    }
  }
}

void ConfusionMetricImpl::update(const Tensor& y_true, const Tensor& y_pred,
                                 const Tensor& weight) {
  detail::check_class_id(who(), options_.class_id, y_pred);
  const std::int64_t width = y_pred.size(-1);
  const auto chosen = options_.top_k ? largest(who(), y_pred, *options_.top_k)
                                     : std::vector<bool>();
  detail::for_elements(who(), y_true, y_pred, weight, [&](std::size_t i, double y, double p,
                                                          double w) {
    if (options_.class_id && static_cast<std::int64_t>(i) % width != options_.class_id) return;
    const bool positive = is_positive(p) && (chosen.empty() || chosen[i]);
    Confusion& c = confusion_;
    (y != 0 ? positive ? c.true_positives : c.false_negatives
            : positive ? c.false_positives : c.true_negatives) += w;
  });
}

bool ConfusionMetricImpl::is_positive(double p) const {
  const double threshold = options_.thresholds.value_or(options_.top_k ? -INFINITY : 0.5);
  return p > static_cast<double>(static_cast<float>(threshold));  // as float32, like p
}

void BinaryIoUImpl::fields(Fields& f) {
  f("target_class_ids", options_.target_class_ids);
  f("threshold", options_.threshold);
}

void BinaryIoUImpl::check_options() const {
  if (!std::isfinite(options_.threshold)) {
    fail("{}: threshold is finite, got {}", who(), options_.threshold);
  }
  for (const std::int64_t id : options_.target_class_ids) {
    if (id != 0 && id != 1) fail("{}: target_class_ids are 0 and 1, got {}", who(), id);
  }
}

double BinaryIoUImpl::result() const {
  const Confusion& c = confusion_;
  double total = 0, classes = 0;
  for (const std::int64_t id : options_.target_class_ids) {
    const double both = id == 1 ? c.true_positives : c.true_negatives;
    const double either = both + c.false_positives + c.false_negatives;
    total += detail::ratio(both, either);
    classes += either > 0 ? 1 : 0;
  }
  return detail::ratio(total, classes);
}

Config to_config(ClassAverage average) { return word_of(average, averages); }
void from_config(const Config& config, ClassAverage& average, const std::string& what) {
  read_word(config, average, what, averages);
}

void FBetaScoreImpl::fields(Fields& f) {
  f("average", options_.average);
  if (class_name() == "FBetaScore") f("beta", options_.beta);
  f("threshold", options_.threshold);
}

void FBetaScoreImpl::check_options() const {
  if (!(options_.beta > 0 && std::isfinite(options_.beta))) {
    fail("{}: beta is above 0 and finite, got {}", who(), options_.beta);
  }
  const double threshold = options_.threshold.value_or(1);
  if (!(threshold > 0 && threshold <= 1)) {
    fail("{}: threshold is in (0, 1], got {}", who(), threshold);
  }
}

void FBetaScoreImpl::reset() {
  hits_.clear();
  predicted_.clear();
  positives_.clear();
}

void FBetaScoreImpl::state(Fields& f) {
  f("hits", hits_);
  f("predicted", predicted_);
  f("positives", positives_);
  detail::same_lengths(f, {&hits_, &predicted_, &positives_});
}

void FBetaScoreImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  const auto width = static_cast<std::size_t>(y_pred.size(-1));
  for (auto* counts : {&hits_, &predicted_, &positives_}) counts->resize(width);
  const Tensor top = options_.threshold ? Tensor() : max(y_pred, {.axis = {-1}});
  detail::for_elements(who(), y_true, y_pred, weight, [&](std::size_t i, double y, double p,
                                                          double w) {
    const bool positive = options_.threshold
                              ? p > static_cast<double>(static_cast<float>(*options_.threshold))
                              : p >= static_cast<double>(top.floats()[i / width]) &&
                                    std::abs(p) > 1e-9;  // Keras's: zeros are no choice
    hits_[i % width] += positive ? y * w : 0;
    predicted_[i % width] += positive ? w : 0;
    positives_[i % width] += y * w;
  });
}

double FBetaScoreImpl::result() const {
  constexpr double epsilon = 1e-7;  // of Keras
  const double beta2 = options_.beta * options_.beta;
  const auto score = [&](double hits, double predicted, double positives) {
    const double precision = hits / (predicted + epsilon), recall = hits / (positives + epsilon);
    return (1 + beta2) * precision * recall / (beta2 * precision + recall + epsilon);
  };
  const auto sum = [](const std::vector<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0);
  };
  const double all = sum(positives_);
  if (options_.average == ClassAverage::micro) return score(sum(hits_), sum(predicted_), all);
  double total = 0;
  for (std::size_t c = 0; c < hits_.size(); ++c) {
    total += score(hits_[c], predicted_[c], positives_[c]) *
             (options_.average == ClassAverage::weighted ? positives_[c] / (all + epsilon)
                                                    : 1 / static_cast<double>(hits_.size()));
  }
  return total;
}

}  // namespace kindling
