#include <kindling/io/archives/keras_graph.h>

#include <algorithm>
#include <map>
#include <numeric>

#include <kindling/io/archives/keras_masks.h>
#include <kindling/io/archives/keras_read.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

// What a call depends on, in the order in which Keras looks at its arguments: those by place, then
// the others by name.
std::vector<std::size_t> parents(const Graph& graph, const Call& call) {
  std::vector<std::size_t> all;
  for (const Source& input : call.inputs) all.push_back(input.call);
  auto masks = call.masks;
  if (graph.layers[call.layer].class_name() == "MultiHeadAttention" && masks.size() > 2) {
    // key_mask, query_mask, value_mask. (Clang 14 has no ranges that return a subrange.)
    std::rotate(masks.begin(), masks.begin() + 2, masks.end());
  }
  for (const auto& mask : masks) {
    if (mask) all.push_back(mask->call);
  }
  return all;
}

// Keras goes from the outputs back to the inputs, depth first; it orders layers by their distance
// from the outputs, and those of one distance as it met them.
class Order {
 public:
  explicit Order(const Graph& graph)
      : graph_(graph), met_(graph.layers.size(), 0), distance_(graph.layers.size(), 0) {}

  std::vector<std::size_t> layers() {
    std::vector<bool> seen(graph_.calls.size());
    for (const Source& output : graph_.outputs) go_back(output.call, seen);
    distances();
    std::vector<std::size_t> order(graph_.layers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [this](std::size_t a, std::size_t b) {
      return distance_[a] != distance_[b] ? distance_[a] > distance_[b] : met_[a] < met_[b];
    });
    return order;
  }

 private:
  void go_back(std::size_t from, std::vector<bool>& seen) {
    struct Visit {
      std::size_t call;
      std::vector<std::size_t> parents;
      std::size_t next = 0;
    };
    std::vector<Visit> open;
    const auto meet = [&](std::size_t call) {
      if (seen[call]) return;
      seen[call] = true;
      std::size_t& met = met_[graph_.calls[call].layer];
      if (met == 0) met = ++count_;  // an input that nothing depends on keeps 0, and is first
      open.push_back({call, parents(graph_, graph_.calls[call])});
    };
    meet(from);
    while (!open.empty()) {
      Visit& visit = open.back();
      if (visit.next < visit.parents.size()) {
        meet(visit.parents[visit.next++]);
      } else {
        finished_.push_back(visit.call);
        open.pop_back();
      }
    }
  }

  void distances() {
    std::vector<std::size_t> of_call(graph_.calls.size());
    for (auto call = finished_.rbegin(); call != finished_.rend(); ++call) {
      std::size_t& of_layer = distance_[graph_.calls[*call].layer];
      of_layer = std::max(of_layer, of_call[*call]);
      for (const std::size_t parent : parents(graph_, graph_.calls[*call])) {
        of_call[parent] = std::max(of_call[parent], of_layer + 1);
      }
    }
  }

  const Graph& graph_;
  std::vector<std::size_t> met_, distance_;  // of layers
  std::vector<std::size_t> finished_;        // calls, inputs first
  std::size_t count_ = 0;
};

void reorder(Graph& graph) {
  const std::vector<std::size_t> order = Order(graph).layers();
  std::vector<Layer> layers;
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    layers.push_back(graph.layers[order[i]]);
  }
  graph.layers = std::move(layers);
  for (Call& call : graph.calls) call.layer = place[call.layer];
}

}  // namespace

std::size_t Graph::number(std::size_t call) const {
  std::size_t before = 0;
  for (std::size_t i = 0; i < call; ++i) before += calls[i].layer == calls[call].layer ? 1 : 0;
  return before;
}

bool is_operation(const Layer& layer) {
  return std::ranges::find(operations(), layer.class_name()) != operations().end();
}

Graph keras_graph(const FunctionalImpl& model) {
  Graph graph;
  std::map<const LayerImpl*, std::size_t> layers;
  std::map<const SymbolicNode*, std::size_t> calls;
  // A tensor knows its dtype, the call that it comes from doesn't.
  const auto source = [&](const SymbolicTensor& t) {
    const std::size_t call = calls.at(t.node().get());
    graph.calls[call].dtypes[static_cast<std::size_t>(t.index())] = t.dtype();
    return Source{call, t.index()};
  };
  for (const auto& node : model.nodes()) {
    const auto [at, fresh] = layers.try_emplace(node->layer.impl().get(), graph.layers.size());
    if (fresh) graph.layers.push_back(node->layer);
    Call call{.layer = at->second, .arguments = node->arguments, .shapes = node->shapes,
              .dtypes = std::vector<DType>(node->shapes.size())};
    for (const SymbolicTensor& input : node->inputs) call.inputs.push_back(source(input));
    for (const SymbolicTensor& mask : node->masks) {
      call.masks.push_back(mask.defined() ? std::optional(source(mask)) : std::nullopt);
    }
    calls[node.get()] = graph.calls.size();
    graph.calls.push_back(std::move(call));
  }
  for (const SymbolicTensor& t : model.inputs()) graph.inputs.push_back(source(t));
  for (const SymbolicTensor& t : model.outputs()) graph.outputs.push_back(source(t));
  make_masks_explicit(graph, model.class_name() == "Sequential");
  reorder(graph);
  return graph;
}

bool is_chain(const Graph& graph) {
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1) return false;
  if (graph.calls.size() != graph.layers.size() ||
      graph.outputs[0].call + 1 != graph.calls.size()) {
    return false;
  }
  for (std::size_t i = 1; i < graph.calls.size(); ++i) {
    const Call& call = graph.calls[i];
    if (is_operation(graph.layers[call.layer]) || !call.masks.empty() || call.inputs.size() != 1 ||
        call.inputs[0].call + 1 != i) {
      return false;
    }
  }
  return true;
}

}  // namespace kindling::keras
