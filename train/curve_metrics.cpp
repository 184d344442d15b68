#include <kindling/train/curve_metrics.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <kindling/autograd/activations.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/metric_elements.h>

namespace kindling {
namespace {

using detail::ratio;

constexpr Word<Curve> curves[] = {
    {Curve::ROC, "ROC"}, {Curve::PR, "PR"}, {Curve::PRGAIN, "PRGAIN"}};

constexpr Word<SummationMethod> methods[] = {{SummationMethod::interpolation, "interpolation"},
                                            {SummationMethod::minoring, "minoring"},
                                            {SummationMethod::majoring, "majoring"}};

// A threshold's place on a curve.
std::pair<double, double> point_of(Curve curve, const Confusion& c) {
  const auto [tp, fp, tn, fn] = c;
  if (curve == Curve::ROC) return {ratio(fp, fp + tn), ratio(tp, tp + fn)};
  if (curve == Curve::PR) return {ratio(tp, tp + fn), ratio(tp, tp + fp)};
  if (tp == 0) return {0, 1};
  const double scale = ratio(tp + fn, tn + fp);
  return {std::max(0.0, 1 - scale * fn / tp), 1 - scale * fp / tp};
}

double height_of(SummationMethod method, double a, double b) {
  switch (method) {
    case SummationMethod::interpolation: return (a + b) / 2;
    case SummationMethod::minoring: return std::min(a, b);
    case SummationMethod::majoring: return std::max(a, b);
  }
  return 0;
}

double area_under(Curve curve, SummationMethod method, const std::vector<Confusion>& at) {
  const double all_positive = at[0].true_positives;
  double area = 0;
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    if (curve != Curve::PR || method != SummationMethod::interpolation) {
      const auto [x, y] = point_of(curve, at[i]);
      const auto [next_x, next_y] = point_of(curve, at[i + 1]);
      area += (x - next_x) * height_of(method, y, next_y);
      continue;
    }
    const auto [tp, fp, tn, fn] = at[i];
    const auto [next_tp, next_fp, next_tn, next_fn] = at[i + 1];
    // Davis and Goadrich (2006): precision between two points isn't a straight line.
    const double p = tp + fp, next = next_tp + next_fp, dtp = tp - next_tp;
    const double slope = ratio(dtp, p - next);
    const double intercept = next_tp - slope * next;
    const double log_ratio = p > 0 && next > 0 ? std::log(p / next) : 0;
    area += ratio(slope * (dtp + intercept * log_ratio), all_positive);
  }
  return area;
}

}  // namespace

Config to_config(Curve curve) { return word_of(curve, curves); }
void from_config(const Config& config, Curve& curve, const std::string& what) {
  read_word(config, curve, what, curves);
}

Config to_config(SummationMethod method) { return word_of(method, methods); }
void from_config(const Config& config, SummationMethod& method, const std::string& what) {
  read_word(config, method, what, methods);
}

void CurveMetricImpl::reset() {
  positives_.clear();
  negatives_.clear();
}

void CurveMetricImpl::state(Fields& f) {
  f("positives", positives_);
  f("negatives", negatives_);
  detail::same_lengths(f, {&positives_, &negatives_});
  if (f.reading() && positives_.size() % thresholds() != 0) {
    fail("{}: has {} thresholds, the state that was read {}", who(), thresholds(),
         positives_.size());
  }
}

void CurveMetricImpl::check_options() const {
  constexpr std::int64_t most = 1 << 24;  // a bucket each
  if (num_thresholds_ < 2 || num_thresholds_ > most) {
    fail("{}: num_thresholds is in [2, {}], got {}", who(), most, num_thresholds_);
  }
  for (const double threshold : between_.value_or(std::vector<double>())) {
    if (!(threshold > 0 && threshold < 1)) {
      fail("{}: thresholds are in (0, 1), got {}", who(), threshold);
    }
  }
  if (class_id_.value_or(0) < 0) fail("{}: class_id is at least 0, got {}", who(), *class_id_);
}

void CurveMetricImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  detail::check_class_id(who(), class_id_, y_pred);
  const auto width = static_cast<std::size_t>(y_pred.size(-1));
  const std::size_t n = thresholds(), columns = multi_label_ ? width : 1;
  if (!positives_.empty() && labels() != columns) {
    fail("{}: y_pred has {} labels, before it had {}", who(), columns, labels());
  }
  positives_.resize(n * columns);
  negatives_.resize(n * columns);
  const double last = static_cast<double>(n - 1);
  std::vector<float> between;
  for (const double threshold : between_.value_or(std::vector<double>())) {
    between.push_back(static_cast<float>(threshold));
  }
  std::ranges::sort(between);
  detail::for_elements(who(), y_true, y_pred, weight, [&](std::size_t i, double y, double p,
                                                          double w) {
    if (class_id_ && static_cast<std::int64_t>(i % width) != *class_id_) return;
    if (!(p >= 0 && p <= 1)) {
      fail("{}: predictions are in [0, 1], got {}", who(), static_cast<float>(p));
    }
    // A prediction is above the thresholds 0 .. bucket, which are i / last; the first is below 0.
    const auto bucket =
        between_ ? static_cast<std::size_t>(
                       std::ranges::lower_bound(between, static_cast<float>(p)) - between.begin())
                 : static_cast<std::size_t>(std::max(0.0, std::ceil(p * last) - 1));
    (y != 0 ? positives_ : negatives_)[i % columns * n + bucket] += w;
  });
}

std::vector<Confusion> CurveMetricImpl::confusions(std::size_t label) const {
  if (positives_.empty()) return {};
  const std::size_t n = thresholds();
  std::vector<Confusion> at(n);
  double tp = 0, fp = 0;
  for (std::size_t i = n; i-- > 0;) {
    at[i].true_positives = tp += positives_[label * n + i];
    at[i].false_positives = fp += negatives_[label * n + i];
  }
  for (Confusion& c : at) {
    c.false_negatives = tp - c.true_positives;
    c.true_negatives = fp - c.false_positives;
  }
  return at;
}

bool CurveMetricImpl::lacks_class(const std::vector<Confusion>& at, bool needs_negatives) {
  const double positives = at.empty() ? 0 : at[0].true_positives;
  const double negatives = at.empty() ? 0 : at[0].false_positives;
  return positives + negatives > 0 && (positives == 0 || (needs_negatives && negatives == 0));
}

void AUCImpl::fields(Fields& f) {
  f("num_thresholds", num_thresholds_);
  f("curve", curve_);
  f("summation_method", method_);
  if (f.reading() || between_) f("thresholds", between_);  // as Keras does
  count_thresholds();
  f("multi_label", multi_label_);
  f("from_logits", from_logits_);
}

void AUCImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  CurveMetricImpl::update(y_true, from_logits_ ? sigmoid(y_pred) : y_pred, weight);
}

double AUCImpl::result() const {
  double total = 0;
  for (std::size_t label = 0; label < labels(); ++label) {
    const std::vector<Confusion> at = confusions(label);
    total += lacks_class(at, curve_ != Curve::PR) ? NAN : area_under(curve_, method_, at);
  }
  return ratio(total, static_cast<double>(labels()));
}

void BestRateImpl::fields(Fields& f) {
  f(bound_name_, least_);
  f("num_thresholds", num_thresholds_);
  f("class_id", class_id_);
}

void BestRateImpl::check_options() const {
  CurveMetricImpl::check_options();
  if (!(least_ >= 0 && least_ <= 1)) {
    fail("{}: {} is in [0, 1], got {}", who(), bound_name_, static_cast<double>(least_));
  }
}

double BestRateImpl::result() const {
  const std::vector<Confusion> at = confusions();
  const Rate specificity = &Confusion::specificity;
  if (lacks_class(at, rate_ == specificity || bound_ == specificity)) return NAN;
  double best = 0;
  for (const Confusion& c : at) {
    if ((c.*bound_)() >= least_) best = std::max(best, (c.*rate_)());
  }
  return best;
}

}  // namespace kindling
