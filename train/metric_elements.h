// What the metrics' source files share: ways over elements and rows.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <kindling/train/metric.h>

namespace kindling::detail {

inline double ratio(double a, double b) { return b != 0 ? a / b : 0; }

// Fails if sums that belong together were read from a state with different lengths.
inline void same_lengths(const Fields& f, std::initializer_list<const std::vector<double>*> sums) {
  for (const auto* each : sums) {
    if (!f.reading() || each->size() == (*sums.begin())->size()) continue;
    throw Error("the state of a metric that was kept has sums of different lengths");
  }
}

// Fails where the predictions have no such class.
void check_class_id(const std::string& who, std::optional<std::int64_t> class_id,
                    const Tensor& y_pred);

// A weight an element of that shape; undefined stays so.
Tensor weight_of_elements(const std::string& who, const Tensor& weight, const Shape& shape);

// Calls f(place, truth, prediction, weight) for each element.
template <class F>
void for_elements(const std::string& who, const Tensor& y_true, const Tensor& y_pred,
                  const Tensor& weight, F f) {
  const Tensor each = weight_of_elements(who, weight, y_pred.shape());
  const auto y = y_true.floats(), p = y_pred.floats();
  const auto w = each.defined() ? each.floats() : std::span<const float>();
  for (std::size_t i = 0; i < p.size(); ++i) {
    f(i, static_cast<double>(y[i]), static_cast<double>(p[i]),
      w.empty() ? 1.0 : static_cast<double>(w[i]));
  }
}

// Elements that belong together. Those of weight 0 are left out; the row weighs as much as its
// heaviest element.
struct Row {
  std::vector<double> y, p, w;
  double weight = 0;

  void add(double truth, double prediction, double each) {
    if (each == 0) return;
    y.push_back(truth);
    p.push_back(prediction);
    w.push_back(each);
    if (each > weight) weight = each;
  }
};

// Calls f(row) for each row of the last axis.
template <class F>
void for_rows(const std::string& who, const Tensor& y_true, const Tensor& y_pred,
              const Tensor& weight, F f) {
  const auto width = static_cast<std::size_t>(y_pred.size(-1));
  Row row;
  for_elements(who, y_true, y_pred, weight, [&](std::size_t i, double y, double p, double w) {
    row.add(y, p, w);
    if ((i + 1) % width != 0) return;
    if (row.weight > 0) f(row);
    row = Row();
  });
}

// Places of the values, the largest first, equal ones as they stand; of the first `count` alone
// if there are more. Fails on a NaN.
std::vector<std::size_t> descending(const std::string& who, std::span<const double> values,
                                    std::size_t count = SIZE_MAX);

}  // namespace kindling::detail
