#include <kindling/autograd/graph.h>

#include <queue>

#include <kindling/tensor/delete_in_loop.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/reduce.h>

namespace kindling {
namespace {

thread_local bool recording_now = true;

// Sums g over the axes along which an input of `shape` was repeated.
// `who` is the operation whose partial made it.
Tensor sum_to(Tensor g, const Shape& shape, const char* who) {
  if (g.dtype() != DType::float32) {
    fail("backward: a partial of \"{}\" returned {}", who, name(g.dtype()));
  }
  if (g.shape() == shape) return g;
  const int extra = g.rank() - shape.rank();
  bool fits = extra >= 0;
  for (int axis = 0; fits && axis < shape.rank(); ++axis) {
    fits = shape[axis] == 1 || shape[axis] == g.size(extra + axis);
  }
  if (!fits) {
    fail("backward: a partial of \"{}\" returned {} for an input of {}", who, g.shape().str(),
         shape.str());
  }
  Shape now = g.shape();
  for (int axis = 0; axis < g.rank(); ++axis) {
    const std::int64_t want = axis < extra ? 1 : shape[axis - extra];
    if (now[axis] == want) continue;
    Tensor sum = Tensor::empty(now.with(axis, 1));
    kernels::sum(g.floats().data(), now.outer(axis), now[axis], now.inner(axis),
                 sum.mutable_floats().data());
    now = sum.shape();
    g = std::move(sum);
  }
  return g.reshaped(shape);
}

struct Earlier {
  bool operator()(const std::shared_ptr<Node>& a, const std::shared_ptr<Node>& b) const {
    return a->order < b->order;
  }
};

class Backward {
 public:
  Backward() = default;
  Backward(const Backward&) = delete;
  Backward& operator=(const Backward&) = delete;
  // After a failure the operations that didn't get their turn are as before.
  ~Backward() {
    for (; !queue_.empty(); queue_.pop()) {
      Node& node = *queue_.top();
      node.queued = false;
      if (!node.is_variable) node.gradients.assign(node.gradients.size(), Gradient());
    }
  }

  void seed(const Tensor& result, const Tensor& gradient) {
    if (!result.node()) return;
    // Numbers of its own, which nobody else can change and no operation saw in its forward pass.
    send(result.node(), result.slot(), gradient.clone());
  }

  // Latest operation first: when one comes up, all that used its results have been through.
  void run() {
    NoGrad no_grad;
    while (!queue_.empty()) {
      const std::shared_ptr<Node> node = queue_.top();
      queue_.pop();
      node->queued = false;
      if (node->is_variable) continue;
      OperationObserver* observer = detail::observer();
      if (observer) observer->on_backward_begin(node->order);
      try {
        step(*node);
      } catch (...) {
        if (observer) observer->on_backward_end(node->order);
        throw;
      }
      if (observer) observer->on_backward_end(node->order);
    }
  }

 private:
  void send(const std::shared_ptr<Node>& node, int slot, Gradient gradient) {
    if (node->used) {
      fail("backward: \"{}\" was used by an earlier backward, which let go of what it needs; "
           "run the forward pass again", node->name);
    }
    node->gradients[static_cast<std::size_t>(slot)].add(std::move(gradient));
    if (!node->queued) queue_.push(node);
    node->queued = true;
  }

  void send(const Node::Edge& edge, Gradient gradient, const Node& from) {
    if (!gradient.defined()) return;
    const char* who = from.name;
    if (detail::observer()) detail::observer()->on_gradient(who, from.order, gradient);
    if (gradient.sparse() && edge.node->is_variable) {
      if (gradient.table() != edge.shape) {
        fail("backward: a partial of \"{}\" returned rows of a table {} for an input of {}", who,
             gradient.table().str(), edge.shape.str());
      }
      send(edge.node, edge.slot, std::move(gradient));
    } else {
      // A partial may have returned a tensor that others have a handle on.
      const Tensor g = gradient.dense();
      const bool own = g.storage()->created() > from.order;
      send(edge.node, edge.slot, sum_to(own ? g : g.clone(), edge.shape, who));
    }
  }

  void step(Node& node) {
    node.used = true;
    const detail::ReadAsOf reads(node.order, node.name);
    const std::vector<Node::Edge> edges = std::move(node.edges);
    if (const Pullback pullback = std::move(node.pullback)) {
      Tensors g;
      for (Gradient& gradient : node.gradients) g.push_back(gradient.dense());
      node.gradients.clear();
      std::vector<bool> wanted;
      for (const Node::Edge& edge : edges) wanted.push_back(edge.node != nullptr);
      std::vector<Gradient> all = pullback(g, wanted);
      if (all.size() != edges.size()) {
        fail("backward: \"{}\" has {} inputs, but returned {} gradients", node.name, edges.size(),
             all.size());
      }
      for (std::size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].node) send(edges[i], std::move(all[i]), node);
      }
    } else {
      const Tensor g = node.gradients[0].dense();
      node.gradients.clear();
      for (const Node::Edge& edge : edges) send(edge, edge.partial(g), node);
    }
  }

  std::priority_queue<std::shared_ptr<Node>, std::vector<std::shared_ptr<Node>>, Earlier> queue_;
};

}  // namespace

NoGrad::NoGrad() : before_(recording_now) { recording_now = false; }
NoGrad::~NoGrad() { recording_now = before_; }
bool recording() { return recording_now; }

namespace detail {

std::shared_ptr<Node> new_node(const char* name, std::size_t edges) {
  std::shared_ptr<Node> node(new Node, DeleteInLoop<Node>());
  node->name = name;
  node->order = recorded_operations.fetch_add(1, std::memory_order_relaxed);
  node->edges.reserve(edges);
  node->gradients.resize(1);
  return node;
}

void add_edge(Node& node, const Tensor& input, Partial partial) {
  node.edges.push_back({input.node(), input.slot(), input.shape(), std::move(partial)});
}

}  // namespace detail

Tensors record_fused(const char* name, const Tensors& results, const Tensors& inputs,
                     Pullback pullback) {
  bool wanted = false;
  for (const Tensor& input : inputs) wanted = wanted || input.node() != nullptr;
  if (!wanted || !recording()) {
    if (detail::observer()) detail::observe(name, 0, results, inputs);
    return results;
  }
  std::shared_ptr<Node> node = detail::new_node(name, inputs.size());
  for (const Tensor& input : inputs) detail::add_edge(*node, input, {});
  node->pullback = std::move(pullback);
  node->gradients.resize(results.size());
  if (detail::observer()) detail::observe(name, node->order, results, inputs);
  Tensors recorded;
  for (std::size_t i = 0; i < results.size(); ++i) {
    recorded.push_back(results[i].with_node(node, static_cast<int>(i)));
  }
  return recorded;
}

Tensor variable(const Tensor& x) {
  if (!x.defined()) fail("variable: the value is an undefined tensor");
  if (x.dtype() != DType::float32) {
    fail("variable: only float32 has gradients, got {} {}", name(x.dtype()), x.shape().str());
  }
  std::shared_ptr<Node> node = detail::new_node("variable", 0);
  node->is_variable = true;
  return stop_gradient(x).with_node(std::move(node), 0);
}

Tensor stop_gradient(const Tensor& x) { return x.with_node(nullptr, 0); }

void backward(const Tensor& loss) {
  if (!loss.defined()) fail("backward: the loss is an undefined tensor");
  if (loss.elements() != 1) {
    fail("backward: a loss has one element, got shape {}; take its mean or sum, or give gradients",
         loss.shape().str());
  }
  backward(Tensors{loss}, Tensors{full(loss.shape(), 1)});
}

void backward(const Tensors& results, const Tensors& gradients) {
  if (results.size() != gradients.size()) {
    fail("backward: a gradient a result is needed, got {} for {}", gradients.size(),
         results.size());
  }
  Backward pass;
  bool connected = false;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].defined() || !gradients[i].defined()) {
      fail("backward: result {} or its gradient is an undefined tensor", i);
    }
    if (gradients[i].dtype() != DType::float32) {
      fail("backward: gradients are float32, got {} for result {}", name(gradients[i].dtype()), i);
    }
    if (results[i].shape() != gradients[i].shape()) {
      fail("backward: result {} and its gradient differ in shape [result {}, gradient {}]", i,
           results[i].shape().str(), gradients[i].shape().str());
    }
    connected = connected || results[i].node() != nullptr;
  }
  if (!connected) {
    fail("backward: no variable was used to compute this, or it was computed under NoGrad");
  }
  for (std::size_t i = 0; i < results.size(); ++i) pass.seed(results[i], gradients[i]);
  pass.run();
}

Tensor grad(const Tensor& variable) {
  if (!variable.node() || !variable.node()->is_variable) {
    fail("grad: only a variable keeps its gradient, got {} of shape {}",
         variable.node() ? variable.node()->name : "a plain tensor", variable.shape().str());
  }
  return variable.node()->gradients[0].dense();
}

Gradient take_gradient(const Tensor& variable) {
  if (!variable.node() || !variable.node()->is_variable) return {};
  return std::exchange(variable.node()->gradients[0], Gradient());
}

}  // namespace kindling
