#include <algorithm>
#include <cmath>
#include <set>

#include <kindling/io/archives/keras_calls.h>
#include <kindling/io/archives/keras_classes.h>
#include <kindling/io/archives/keras_write.h>
#include <kindling/layers/functional_config.h>
#include <kindling/layers/symbolic.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

bool is_recurrent(const std::string& class_name) {
  return class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN" ||
         class_name == "Bidirectional";
}

// Whether it, or a layer inside that is no graph, is stateful.
bool keeps_states(const Layer& layer) {
  if (is_graph_class(layer.class_name())) return false;
  const Config stateful = is_recurrent(layer.class_name()) ? layer.config()["stateful"] : Config();
  return (!stateful.is_null() && stateful.as_bool("stateful")) ||
         std::ranges::any_of(layer.impl()->layers(), keeps_states);
}

void check_batch_of_states(const Graph& graph) {
  const bool known = std::ranges::all_of(graph.inputs, [&](const Source& input) {
    const Layer& layer = graph.layers[graph.calls[input.call].layer];
    return !layer.config()["batch_shape"].as_list("batch_shape")[0].is_null();
  });
  const auto layer = std::ranges::find_if(graph.layers, keeps_states);
  if (known || layer == graph.layers.end()) return;
  fail("{}: keeps states from call to call, for which Keras wants a batch of a known size; give "
       "Input() its batch_size", layer->impl()->who());
}

Config tensor_to_keras(const Graph& graph, const Source& source) {
  const Call& call = graph.calls[source.call];
  const auto result = static_cast<std::size_t>(source.result);
  return Config::Map{
      {"class_name", "__keras_tensor__"},
      {"config", Config::Map{{"shape", to_config(call.shapes.at(result))},
                             {"dtype", to_config(call.dtypes.at(result))},
                             {"keras_history", history_to_keras(graph, source)}}}};
}

Config::List tensors_to_keras(const Graph& graph, const std::vector<Source>& sources,
                              std::size_t begin = 0) {
  Config::List list;
  for (std::size_t i = begin; i < sources.size(); ++i) {
    list.push_back(tensor_to_keras(graph, sources[i]));
  }
  return list;
}

Config mask_to_keras(const Graph& graph, const Call& call, std::size_t input) {
  if (input >= call.masks.size() || !call.masks[input]) return {};
  return tensor_to_keras(graph, *call.masks[input]);
}

Config::List masks_to_keras(const Graph& graph, const Call& call) {
  Config::List list;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    list.push_back(mask_to_keras(graph, call, i));
  }
  return list;
}

// One number, whole where the operand's are.
Config constant(const Layer& layer, const Graph& graph, const Call& call) {
  const double value = layer.config()["value"].as_double("value");
  const Call& source = graph.calls[call.inputs[0].call];
  const DType dtype = source.dtypes.at(static_cast<std::size_t>(call.inputs[0].result));
  const bool is_whole = std::abs(value) < 0x1p53 && std::trunc(value) == value;
  return dtype != DType::float32 && is_whole ? Config(static_cast<std::int64_t>(value))
                                             : Config(value);
}

// Ours say so in an option too, Keras 3's only in the call.
bool is_causal(const Layer& layer) {
  const std::string& class_name = layer.class_name();
  if (class_name != "AdditiveAttention" && class_name != "Attention") return false;
  return layer.config()["causal"].as_bool("causal");
}

Config call_to_keras(const Graph& graph, const Call& call) {
  const Layer& layer = graph.layers[call.layer];
  const std::string& class_name = layer.class_name();
  Config::List args = tensors_to_keras(graph, call.inputs);
  Config kwargs{Config::Map()};
  const Class* known = keras_class(class_name);
  const bool nested = is_graph_class(class_name);
  if (is_operation(layer)) {
    if (class_name == "NotEqual") args.push_back(constant(layer, graph, call));
  } else if (class_name == "MultiHeadAttention") {
    if (args.size() > 3) {
      kwargs.set("attention_mask", args[3]);
      args.pop_back();
    }
    for (std::size_t i = 0; const char* name : {"query_mask", "value_mask", "key_mask"}) {
      if (const Config mask = mask_to_keras(graph, call, i++); !mask.is_null()) {
        kwargs.set(name, mask);
      }
    }
  } else if (is_recurrent(class_name)) {
    args.resize(1);
    if (call.inputs.size() > 1) {
      kwargs.set("initial_state", tensors_to_keras(graph, call.inputs, 1));
    }
    kwargs.set("mask", mask_to_keras(graph, call, 0));
  } else if (call.inputs.size() == 1 && !takes_list(class_name)) {
    const bool takes_mask = nested || (known != nullptr && known->takes_mask);
    if (takes_mask || !call.masks.empty()) kwargs.set("mask", mask_to_keras(graph, call, 0));
  } else {
    args = {Config(args)};
    if (!call.masks.empty()) kwargs.set("mask", masks_to_keras(graph, call));
  }
  const CallOptions& arguments = call.arguments;
  if (arguments.training && takes_training(class_name)) {
    kwargs.set("training", *arguments.training);
  }
  if (arguments.use_causal_mask || is_causal(layer)) kwargs.set("use_causal_mask", true);
  if (arguments.return_attention_scores) kwargs.set("return_attention_scores", true);
  return Config::Map{{"args", args}, {"kwargs", kwargs}};
}

Config ends(const Graph& graph, const std::vector<Source>& sources, bool outputs) {
  Config::List all;
  for (const Source& source : sources) all.push_back(history_to_keras(graph, source, outputs));
  return all.size() == 1 ? all[0] : Config(all);
}

Config outputs_to_keras(const FunctionalImpl& model, const Graph& graph) {
  if (!model.names_outputs()) return ends(graph, graph.outputs, true);
  Config::Map by_name;
  for (std::size_t i = 0; const std::string& name : model.output_names()) {
    by_name.emplace_back(name, history_to_keras(graph, graph.outputs[i++], true));
  }
  return by_name;
}

// A layer of a graph, under the name that it has there.
Config named_object(const Graph& graph, const Layer& layer, const Names& names) {
  Config object = object_to_keras(layer, names);
  if (!graph.names.contains(layer.impl().get())) return object;
  Config config = object["config"];
  config.set("name", graph.name_of(layer));
  object.set("config", config);
  return object;
}

Config functional(const FunctionalImpl& model, const Graph& graph, const Names& names) {
  Config::List layers;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    Config entry = named_object(graph, graph.layers[i], names);
    entry.set("name", graph.name_of(graph.layers[i]));
    entry.set("inbound_nodes", calls_to_keras(graph, i));
    layers.push_back(std::move(entry));
  }
  return Config::Map{
      {"module", "keras.src.models.functional"},
      {"class_name", "Functional"},
      {"config", Config::Map{{"name", model.name()},
                             {"trainable", model.trainable()},
                             {"layers", layers},
                             {"input_layers", ends(graph, graph.inputs, false)},
                             {"output_layers", outputs_to_keras(model, graph)}}},
      {"registered_name", "Functional"},
      {"build_config", Config::Map{{"input_shape", Config()}}}};
}

Config sequential(const LayerImpl& model, const Graph& graph, const Names& names) {
  Config::List layers;
  for (const Layer& layer : graph.layers) layers.push_back(named_object(graph, layer, names));
  const Config shape = to_config(graph.calls[graph.inputs[0].call].shapes.at(0));
  return Config::Map{{"module", "keras"},
                     {"class_name", "Sequential"},
                     {"config", Config::Map{{"name", model.name()},
                                            {"trainable", model.trainable()},
                                            {"dtype", dtype_policy()},
                                            {"layers", layers},
                                            {"build_input_shape", shape}}},
                     {"registered_name", Config()},
                     {"build_config", Config::Map{{"input_shape", shape}}}};
}

void name_inside(const Layer& layer, bool of_graph, std::set<std::string>& taken,
                 Names& names) {
  const bool is_graph = is_graph_class(layer.class_name());
  if (!of_graph && !is_graph && !names.contains(layer.impl().get())) {
    std::string name = layer.name();
    for (int n = 1; !taken.insert(name).second; ++n) name = fmt::format("{}_{}", layer.name(), n);
    names[layer.impl().get()] = name;
  }
  for (const Layer& inside : layer.impl()->layers()) name_inside(inside, is_graph, taken, names);
}

void note_names(const Layer& model, std::set<std::string>& names) {
  for (const Layer& layer : model.impl()->layers()) {
    names.insert(layer.name());
    if (is_graph_class(layer.class_name())) note_names(layer, names);
  }
}

}  // namespace

Config history_to_keras(const Graph& graph, const Source& source, bool end) {
  const Layer& layer = graph.layers[graph.calls[source.call].layer];
  std::size_t call = graph.number(source.call);
  // Keras counts a call of the nested model's own before these, but only where a graph ends.
  if (end && layer.class_name() == "Functional") ++call;
  return Config::List{graph.name_of(layer), static_cast<std::int64_t>(call), source.result};
}

Config calls_to_keras(const Graph& graph, std::size_t layer) {
  Config::List calls;
  for (const Call& call : graph.calls) {
    if (call.layer == layer && !call.inputs.empty()) calls.push_back(call_to_keras(graph, call));
  }
  return calls;
}

static Config model_object(const FunctionalImpl& model, const Names& names,
                           const Config& compile_config) {
  const Graph graph = keras_graph(model);
  check_batch_of_states(graph);
  Config object = model.class_name() == "Sequential" && is_chain(graph)
                      ? sequential(model, graph, names)
                      : functional(model, graph, names);
  object.set("compile_config", compile_config);
  return object;
}

Config object_to_keras(const Layer& layer, const Names& names) {
  const auto* model = dynamic_cast<const FunctionalImpl*>(layer.impl().get());
  return model != nullptr ? model_object(*model, names, Config::Map())
                          : layer_to_keras(layer, names);
}

Names names_inside(const Layer& model) {
  Names names;
  std::set<std::string> taken;
  if (is_graph_class(model.class_name())) note_names(model, taken);
  name_inside(model, true, taken, names);
  return names;
}

Config model_to_keras(const Layer& layer, const Config& compile_config) {
  const auto* model = dynamic_cast<const FunctionalImpl*>(layer.impl().get());
  if (model == nullptr) {
    fail("{}: a Keras archive holds a graph of layers, and this is a layer of one's own; make a "
         "Model of Input()s and what it gives for them", layer.impl()->who());
  }
  return model_object(*model, names_inside(layer), compile_config);
}

}  // namespace kindling::keras
