// Gradient: what flows back. Mostly a dense tensor; for a table whose rows were looked up by id,
// the rows alone.
#pragma once

#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// Gradient rows of a table: values[i] belongs to row ids[i]; an id may come more than once.
struct Rows {
  Tensor ids;     // int32 (n,)
  Tensor values;  // float32 (n, width)
};

class Gradient {
 public:
  Gradient() = default;                                  // none
  Gradient(Tensor dense) : dense_(std::move(dense)) {}   // NOLINT: partials return tensors
  Gradient(const Shape& table, Rows rows);

  bool defined() const { return dense_.defined() || !rows_.empty(); }
  // Whether it is rows and nothing else.
  bool sparse() const { return !dense_.defined() && !rows_.empty(); }
  const std::vector<Rows>& rows() const { return rows_; }
  const Shape& table() const { return table_; }  // of which they are rows
  // The whole gradient; rows are added up in the order they came.
  Tensor dense() const;
  // If it is sparse, each row once: ids ascend, values are the sums that dense() has.
  Gradient distinct_rows() const;

  void add(Gradient other);

 private:
  Tensor dense_;
  Shape table_;  // where rows_ has any
  std::vector<Rows> rows_;
};

}  // namespace kindling
#pragma GCC visibility pop
