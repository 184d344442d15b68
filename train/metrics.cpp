#include <kindling/train/metrics.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>

namespace kindling {
namespace {

constexpr Word<Curve> curves[] = {{Curve::ROC, "ROC"}, {Curve::PR, "PR"}};

// Calls f(truth, prediction, weight) for each element.
template <class F>
void for_elements(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight, F f) {
  const auto y = y_true.floats(), p = y_pred.floats();
  for (std::size_t i = 0; i < p.size(); ++i) {
    f(static_cast<double>(y[i]), static_cast<double>(p[i]),
      weight.defined() ? static_cast<double>(weight.floats()[i]) : 1.0);
  }
}

double ratio(double a, double b) { return b != 0 ? a / b : 0; }

class LossMetricImpl : public MetricImpl {
 public:
  explicit LossMetricImpl(const Loss& loss)
      : MetricImpl(loss.class_name(), loss.name()), loss_(loss) {}
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override {
    const Tensor values = loss_.impl()->values(y_true, y_pred);
    // A weight an element is a weight an example, repeated along the last axis.
    const Tensor w = weight.defined() ? mean(weight, {.axis = {-1}}) : Tensor();
    for_elements(values, values, w, [&](double v, double, double each) {
      sum_ += v * each;
      total_ += each;
    });
  }
  double result() const override { return ratio(sum_, total_); }
  void reset() override { sum_ = total_ = 0; }

 private:
  Loss loss_;
  double sum_ = 0, total_ = 0;
};

}  // namespace

Config to_config(Curve curve) { return word_of(curve, curves); }
void from_config(const Config& config, Curve& curve, const std::string& what) {
  read_word(config, curve, what, curves);
}

Metric::Metric(const Loss& loss) : Metric(std::make_shared<LossMetricImpl>(loss)) {
  impl_->finish_construction(false);
}

void Metric::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) const {
  const NoGrad no_grad;
  Tensor weight = sample_weight;
  if (weight.defined()) {
    while (weight.rank() < y_pred.rank()) weight = expand_dims(weight, -1);
    weight = broadcast_to(weight, y_pred.shape());
  }
  impl_->update(aligned_target(impl_->who(), y_true, y_pred), y_pred, weight);
}

void BinaryAccuracyImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  const double threshold = options_.threshold;
  for_elements(y_true, y_pred, weight, [&](double y, double p, double w) {
    right_ += (p > threshold ? 1.0 : 0.0) == y ? w : 0;
    total_ += w;
  });
}

void AUCImpl::fields(Fields& f) {
  f("num_thresholds", options_.num_thresholds);
  f("curve", options_.curve);
}

void AUCImpl::check_options() const {
  if (options_.num_thresholds < 2) {
    fail("{}: num_thresholds is at least 2, got {}", who(), options_.num_thresholds);
  }
}

void AUCImpl::reset() {
  positives_.clear();
  negatives_.clear();
}

void AUCImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  const auto buckets = static_cast<std::size_t>(options_.num_thresholds);
  positives_.resize(buckets);
  negatives_.resize(buckets);
  const double last = static_cast<double>(buckets - 1);
  for_elements(y_true, y_pred, weight, [&](double y, double p, double w) {
    if (!(p >= 0 && p <= 1)) {
      fail("{}: predictions are in [0, 1], got {}", who(), static_cast<float>(p));
    }
    // A prediction is above the thresholds 0 .. bucket, which are i / last; the first is below 0.
    const auto bucket = static_cast<std::size_t>(std::max(0.0, std::ceil(p * last) - 1));
    (y != 0 ? positives_ : negatives_)[bucket] += w;
  });
}

double AUCImpl::result() const {
  // tp[i], fp[i]: the weight of true and false positives at threshold i.
  std::vector<double> tp = positives_, fp = negatives_;
  for (std::size_t i = tp.size(); i-- > 1;) {
    tp[i - 1] += tp[i];
    fp[i - 1] += fp[i];
  }
  if (tp.empty()) return 0;
  tp.push_back(0);
  fp.push_back(0);
  const double all_positive = tp[0], all_negative = fp[0];
  double area = 0;
  for (std::size_t i = 0; i + 1 < tp.size(); ++i) {
    const double dtp = tp[i] - tp[i + 1];
    if (options_.curve == Curve::ROC) {
      area += ratio(fp[i] - fp[i + 1], all_negative) * ratio(tp[i] + tp[i + 1], all_positive) / 2;
      continue;
    }
    // Davis and Goadrich (2006): precision between two points isn't a straight line.
    const double p = tp[i] + fp[i], next = tp[i + 1] + fp[i + 1];
    const double slope = ratio(dtp, p - next);
    const double intercept = tp[i + 1] - slope * next;
    const double log_ratio = p > 0 && next > 0 ? std::log(p / next) : 0;
    area += ratio(slope * (dtp + intercept * log_ratio), all_positive);
  }
  return area;
}

void PearsonCorrelationImpl::update(const Tensor& y_true, const Tensor& y_pred,
                                    const Tensor& weight) {
  for_elements(y_true, y_pred, weight, [&](double y, double p, double w) {
    if (w == 0) return;
    State& s = state_;
    s.weight += w;
    const double dx = p - s.mean_x, dy = y - s.mean_y;
    s.mean_x += dx * w / s.weight;
    s.mean_y += dy * w / s.weight;
    s.xx += w * dx * (p - s.mean_x);
    s.yy += w * dy * (y - s.mean_y);
    s.xy += w * dx * (y - s.mean_y);
  });
}

double PearsonCorrelationImpl::result() const {
  return ratio(state_.xy, std::sqrt(state_.xx * state_.yy));
}

void MeanImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  for_elements(y_true, y_pred, weight, [&](double, double p, double w) {
    sum_ += p * w;
    total_ += w;
  });
}

Registry<Metric>& metric_registry() {
  static Registry<Metric> registry = [] {
    Registry<Metric> own("metric");
    own.add<AUC>();
    own.add<BinaryAccuracy>();
    own.add<Mean>();
    own.add<PearsonCorrelation>();
    return own;
  }();
  return registry;
}

Metric metric_from_config(const std::string& class_name, const Config& config) {
  const std::vector<std::string> losses = loss_registry().names();
  if (std::ranges::find(losses, class_name) != losses.end()) {
    return loss_registry().make(class_name, config);
  }
  return metric_registry().make(class_name, config);
}

}  // namespace kindling
