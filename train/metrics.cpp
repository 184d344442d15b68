#include <kindling/train/metrics.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>
#include <kindling/train/metric_elements.h>

namespace kindling {
namespace {

class LossMetricImpl : public MeanMetricImpl {
 public:
  explicit LossMetricImpl(const Loss& loss)
      : MeanMetricImpl(loss.class_name(), MetricOptions{loss.name()}), loss_(loss) {}
  void fields(Fields& f) override { loss_.impl()->fields(f); }
  Tensor target(const Tensor& y_true, const Tensor& y_pred) const override {
    return loss_.impl()->target(y_true, y_pred);
  }
  std::int64_t value_axis() const override { return loss_.impl()->value_axis(); }
  Tensor values(const Tensor& y_true, const Tensor& y_pred) const override {
    return loss_.impl()->metric_values(y_true, y_pred);
  }

 private:
  Loss loss_;
};

Tensor with_weight_of(const std::string& who, const Tensor& mask, const Tensor& weight) {
  if (!mask.defined()) return weight;
  const Tensor counts = cast(mask, DType::float32);
  return weight.defined() ? product_of_weights(who, weight, counts) : counts;
}

}  // namespace

namespace detail {

void check_class_id(const std::string& who, std::optional<std::int64_t> class_id,
                    const Tensor& y_pred) {
  if (class_id && (*class_id < 0 || *class_id >= y_pred.size(-1))) {
    fail("{}: class_id {} is outside [0, {}) [y_pred {}]", who, *class_id, y_pred.size(-1),
         y_pred.shape().str());
  }
}

Tensor weight_of_elements(const std::string& who, const Tensor& weight, const Shape& shape) {
  return weight.defined() ? broadcast_to(aligned_weight(who, weight, shape), shape) : weight;
}

std::vector<std::size_t> descending(const std::string& who, std::span<const double> values,
                                    std::size_t count) {
  if (std::ranges::any_of(values, [](double v) { return std::isnan(v); })) {
    fail("{}: a prediction that is NaN has no rank", who);
  }
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  };
  if (count < order.size()) {
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::ranges::partial_sort(order, last, before);
    order.erase(last, order.end());
  } else {
    std::ranges::sort(order, before);
  }
  return order;
}

}  // namespace detail

Metric::Metric(const Loss& loss) : Metric(std::make_shared<LossMetricImpl>(loss)) {
  impl_->finish_construction(false);
}

Metric Metric::fresh() const {
  if (copy_ == nullptr) {
    fail("{}: a model needs a copy of the metric; make it from a shared_ptr of its own class, "
         "which has a copy constructor", impl()->who());
  }
  Metric metric = *this;
  metric.impl_ = copy_(*impl());
  metric.reset();
  return metric;
}

void Metric::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) const {
  const NoGrad no_grad;
  const Tensor p = y_pred.dtype() == DType::float32 ? y_pred : cast(y_pred, DType::float32);
  const Tensor weight =
      impl()->counts_masks() ? with_weight_of(impl()->who(), y_pred.mask(), sample_weight)
                            : sample_weight;
  const Compared both = without_ignored({y_true, p}, weight, impl()->value_axis());
  impl()->update(impl()->target(both.y_true, both.y_pred), both.y_pred, weight);
}

void MeanMetricImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  const Tensor v = values(y_true, y_pred);
  // A mask of the values, of ignore_class, is looked at only beside a weight: as Keras does.
  const Tensor w = weight.defined() ? with_weight_of(who(), v.mask(), weight) : weight;
  const double steps = v.rank() > 1 && v.size(0) > 0
                           ? static_cast<double>(v.elements() / v.size(0)) : 1;
  detail::for_elements(who(), v, v, w, [&](std::size_t, double, double value, double each) {
    if (each == 0) return;  // whatever the value
    total_ += value * each / steps;
    count_ += each / steps;
  });
}

Registry<Metric>& metric_registry() {
  static Registry<Metric> registry = [] {
    Registry<Metric> own("metric");
    own.add<Accuracy>().add<AUC>().add<BinaryAccuracy>().add<BinaryIoU>();
    own.add<CategoricalAccuracy>();
    own.add<ConcordanceCorrelation>().add<F1Score>().add<FalseNegatives>().add<FalsePositives>();
    own.add<FBetaScore>().add<LogCoshError>().add<Mean>().add<MeanAveragePrecision>();
    own.add<MeanReciprocalRank>().add<PearsonCorrelation>().add<Precision>();
    own.add<PrecisionAtRecall>().add<R2Score>().add<Recall>().add<RecallAtPrecision>();
    own.add<RootMeanSquaredError>().add<SensitivityAtSpecificity>();
    own.add<SparseCategoricalAccuracy>().add<SparseTopKCategoricalAccuracy>();
    own.add<SpearmanCorrelation>().add<SpecificityAtSensitivity>().add<Sum>();
    own.add<TopKCategoricalAccuracy>().add<TrueNegatives>().add<TruePositives>();
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
