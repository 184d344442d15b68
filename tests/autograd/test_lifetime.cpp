// Chains of any length, and memory that is let go of.
#include <memory>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

constexpr int very_long = 600000;

Tensor affine_chain(Tensor y) {
  for (int i = 0; i < very_long; ++i) y = affine(y, i % 2 == 0 ? 2.0 : 0.5, 0);
  return y;
}

// Its partials hold on to operands, which have a history of their own.
Tensor product_chain(Tensor y, const Tensor& factor) {
  for (int i = 0; i < very_long; ++i) y = y * factor;
  return y;
}

Tensor fused_chain(Tensor y) {
  for (int i = 0; i < very_long / 4; ++i) {
    y = record_fused("same", {scalar(1)}, {y}, [y](const Tensors& g, const std::vector<bool>&) {
      return std::vector<Gradient>{g[0]};
    })[0];
  }
  return y;
}

}  // namespace

TEST_CASE("Backward goes through 600,000 operations, and frees them") {
  const Tensor x = variable(scalar(3));
  backward(affine_chain(x));
  CHECK(grad(x).item() == 1);
  CHECK(x.node().use_count() == 1);

  const Tensor a = variable(scalar(1)), b = variable(scalar(1));
  backward(product_chain(a, b));
  CHECK(grad(a).item() == 1);
  CHECK(grad(b).item() == static_cast<float>(very_long));
  CHECK(a.node().use_count() == 1);
  CHECK(b.node().use_count() == 1);
}

TEST_CASE("600,000 operations are freed without backward, in the order of one's choice") {
  const Tensor x = variable(scalar(1)), factor = variable(scalar(1));
  {
    const Tensor y = affine_chain(x);
    CHECK(x.node().use_count() == 2);
  }
  CHECK(x.node().use_count() == 1);
  {
    Tensor y = product_chain(x, factor);
    const Tensor branch = y + 1;
    y = Tensor();
    CHECK(x.node().use_count() > 1);
  }
  CHECK(x.node().use_count() == 1);
  CHECK(factor.node().use_count() == 1);
  fused_chain(x);
  CHECK(x.node().use_count() == 1);
  backward(fused_chain(x));
  CHECK(x.node().use_count() == 1);
}

TEST_CASE("The variables may go first") {
  Tensor loss;
  std::weak_ptr<Node> node;
  {
    const Tensor x = variable(scalar(2));
    node = x.node();
    loss = sum(square(x));
  }
  CHECK_FALSE(node.expired());
  backward(loss);
  CHECK(node.expired());
}

namespace {

// What a graph of every fused operation and some others holds on to.
struct Held {
  Tensors plain;                         // memory of operands and results
  std::vector<std::weak_ptr<Node>> nodes;

  Tensor keep(const Tensor& t) {
    plain.push_back(stop_gradient(t));
    nodes.push_back(t.node());
    return t;
  }
  bool released() {
    for (const auto& node : nodes) {
      if (!node.expired()) return false;
    }
    for (const Tensor& t : plain) {
      if (!t.sole_owner()) return false;
    }
    return true;
  }
};

Tensor some_graph(Held& held) {
  const Tensor table = held.keep(variable(normals({9, 4}, 1)));
  const Tensor kernel = held.keep(variable(normals({2, 4, 3}, 2)));
  const Tensor bias = held.keep(variable(normals({3}, 3)));
  const Tensor looked_up = held.keep(take(table, random_ids({2, 5}, 4, 9)));
  const Tensor encoded = held.keep(conv1d(looked_up, kernel, bias));
  const Tensors attended =
      additive_attention(encoded, encoded, encoded, Tensor(), {.return_scores = true});
  const Tensor weights = held.keep(softmax(held.keep(attended[1])));
  const Tensor seen = held.keep(held.keep(attended[0]) + matmul(weights, encoded));
  const Tensor joined = held.keep(concatenate({seen, encoded}));
  const Tensor parts = held.keep(tanh(split(joined, 2)[0]) * sigmoid(split(joined, 2)[1]));
  const Tensor means = held.keep(exp(mean_over_steps(joined, Tensor())));
  return held.keep(mean(max(parts, {.axis = {1}})) / sum(means));
}

}  // namespace

TEST_CASE("Nothing is left of a graph that was dropped") {
  Held held;
  {
    const Tensor loss = some_graph(held);
    CHECK_FALSE(held.released());
  }
  CHECK(held.released());
}

TEST_CASE("Backward lets go of what it needed, though the loss is still there") {
  Held held;
  const Tensor loss = some_graph(held);
  const std::weak_ptr<Node> last = loss.node();
  held.nodes.pop_back();  // the loss itself
  held.plain.pop_back();
  backward(loss);
  CHECK(held.released());
  CHECK_FALSE(last.expired());
}

TEST_CASE("A graph holds on to no more than its partials need") {
  Tensor big = zeros({1000});
  const Tensor kept = big;
  Tensor y = affine(variable(big), 2, 0);  // its partial needs no operand
  big = Tensor();
  CHECK(kept.sole_owner());
}
