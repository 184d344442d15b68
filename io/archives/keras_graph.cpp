#include <kindling/io/archives/keras_graph.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <kindling/io/archives/keras_masks.h>
#include <kindling/io/archives/keras_read.h>
#include <kindling/layers/functional_config.h>
#include <kindling/layers/with_mask.h>
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

using Shared = std::map<const LayerImpl*, std::int64_t>;

// Whether a layer in it, at any depth, stands in another graph too. Inputs may.
bool has_shared(const FunctionalImpl& model, const Shared& shared) {
  return std::ranges::any_of(model.layers(), [&](const Layer& layer) {
    const auto* nested = dynamic_cast<const FunctionalImpl*>(layer.impl().get());
    return (shared.contains(layer.impl().get()) && layer.class_name() != "InputLayer") ||
           (nested != nullptr && has_shared(*nested, shared));
  });
}

void note_names_inside(const Layer& model, std::set<std::string>& names) {
  if (!is_graph_class(model.class_name())) return;
  for (const Layer& layer : model.impl()->layers()) {
    names.insert(layer.name());
    note_names_inside(layer, names);
  }
}

class Builder {
 public:
  explicit Builder(Shared shared) : shared_(std::move(shared)) {}

  Graph built(const FunctionalImpl& model) {
    graph_.outputs = add(model, {}, {});
    std::set<std::string> taken;
    for (const Layer& layer : model.layers()) taken.insert(layer.name());
    for (const Layer& layer : graph_.layers) note_names_inside(layer, taken);
    for (const Layer& layer : graph_.layers) {
      if (own_.contains(layer.impl().get())) continue;
      std::string name = layer.name();
      for (int n = 1; !taken.insert(name).second; ++n) name = fmt::format("{}_{}", layer.name(), n);
      if (name != layer.name()) graph_.names[layer.impl().get()] = name;
    }
    return std::move(graph_);
  }

 private:
  // A model's calls, on what it is given; nothing for the whole one. What it makes.
  std::vector<Source> add(const FunctionalImpl& model, const std::vector<Source>& inputs,
                          std::optional<bool> training) {
    std::map<const SymbolicNode*, std::vector<Source>> results;
    // A tensor knows its dtype, the call that it comes from doesn't.
    const auto source = [&](const SymbolicTensor& t) {
      const Source s = results.at(t.node().get())[static_cast<std::size_t>(t.index())];
      graph_.calls[s.call].dtypes[static_cast<std::size_t>(s.result)] = t.dtype();
      return s;
    };
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      results[model.inputs()[i].node().get()] = {inputs[i]};
    }
    for (const auto& node : model.nodes()) {
      if (results.contains(node.get())) continue;
      Call call{.layer = 0, .arguments = node->arguments, .shapes = node->shapes,
                .dtypes = std::vector<DType>(node->shapes.size())};
      if (!call.arguments.training) call.arguments.training = training;
      for (const SymbolicTensor& input : node->inputs) call.inputs.push_back(source(input));
      for (const SymbolicTensor& mask : node->masks) {
        call.masks.push_back(mask.defined() ? std::optional(source(mask)) : std::nullopt);
      }
      const auto* nested = dynamic_cast<const FunctionalImpl*>(node->layer.impl().get());
      if (nested != nullptr && has_shared(*nested, shared_)) {
        results[node.get()] = add(*nested, masked(call), call.arguments.training);
        continue;
      }
      if (inputs.empty()) own_.insert(node->layer.impl().get());
      for (std::size_t r = 0; r < call.shapes.size(); ++r) {
        results[node.get()].push_back({graph_.calls.size(), static_cast<int>(r)});
      }
      push(node->layer, std::move(call));
    }
    if (inputs.empty()) {
      for (const SymbolicTensor& t : model.inputs()) graph_.inputs.push_back(source(t));
    }
    std::vector<Source> outputs;
    for (const SymbolicTensor& t : model.outputs()) outputs.push_back(source(t));
    return outputs;
  }

  void push(const Layer& layer, Call call) {
    const auto [at, fresh] = layers_.try_emplace(layer.impl().get(), graph_.layers.size());
    if (fresh) graph_.layers.push_back(layer);
    call.layer = at->second;
    graph_.calls.push_back(std::move(call));
  }

  // What a model is called on, with the masks that it is given.
  std::vector<Source> masked(const Call& call) {
    std::vector<Source> inputs = call.inputs;
    for (std::size_t i = 0; i < std::min(call.masks.size(), inputs.size()); ++i) {
      if (!call.masks[i]) continue;
      const Call& maker = graph_.calls[inputs[i].call];
      const auto result = static_cast<std::size_t>(inputs[i].result);
      push(WithMask(), {.layer = 0, .inputs = {inputs[i], *call.masks[i]},
                        .shapes = {maker.shapes[result]}, .dtypes = {maker.dtypes[result]}});
      inputs[i] = {graph_.calls.size() - 1, 0};
    }
    return inputs;
  }

  Graph graph_;
  Shared shared_;
  std::map<const LayerImpl*, std::size_t> layers_;
  std::set<const LayerImpl*> own_;  // of the whole model
};

}  // namespace

std::size_t Graph::number(std::size_t call) const {
  std::size_t before = 0;
  for (std::size_t i = 0; i < call; ++i) before += calls[i].layer == calls[call].layer ? 1 : 0;
  return before;
}

bool is_operation(const Layer& layer) {
  return std::ranges::find(operations(), layer.class_name()) != operations().end();
}

bool writes_out(const FunctionalImpl& model) { return has_shared(model, shared_layers(model)); }

const std::string& Graph::name_of(const Layer& layer) const {
  const auto at = names.find(layer.impl().get());
  return at != names.end() ? at->second : layer.name();
}

Graph keras_graph(const FunctionalImpl& model, bool written_out) {
  Builder builder(written_out ? shared_layers(model) : Shared());
  Graph graph = builder.built(model);
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
