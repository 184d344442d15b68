// What becomes of a gradient when a tensor is written to between the forward pass and backward.
#pragma once

#include <algorithm>
#include <functional>

#include <kindling/autograd/graph.h>

#include "tests/tensors.h"

namespace kindling {

inline void copy_into(Tensor t, const Tensor& from) {
  if (t.dtype() == DType::float32) {
    std::ranges::copy(from.floats(), t.mutable_floats().begin());
  } else if (t.dtype() == DType::int32) {
    std::ranges::copy(from.ints(), t.mutable_ints().begin());
  } else {
    std::ranges::copy(from.bools(), t.mutable_bools().begin());
  }
}

// Other numbers, of which ids stay in their range.
inline void write_other_numbers(Tensor t) {
  if (t.dtype() == DType::float32) {
    for (float& v : t.mutable_floats()) v = 0.5f - 0.75f * v;
  } else if (t.dtype() == DType::int32) {
    for (const std::span<std::int32_t> ids = t.mutable_ints(); std::int32_t& id : ids) id = ids[0];
  } else {
    for (bool& b : t.mutable_bools()) b = !b;
  }
}

enum class Outcome { right, refused, wrong };

// forward() returns results; `wanted` is a variable they depend on. Compares its gradient after a
// write to written(results) with the gradient without that write. The old numbers are put back.
inline Outcome after_writing(const std::function<Tensors()>& forward, const Tensor& wanted,
                             const std::function<Tensor(const Tensors& results)>& written) {
  const auto gradient = [&](bool write) {
    const Tensors results = forward();
    Tensors seeds;
    for (const Tensor& y : results) seeds.push_back(normals(y.shape(), 11));
    const Tensor t = write ? written(results) : Tensor();
    const Tensor before = t.clone();
    if (write) write_other_numbers(t);
    const std::string message = message_of([&] { backward(results, seeds); });
    if (write) copy_into(t, before);
    const Tensor g = take_gradient(wanted).dense();
    if (message.find("as it was in the forward pass") != std::string::npos) return Tensor();
    CHECK(message == "no error");
    return g.defined() ? g : zeros(wanted.shape());
  };
  const Tensor expected = gradient(false), got = gradient(true);
  if (!got.defined()) return Outcome::refused;
  return same_bits(got, expected) ? Outcome::right : Outcome::wrong;
}

}  // namespace kindling
