#include <kindling/train/ranking_metrics.h>

#include <map>

#include <kindling/tensor/fail.h>
#include <kindling/train/metric_elements.h>

namespace kindling {

namespace formula {

double average_precision(const std::vector<double>& ranks) {
  double total = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) total += static_cast<double>(i + 1) / ranks[i];
  return total / static_cast<double>(ranks.size());
}

double reciprocal_rank(const std::vector<double>& ranks) { return 1 / ranks[0]; }

}  // namespace formula

void RankingMetricImpl::count(const std::vector<double>& y, const std::vector<double>& p,
                              double weight, double& total, double& weights) const {
  std::vector<double> ranks;
  const std::vector<std::size_t> order = detail::descending(who(), p);
  for (std::size_t from = 0, to; from < order.size(); from = to) {
    std::size_t relevant = 0;  // of the candidates with this score
    for (to = from; to < order.size() && p[order[to]] == p[order[from]]; ++to) {
      relevant += y[order[to]] != 0 ? 1 : 0;
    }
    for (std::size_t i = to - relevant; i < to; ++i) ranks.push_back(static_cast<double>(i + 1));
  }
  if (ranks.empty()) return;
  total += weight * rule_(ranks);
  weights += weight;
}

void RankingMetricImpl::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
  if (y_pred.size(-1) < 2) {
    fail("{}: a row has the candidates of a query, one can't be ranked; update_groups takes them "
         "in one list [y_pred {}]", who(), y_pred.shape().str());
  }
  detail::for_rows(who(), y_true, y_pred, weight, [&](const detail::Row& row) {
    count(row.y, row.p, row.weight, total_, count_);
  });
}

void RankingMetricImpl::update_groups(const Tensor& y_true, const Tensor& y_pred,
                                      const Tensor& groups) {
  const Tensor y = aligned_target(who(), y_true, y_pred);
  if (groups.dtype() != DType::int32 || groups.elements() != y_pred.elements()) {
    fail("{}: groups are int32, one a prediction, got {} {} [y_pred {}]", who(),
         kindling::name(groups.dtype()), groups.shape().str(), y_pred.shape().str());
  }
  y_.insert(y_.end(), y.floats().begin(), y.floats().end());
  p_.insert(p_.end(), y_pred.floats().begin(), y_pred.floats().end());
  groups_.insert(groups_.end(), groups.ints().begin(), groups.ints().end());
}

double RankingMetricImpl::result() const {
  std::map<double, detail::Row> queries;
  for (std::size_t i = 0; i < groups_.size(); ++i) queries[groups_[i]].add(y_[i], p_[i], 1);
  double total = total_, weights = count_;
  for (const auto& [id, row] : queries) count(row.y, row.p, 1, total, weights);
  return detail::ratio(total, weights);
}

void RankingMetricImpl::reset() {
  total_ = count_ = 0;
  for (auto* numbers : {&y_, &p_, &groups_}) numbers->clear();
}

void RankingMetricImpl::state(Fields& f) {
  f("total", total_);
  f("count", count_);
  f("y", y_);
  f("p", p_);
  f("groups", groups_);
  detail::same_lengths(f, {&y_, &p_, &groups_});
}

}  // namespace kindling
