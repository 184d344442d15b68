#include <kindling/autograd/gradient.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/copy.h>
#include <kindling/tensor/kernels/elementwise.h>

namespace kindling {

Gradient::Gradient(const Shape& table, Rows rows) : table_(table) {
  const std::int64_t count = table.rank() > 0 ? rows.ids.elements() : 0;
  if (table.rank() < 1 || rows.ids.shape() != Shape{count} ||
      rows.values.shape() != Shape{count, table.inner(0)}) {
    fail("Gradient: rows are ids (n,) and values (n, width) of a table [ids {}, values {}, table "
         "{}]", rows.ids.shape().str(), rows.values.shape().str(), table.str());
  }
  for (const std::int32_t id : rows.ids.ints()) {
    if (id < 0 || id >= table[0]) fail("Gradient: id {} is outside [0, {})", id, table[0]);
  }
  rows.ids = rows.ids.clone();  // the caller may write the next batch where these are
  rows_.push_back(std::move(rows));
}

Tensor Gradient::dense() const {
  if (rows_.empty()) return dense_;
  Tensor sum = dense_.defined() ? dense_.clone() : zeros(table_);
  for (const Rows& r : rows_) {
    kernels::add_rows(r.values.floats().data(), r.ids.ints().data(), r.ids.elements(),
                      table_.inner(0), sum.mutable_floats().data());
  }
  return sum;
}

Gradient Gradient::distinct_rows() const {
  if (!sparse()) return *this;
  struct Part {
    std::int32_t id;
    const float* values;
  };
  std::vector<Part> parts;
  const std::int64_t width = table_.inner(0);
  for (const Rows& r : rows_) {
    const float* values = r.values.floats().data();
    for (const std::int32_t id : r.ids.ints()) {
      parts.push_back({id, values});
      values += width;
    }
  }
  std::ranges::stable_sort(parts, {}, &Part::id);
  std::vector<std::int32_t> ids;
  for (const Part& part : parts) {
    if (ids.empty() || ids.back() != part.id) ids.push_back(part.id);
  }
  const std::int64_t count = std::ssize(ids);
  Tensor sums = zeros({count, width});
  float* to = sums.mutable_floats().data();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && parts[i].id != parts[i - 1].id) to += width;
    kernels::accumulate(parts[i].values, to, width);
  }
  return {table_, {tensor(ids, {count}), sums}};
}

void Gradient::add(Gradient other) {
  if (other.dense_.defined()) {
    if (!dense_.defined()) {
      dense_ = std::move(other.dense_);
    } else if (dense_.sole_owner()) {
      kernels::accumulate(other.dense_.floats().data(), dense_.mutable_floats().data(),
                          dense_.elements());
    } else {  // a partial may have returned one tensor for two inputs
      Tensor sum = dense_.clone();
      kernels::accumulate(other.dense_.floats().data(), sum.mutable_floats().data(),
                          sum.elements());
      dense_ = std::move(sum);
    }
  }
  if (!other.rows_.empty()) {
    table_ = other.table_;
    std::move(other.rows_.begin(), other.rows_.end(), std::back_inserter(rows_));
  }
}

}  // namespace kindling
