#include <kindling/train/regression_metrics.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/metric_elements.h>

namespace kindling {
namespace {

using detail::ratio;

constexpr Word<ClassAggregation> aggregations[] = {
    {ClassAggregation::uniform_average, "uniform_average"},
    {ClassAggregation::variance_weighted_average, "variance_weighted_average"}};

// Each value's rank; equal ones share the mean of theirs.
std::vector<double> ranks(const std::string& who, const std::vector<double>& values) {
  const std::vector<std::size_t> order = detail::descending(who, values);
  std::vector<double> rank(values.size());
  for (std::size_t from = 0, to; from < order.size(); from = to) {
    to = from + 1;
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    for (std::size_t i = from; i < to; ++i) rank[order[i]] = static_cast<double>(from + to - 1) / 2;
  }
  return rank;
}

Tensor axis_last(const Tensor& x, int axis) {
  std::vector<int> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  axes.erase(axes.begin() + x.shape().resolve(axis));
  axes.push_back(x.shape().resolve(axis));
  return transpose(x, axes);
}

}  // namespace

Tensor formula::squared_error(const Tensor& y, const Tensor& p) { return square(p - y); }

double RootMeanSquaredErrorImpl::result() const { return std::sqrt(Formula::result()); }

void Moments::resize(std::size_t columns) {
  for (auto* numbers : {&weight, &mean_x, &mean_y, &xx, &yy, &xy}) numbers->resize(columns);
}

void Moments::add(std::size_t c, double x, double y, double w) {
  if (w == 0) return;
  weight[c] += w;
  const double dx = x - mean_x[c], dy = y - mean_y[c];
  mean_x[c] += dx * w / weight[c];
  mean_y[c] += dy * w / weight[c];
  xx[c] += w * dx * (x - mean_x[c]);
  yy[c] += w * dy * (y - mean_y[c]);
  xy[c] += w * dx * (y - mean_y[c]);
}

void Moments::state(Fields& f) {
  f("weight", weight);
  f("mean_x", mean_x);
  f("mean_y", mean_y);
  f("xx", xx);
  f("yy", yy);
  f("xy", xy);
  detail::same_lengths(f, {&weight, &mean_x, &mean_y, &xx, &yy, &xy});
}

double Moments::correlation() const {
  return weight.empty() ? 0 : ratio(xy[0], std::sqrt(xx[0] * yy[0]));
}

double Moments::concordance() const {
  if (weight.empty()) return 0;
  const double shift = mean_x[0] - mean_y[0];
  return ratio(2 * xy[0], xx[0] + yy[0] + weight[0] * shift * shift);
}

Config to_config(ClassAggregation aggregation) { return word_of(aggregation, aggregations); }
void from_config(const Config& config, ClassAggregation& aggregation, const std::string& what) {
  read_word(config, aggregation, what, aggregations);
}

void R2ScoreImpl::fields(Fields& f) {
  f("class_aggregation", options_.class_aggregation);
  f("num_regressors", options_.num_regressors);
}

void R2ScoreImpl::check_options() const {
  if (options_.num_regressors < 0) {
    fail("{}: num_regressors is at least 0, got {}", who(), options_.num_regressors);
  }
}

void R2ScoreImpl::reset() {
  moments_ = {};
  residuals_.clear();
  examples_ = 0;
}

void R2ScoreImpl::state(Fields& f) {
  moments_.state(f);
  f("residuals", residuals_);
  detail::same_lengths(f, {&residuals_, &moments_.xx});
  f("examples", examples_);
}

void R2ScoreImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  const auto columns = y_pred.rank() < 2 ? std::size_t{1}
                                         : static_cast<std::size_t>(y_pred.size(-1));
  if (!residuals_.empty() && residuals_.size() != columns) {
    fail("{}: y_pred has {} columns, before it had {}", who(), columns, residuals_.size());
  }
  moments_.resize(columns);
  residuals_.resize(columns);
  bool counts = false;
  detail::for_elements(who(), y_true, y_pred, weight, [&](std::size_t i, double y, double p,
                                                          double w) {
    moments_.add(i % columns, y, y, w);
    residuals_[i % columns] += w * (y - p) * (y - p);
    counts = w != 0 || (counts && i % columns != 0);
    if ((i + 1) % columns == 0 && counts) ++examples_;
  });
}

double R2ScoreImpl::result() const {
  const bool uniform = options_.class_aggregation == ClassAggregation::uniform_average ||
                       std::ranges::none_of(moments_.xx, [](double v) { return v > 0; });
  double total = 0, weights = 0;
  for (std::size_t c = 0; c < residuals_.size(); ++c) {
    const double variance = moments_.xx[c], weight = uniform ? 1 : variance;
    if (variance > 0) {
      total += weight * (1 - residuals_[c] / variance);
    } else if (residuals_[c] == 0 && moments_.weight[c] > 0) {
      total += weight;
    }
    weights += weight;
  }
  const double score = ratio(total, weights);
  if (options_.num_regressors == 0 || residuals_.empty()) return score;
  const double n = examples_, free = n - 1 - static_cast<double>(options_.num_regressors);
  return free > 0 ? 1 - (1 - score) * (n - 1) / free : score;
}

void CorrelationImpl::fields(Fields& f) {
  f("axis", options_.axis);
  f("over_all", options_.over_all);
}

void CorrelationImpl::reset() {
  total_ = count_ = 0;
  all_ = {};
  for (auto* numbers : {&y_, &p_, &w_}) numbers->clear();
}

void CorrelationImpl::state(Fields& f) {
  f("total", total_);
  f("count", count_);
  all_.state(f);
  f("y", y_);
  f("p", p_);
  f("w", w_);
  detail::same_lengths(f, {&y_, &p_, &w_});
}

double CorrelationImpl::correlation(std::vector<double> y, std::vector<double> p,
                                    const std::vector<double>& w) const {
  if (ranked_) {
    y = ranks(who(), y);
    p = ranks(who(), p);
  }
  Moments moments;
  moments.resize(1);
  for (std::size_t i = 0; i < y.size(); ++i) moments.add(0, p[i], y[i], w[i]);
  return (moments.*rule_)();
}

void CorrelationImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  const int axis = static_cast<int>(options_.axis);
  if (options_.over_all) {
    all_.resize(1);
    detail::for_elements(who(), y_true, y_pred, weight, [&](std::size_t, double y, double p,
                                                            double w) {
      if (!ranked_) return all_.add(0, p, y, w);
      if (w == 0) return;
      y_.push_back(y);
      p_.push_back(p);
      w_.push_back(w);
    });
    return;
  }
  if (y_pred.size(axis) < 2) {
    fail("{}: rows of one number have no correlation; .over_all = true correlates the elements of "
         "all batches [y_pred {}, axis {}]", who(), y_pred.shape().str(), axis);
  }
  const Tensor each = detail::weight_of_elements(who(), weight, y_pred.shape());
  detail::for_rows(who(), axis_last(y_true, axis), axis_last(y_pred, axis),
                   each.defined() ? axis_last(each, axis) : each, [&](const detail::Row& row) {
    total_ += row.weight * correlation(row.y, row.p, row.w);
    count_ += row.weight;
  });
}

double CorrelationImpl::result() const {
  if (!options_.over_all) return ratio(total_, count_);
  return ranked_ ? correlation(y_, p_, w_) : (all_.*rule_)();
}

}  // namespace kindling
