// The graph behind a tensor, and backward through it.
//
// An operation computes its result and calls record() with the partial derivative for each input:
//
//   Tensor square(const Tensor& x) {
//     Tensor y = ...;                                                    // the forward pass
//     return record("square", y, wrt(x, [x](const Tensor& g) { return 2 * x * g; }));
//   }
//
// A partial is given g, the gradient of the loss for the result, and returns the gradient for its
// input, in the result's shape if the input was broadcast: the engine sums over what was repeated.
// It runs only if somebody asked for that gradient, without recording.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <kindling/autograd/gradient.h>
#include <kindling/autograd/observer.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

using Partial = std::function<Gradient(const Tensor& g)>;
// All gradients at once, for fused kernels: g holds a gradient a result (undefined where the
// loss doesn't depend on it), wanted says which inputs need one; the others may stay undefined.
using Pullback =
    std::function<std::vector<Gradient>(const Tensors& g, const std::vector<bool>& wanted)>;

struct Node {
  // Where a gradient goes: result `slot` of an earlier operation.
  struct Edge {
    std::shared_ptr<Node> node;  // null where no gradient is wanted (fused operations only)
    int slot = 0;
    Shape shape;
    Partial partial;  // empty in a fused operation
  };

  const char* name = "variable";
  std::uint64_t order = 0;  // the time of recording: later operations have higher numbers
  std::vector<Edge> edges;
  Pullback pullback;
  std::vector<Gradient> gradients;  // one a result, summed as they come
  bool is_variable = false;
  bool used = false;    // backward has been through and let go of what it needed
  bool queued = false;  // backward is going to come through
  Node* next_deleted = nullptr;  // see DeleteInLoop
};

// A leaf that backward leaves a gradient in. Shares x's memory.
Tensor variable(const Tensor& x);
// x without history.
Tensor stop_gradient(const Tensor& x);

// Runs the graph back from a loss of one element. Gradients add up in the variables until
// take_gradient, or an optimizer, takes them. The graph is used up. Where it fails, variables keep
// what had reached them: take it before trying again. Fails where a partial derivative reads a
// tensor that has been written to since its operation was recorded (by an optimizer, by loading, by
// hand): the derivative would be that of other numbers.
// Two threads may go back at the same time if they share no variables.
void backward(const Tensor& loss);
// From several results, with the gradient for each; sum(result * gradient) is the loss.
void backward(const Tensors& results, const Tensors& gradients);

// What backward left in a variable, dense; undefined if it left nothing. Fails on what is none.
Tensor grad(const Tensor& variable);
// The same as it is, which leaves the variable without; none for what is no variable.
Gradient take_gradient(const Tensor& variable);

// While one lives, operations on this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};
bool recording();

// One input of an operation and the partial derivative for it.
template <class F>
struct Wrt {
  const Tensor& input;
  F partial;
};
template <class F>
Wrt<F> wrt(const Tensor& input, F partial) {
  return {input, std::move(partial)};
}

template <class F>
[[deprecated("wrt does the same: backward sees by itself which numbers it reads")]]
Wrt<F> wrt_linear(const Tensor& input, F partial) {
  return wrt(input, std::move(partial));
}

namespace detail {
std::shared_ptr<Node> new_node(const char* name, std::size_t edges);
void add_edge(Node& node, const Tensor& input, Partial partial);
}  // namespace detail

// Records an operation: its name, its result and its partial derivatives.
template <class... F>
Tensor record(const char* name, const Tensor& result, Wrt<F>... inputs) {
  std::shared_ptr<Node> node;
  if (recording() && ((inputs.input.node() != nullptr) || ...)) {
    node = detail::new_node(name, sizeof...(F));
    ((inputs.input.node()
          ? detail::add_edge(*node, inputs.input, std::move(inputs.partial))
          : void()),
     ...);
  }
  if (detail::observer()) {
    detail::observe(name, node ? node->order : 0, {result}, {inputs.input...});
  }
  return node ? result.with_node(std::move(node), 0) : result;
}

// Records a fused operation of any number of inputs and results.
Tensors record_fused(const char* name, const Tensors& results, const Tensors& inputs,
                     Pullback pullback);

}  // namespace kindling
#pragma GCC visibility pop
