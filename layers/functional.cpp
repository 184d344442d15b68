#include <kindling/layers/functional.h>

#include <algorithm>
#include <map>
#include <set>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

bool is_input(const SymbolicNode& node) {
  return dynamic_cast<const InputLayerImpl*>(node.layer.impl().get()) != nullptr;
}

// Models inside that are called twice each double the calls with every level.
constexpr std::int64_t most_calls = 100'000;

std::int64_t calls_made_by(const LayerImpl& layer) {
  if (const auto* graph = dynamic_cast<const FunctionalImpl*>(&layer)) return graph->call_count();
  std::int64_t calls = 1;
  for (const Layer& inside : layer.layers()) calls += calls_made_by(*inside.impl());
  return calls;
}

}  // namespace

FunctionalImpl::FunctionalImpl(Options options)
    : LayerImpl(options.sequential ? "Sequential" : "Functional", options.name),
      options_(std::move(options)) {
  collect_nodes();
  collect_layers();
  const std::set<std::string> names(options_.output_names.begin(), options_.output_names.end());
  if (names_outputs() && names.size() != options_.outputs.size()) {
    fail("{}: output_names has one name of its own per output, got {} for {}", who(), names.size(),
         options_.outputs.size());
  }
  std::vector<std::size_t> last_use(nodes_.size());
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    Step step;
    const SymbolicNode& node = *nodes_[n];
    for (const SymbolicTensor& input : node.inputs) step.inputs.push_back(source(input));
    for (const SymbolicTensor& mask : node.masks) {
      step.masks.push_back(mask.defined() ? std::optional(source(mask)) : std::nullopt);
    }
    for (const Source& s : step.inputs) last_use[s.node] = n;
    for (const auto& mask : step.masks) {
      if (mask) last_use[mask->node] = n;
    }
    steps_.push_back(std::move(step));
  }
  for (const SymbolicTensor& output : options_.outputs) {
    last_use[source(output).node] = nodes_.size();  // kept to the end
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (last_use[n] > n && last_use[n] < nodes_.size()) steps_[last_use[n]].last_uses.push_back(n);
  }
  find_lost_masks();
}

void FunctionalImpl::find_lost_masks() {
  std::set<std::pair<std::size_t, std::size_t>> lost;  // results: (node, index)
  const auto is_lost = [&](const Source& s) { return lost.contains({s.node, s.index}); };
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const LayerImpl& layer = *nodes_[n]->layer.impl();
    Step& step = steps_[n];
    bool passes_none = layer.passes_masks_unseen() && std::ranges::any_of(step.inputs, is_lost);
    if (layer.takes_masks_away()) {
      for (const Source& s : step.inputs) step.lost_masks.push_back(is_lost(s));
      passes_none = step.lost_masks[0];
      for (const Source& s : step.inputs) lost.emplace(s.node, s.index);
    }
    for (std::size_t i = 0; passes_none && i < nodes_[n]->shapes.size(); ++i) lost.emplace(n, i);
  }
  for (const SymbolicTensor& output : options_.outputs) {
    lost_outputs_.push_back(is_lost(source(output)));
  }
}

const std::vector<bool>& FunctionalImpl::lost_masks(const SymbolicNode& call) const {
  const auto at = std::ranges::lower_bound(nodes_, call.order, {}, &SymbolicNode::order);
  return steps_[static_cast<std::size_t>(at - nodes_.begin())].lost_masks;
}

void FunctionalImpl::collect_nodes() {
  if (options_.outputs.empty()) fail_with("a model has at least one output");
  std::set<SymbolicNode*> seen;
  SymbolicTensors waiting = options_.outputs;
  while (!waiting.empty()) {
    const SymbolicTensor t = waiting.back();
    waiting.pop_back();
    if (!t.defined()) fail_with("an output is an undefined tensor");
    if (!seen.insert(t.node().get()).second) continue;
    nodes_.push_back(t.node());
    waiting.insert(waiting.end(), t.node()->inputs.begin(), t.node()->inputs.end());
    for (const SymbolicTensor& mask : t.node()->masks) {
      if (mask.defined()) waiting.push_back(mask);
    }
  }
  std::set<SymbolicNode*> listed;
  for (const SymbolicTensor& input : options_.inputs) {
    if (!input.defined() || !is_input(*input.node())) {
      fail_with("an input of a model is what Input() returned");
    }
    if (!listed.insert(input.node().get()).second) {
      fail_with("input \"" + input.node()->layer.name() + "\" is listed twice");
    }
    if (!seen.contains(input.node().get())) nodes_.push_back(input.node());
  }
  std::ranges::sort(nodes_, {}, &SymbolicNode::order);
  for (const auto& node : nodes_) {
    if (is_input(*node) && !listed.contains(node.get())) {
      fail_with("an output depends on input \"" + node->layer.name() +
                "\", which is not among the model's inputs");
    }
  }
}

void FunctionalImpl::collect_layers() {
  std::map<std::string, const LayerImpl*> names;
  for (const auto& node : nodes_) {
    const LayerImpl* impl = node->layer.impl().get();
    calls_[impl].push_back(node);
    const std::int64_t made = calls_made_by(*impl);
    call_count_ += made;
    if (made > 1 && call_count_ > most_calls) {  // a long graph without models inside is as it is
      fail("{}: makes at most {} calls of layers, those in a model inside counted each time that "
           "it is called, got more", who(), most_calls);
    }
    const auto [at, fresh] = names.try_emplace(impl->name(), impl);
    if (at->second != impl) fail_with("two layers are named \"" + impl->name() + "\"");
    if (!fresh) continue;
    keep_layer(node->layer);
  }
}

FunctionalImpl::Source FunctionalImpl::source(const SymbolicTensor& t) const {
  const auto at = std::ranges::lower_bound(nodes_, t.node()->order, {}, &SymbolicNode::order);
  return {static_cast<std::size_t>(at - nodes_.begin()), static_cast<std::size_t>(t.index())};
}

const std::vector<std::shared_ptr<SymbolicNode>>& FunctionalImpl::calls_of(
    const LayerImpl& layer) const {
  static const std::vector<std::shared_ptr<SymbolicNode>> none;
  const auto at = calls_.find(&layer);
  return at != calls_.end() ? at->second : none;
}

int FunctionalImpl::call_index(const SymbolicNode& node) const {
  const auto& calls = calls_of(*node.layer.impl());
  const auto at = std::ranges::lower_bound(calls, node.order, {}, &SymbolicNode::order);
  return static_cast<int>(at - calls.begin());
}

std::vector<std::string> FunctionalImpl::output_names() const {
  if (names_outputs()) return options_.output_names;
  std::vector<std::string> names;
  for (const SymbolicTensor& output : options_.outputs) {
    std::string name = output.node()->layer.name();
    if (std::ranges::find(names, name) != names.end()) name += fmt::format("_{}", names.size());
    names.push_back(name);
  }
  return names;
}

void FunctionalImpl::check(const Shapes& inputs) const {
  check_count(inputs, options_.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const SymbolicTensor& want = options_.inputs[i];
    if (!compatible(inputs[i], want.shape())) {
      fail_with("input \"" + want.node()->layer.name() + "\" is " + want.shape().str() +
                ", got " + inputs[i].str());
    }
  }
}

Tensors FunctionalImpl::call(const Tensors& inputs, const Call& call) {
  std::vector<Tensors> values(nodes_.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const SymbolicTensor& want = options_.inputs[i];
    Tensor input = inputs[i];
    if (input.dtype() != want.dtype()) {  // as Keras does, which truncates too
      input = cast_exactly(who() + ": input \"" + want.node()->layer.name() + "\"", input,
                           want.dtype());
    }
    values[source(want).node] = {with_mask(input, call.masks[i])};
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const Step& step = steps_[n];
    if (is_input(*nodes_[n])) continue;
    Tensors arguments;
    for (const Source& s : step.inputs) arguments.push_back(values[s.node][s.index]);
    for (std::size_t i = 0; i < step.lost_masks.size(); ++i) {
      if (step.lost_masks[i]) arguments[i] = with_mask(arguments[i], Tensor());
    }
    CallOptions options = nodes_[n]->arguments;
    for (const auto& mask : step.masks) {
      options.mask.push_back(mask ? values[mask->node][mask->index] : Tensor());
    }
    values[n] = nodes_[n]->layer.call(arguments, options);
    for (const std::size_t done : step.last_uses) values[done].clear();
  }
  Tensors outputs;
  for (const SymbolicTensor& output : options_.outputs) {
    const Source s = source(output);
    outputs.push_back(values[s.node][s.index]);
    if (lost_outputs_[outputs.size() - 1]) outputs.back() = with_mask(outputs.back(), Tensor());
  }
  return outputs;
}

Shapes FunctionalImpl::compute_output_shape(const Shapes&, const Call&) {
  Shapes shapes;
  for (const SymbolicTensor& output : options_.outputs) shapes.push_back(output.shape());
  return shapes;
}

std::vector<DType> FunctionalImpl::compute_output_dtypes(const std::vector<DType>&) const {
  std::vector<DType> dtypes;
  for (const SymbolicTensor& output : options_.outputs) dtypes.push_back(output.dtype());
  return dtypes;
}

}  // namespace kindling
