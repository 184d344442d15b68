// Numbers that are written to between the forward pass and backward: the gradient is the one of the
// forward pass, or it is refused; and it is not refused where those numbers aren't needed.
#include <set>

#include <kindling/autograd/graph.h>

#include "tests/autograd/operations.h"
#include "tests/written_since.h"

using namespace kindling;

TEST_CASE("After a write to anything an operation saw, its gradients are right or refused") {
  // Operations whose derivatives need no numbers of any operand.
  const std::set<std::string> linear = {
      "add",   "subtract", "negative", "reshape", "transpose", "broadcast_to", "concatenate",
      "slice", "flip",     "pad",      "sum",     "mean",      "expand_dims",  "squeeze",
      "split", "stack",    "+",        "-"};
  // Products, whose derivative for an operand needs the other one alone.
  const std::set<std::string> products = {"multiply", "matmul", "*"};
  std::set<std::string> refusing;
  for (const Operation& operation : all_operations()) {
    if (!operation.differentiable) continue;
    const auto count = operation.inputs.size();
    for (std::size_t wanted = 0; wanted < count; ++wanted) {
      if (!operation.inputs[wanted].defined()) continue;
      if (operation.inputs[wanted].dtype() != DType::float32) continue;
      Tensors operands;
      for (const Tensor& x : operation.inputs) operands.push_back(x.defined() ? x.clone() : x);
      operands[wanted] = variable(operands[wanted]);
      const auto forward = [&] { return Tensors{operation.f(operands)}; };
      if (!forward()[0].node()) continue;
      for (std::size_t at = 0; at <= count; ++at) {
        if (at < count && !operands[at].defined()) continue;
        CAPTURE(operation.name, operation.kind, wanted, at);
        const Outcome outcome = after_writing(forward, operands[wanted], [&](const Tensors& y) {
          return at < count ? operands[at] : y[0];
        });
        CHECK(outcome != Outcome::wrong);
        const bool unneeded = linear.contains(operation.name) ||
                              (products.contains(operation.name) && (at == wanted || at == count));
        if (unneeded) CHECK(outcome == Outcome::right);
        if (outcome == Outcome::refused) refusing.insert(operation.name);
      }
    }
  }
  CHECK(refusing.size() > 30);
}

TEST_CASE("A weight that was moved is found through reshape, stop_gradient and concatenate") {
  const Tensor x = variable(normals({2, 3}, 1)), w = variable(normals({6}, 2));
  const std::vector<std::pair<const char*, std::function<Tensor()>>> ways = {
      {"reshape", [&] { return reshape(w, {2, 3}); }},
      {"stop_gradient", [&] { return stop_gradient(w).reshaped({2, 3}); }},
      {"a plain handle", [&] { return w.reshaped({2, 3}); }}};
  for (const auto& [name, way] : ways) {
    CAPTURE(name);
    const Tensor y = sum(x * way());
    Tensor handle = w;
    handle.mutable_floats()[4] += 1;
    CHECK(message_of([&] { backward(y); }) ==
          "backward: \"multiply\" needs a float32 tensor of shape (2, 3) as it was in the forward "
          "pass, but an optimizer, loading or mutable_floats has written to it since; run the "
          "forward pass again");
    CHECK_FALSE(take_gradient(x).defined());
    CHECK_FALSE(take_gradient(w).defined());
    backward(sum(x * way()));
    CHECK(same_bits(take_gradient(x).dense(), w.reshaped({2, 3})));
    take_gradient(w);
  }
}

TEST_CASE("What no derivative reads may be written to") {
  const Tensor w = variable(normals({2, 3}, 1)), c = normals({2, 3}, 2), x = normals({2, 3}, 3);
  const Tensor y = sum(w * c) + sum(concatenate({w, x}, 0)) + sum(w - x);
  write_other_numbers(w);
  write_other_numbers(x);
  backward(y);
  check_close(take_gradient(w).dense(), c + 2.0, 1e-6);
}

TEST_CASE("Gradients are numbers of their own") {
  // A partial may return a tensor that others go on writing to.
  const Tensor x = variable(normals({3}, 1));
  Tensor slope = normals({3}, 2);
  const Tensor before = slope.clone();
  backward(sum(record("slope", normals({3}, 3), wrt(x, [slope](const Tensor&) { return slope; }))));
  write_other_numbers(slope);
  CHECK(same_bits(take_gradient(x).dense(), before));
  // So may who looks up rows of a table.
  const Tensor table = variable(normals({4, 2}, 4));
  Tensor ids = tensor({1, 3});
  backward(sum(take(table, ids)));
  write_other_numbers(ids);
  CHECK(same_bits(grad(table), tensor({{0.0, 0.0}, {1.0, 1.0}, {0.0, 0.0}, {1.0, 1.0}})));
  take_gradient(table);
  // A gradient that is given may be older than the graph, and written after it was recorded.
  Tensor seed = zeros({4, 2});
  const Tensor y = table * table;
  std::ranges::fill(seed.mutable_floats(), 1.0f);
  backward(Tensors{y}, Tensors{std::move(seed)});
  CHECK(same_bits(take_gradient(table).dense(), 2.0 * table));
}
