// How well scores rank the candidates of a query, such as answers to a question.
//
// Each row of y_pred (queries, candidates) is a query; y_true is 0 where a candidate is irrelevant.
// A weight of 0, or a mask, leaves a candidate out (padding); a query weighs as much as its
// heaviest candidate. Candidates of any number of queries in one list take the other door:
//
//   MeanReciprocalRank mrr;
//   mrr.update_groups(y_true, y_pred, query_ids);   // each (n,) or (n, 1), ids int32
//
// A query may go on in the next call. A query without a relevant candidate doesn't count. Of equal
// scores, the irrelevant candidates stand first, so that scores that tell nothing win nothing.
// Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval, chapter 8.
#pragma once

#include <vector>

#include <kindling/train/metric.h>

#pragma GCC visibility push(default)
namespace kindling {

class RankingMetricImpl : public MetricImpl {
 public:
  // What a query gets for the ranks, from 1, of its relevant candidates.
  using Rule = double (*)(const std::vector<double>& ranks);
  RankingMetricImpl(std::string class_name, std::string name, Rule rule)
      : MetricImpl(std::move(class_name), std::move(name)), rule_(rule) {}
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  void update_groups(const Tensor& y_true, const Tensor& y_pred, const Tensor& groups);
  double result() const override;
  void reset() override;
  void state(Fields& f) override;

 private:
  void count(const std::vector<double>& y, const std::vector<double>& p, double weight,
             double& total, double& weights) const;

  Rule rule_;
  double total_ = 0, count_ = 0;        // of queries that were rows
  std::vector<double> y_, p_, groups_;  // of the others
};

template <ClassName named, auto rule>
class RankingMetric : public RankingMetricImpl {
 public:
  using Options = MetricOptions;
  explicit RankingMetric(const Options& o) : RankingMetricImpl(named.text, o.name, rule) {}
};

template <ClassName named, auto rule>
class RankingMetricOf : public HandleOf<Metric, RankingMetric<named, rule>> {
 public:
  using Base = HandleOf<Metric, RankingMetric<named, rule>>;
  using Base::Base;
  RankingMetricOf(const Base& base) : Base(base) {}
  void update_groups(const Tensor& y_true, const Tensor& y_pred, const Tensor& groups) const {
    static_cast<RankingMetricImpl&>(*this->impl()).update_groups(y_true, y_pred, groups);
  }
};

namespace formula {
double average_precision(const std::vector<double>& ranks);  // mean over i of i / ranks[i]
double reciprocal_rank(const std::vector<double>& ranks);    // of the first
}  // namespace formula

using MeanAveragePrecision = RankingMetricOf<"MeanAveragePrecision", formula::average_precision>;
using MeanReciprocalRank = RankingMetricOf<"MeanReciprocalRank", formula::reciprocal_rank>;

}  // namespace kindling
#pragma GCC visibility pop
