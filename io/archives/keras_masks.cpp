#include <kindling/io/archives/keras_masks.h>

#include <algorithm>
#include <set>

#include <kindling/io/functional_config.h>
#include <kindling/layers/not_equal.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::ranges::any_of(names, [&](const char* n) { return name == n; });
}

bool is_recurrent(const std::string& name) {
  return is_one_of(name, {"LSTM", "GRU", "SimpleRNN", "Bidirectional"});
}
bool is_attention(const std::string& name) {
  return is_one_of(name, {"AdditiveAttention", "Attention", "MultiHeadAttention"});
}
// Those whose call() is given masks in Keras.
bool looks_at_masks(const std::string& name) {
  return is_recurrent(name) || is_attention(name) || is_graph_class(name) ||
         is_one_of(name, {"GlobalAveragePooling1D", "Softmax", "TimeDistributed"});
}
// Those that look at the masks their inputs carry, and at no others.
bool looks_at_carried_masks(const std::string& name) {
  return is_one_of(name, {"Maximum", "Minimum", "Multiply"});
}
bool passes_mask_on(const std::string& name) {
  return is_attention(name) ||
         is_one_of(name, {"Activation", "Dense", "Dropout", "ELU", "LayerNormalization",
                          "LeakyReLU", "PReLU", "ReLU", "Softmax", "SpatialDropout1D",
                          "TimeDistributed"});
}
bool joins_masks(const std::string& name) {
  return looks_at_carried_masks(name) || is_one_of(name, {"Add", "Average", "Concatenate",
                                                          "Subtract"});
}

// What a tensor carries, and who knows: Keras finds its own masks again.
struct Mask {
  enum Known { none, to_keras, to_us } known = none;
  std::optional<Source> tensor = {};  // the mask, if it is a tensor of the graph
};

class Masks {
 public:
  explicit Masks(Graph& graph) : graph_(graph) {}

  void run() {
    for (const Layer& layer : graph_.layers) names_.insert(layer.name());
    const std::size_t count = graph_.calls.size();
    masks_.resize(count);
    stands_for_.resize(count);
    for (std::size_t i = 0; i < count; ++i) visit(i);
    for (Source& output : graph_.outputs) {
      if (mask_of(output).known == Mask::to_us) {
        fail("{}: is an output with a mask of with_mask, which losses would see; a Keras archive "
             "has no place for it there", layer_of(output).impl()->who());
      }
      output = without_masks(output);
    }
    take_out();
  }

 private:
  const Layer& layer_of(const Source& s) const { return graph_.layers[graph_.calls[s.call].layer]; }
  Mask mask_of(const Source& s) const { return s.result == 0 ? masks_[s.call] : Mask(); }

  // The tensor itself, where WithMask only gave it a mask.
  Source without_masks(Source s) const {
    return s.call < stands_for_.size() && stands_for_[s.call] ? *stands_for_[s.call] : s;
  }

  void visit(std::size_t i) {
    const Layer layer = graph_.layers[graph_.calls[i].layer];
    const std::string& name = layer.class_name();
    std::vector<Mask> carried;
    for (const Source& input : graph_.calls[i].inputs) carried.push_back(mask_of(input));
    for (Source& input : graph_.calls[i].inputs) input = without_masks(input);
    for (auto& mask : graph_.calls[i].masks) {
      if (mask) mask = without_masks(*mask);
    }
    if (name == "WithMask") {
      stands_for_[i] = graph_.calls[i].inputs[0];
      masks_[i] = {Mask::to_us, graph_.calls[i].inputs[1]};
      return;
    }
    masks_[i] = seen(i, layer, carried);
  }

  // What the result of a call carries; the call is given what Keras wouldn't see.
  Mask seen(std::size_t i, const Layer& layer, std::vector<Mask> carried) {
    const std::string& name = layer.class_name();
    const bool ours = std::ranges::any_of(
        carried, [](const Mask& mask) { return mask.known == Mask::to_us; });
    const bool given = !graph_.calls[i].masks.empty();
    if (given) {
      for (std::size_t k = 0; k < carried.size(); ++k) {
        const auto& masks = graph_.calls[i].masks;
        carried[k] = k < masks.size() && masks[k] ? Mask{Mask::to_keras, masks[k]} : Mask();
      }
    } else if (looks_at_masks(name)) {
      const bool states =
          is_recurrent(name) && carried.size() > 1 && carried[0].known != Mask::none;
      if (ours || states) give(i, layer, carried);
    } else if (ours && (looks_at_carried_masks(name) || !knows(name))) {
      fail("{}: looks at masks of with_mask, which Keras has no argument for",
           layer.impl()->who());
    }
    if (name == "Embedding") {
      return {layer.config()["mask_zero"].as_bool("mask_zero") ? Mask::to_keras : Mask::none};
    }
    if (name == "Masking") return {Mask::to_keras};
    if (is_recurrent(name) || is_graph_class(name)) return of_sequence(layer, carried);
    if (passes_mask_on(name)) return carried.empty() ? Mask() : carried[0];
    if (joins_masks(name)) return joined(name, carried);
    return {};
  }

  // Classes whose masks we know all about; the user's own are others.
  static bool knows(const std::string& name) {
    return passes_mask_on(name) || joins_masks(name) || is_one_of(name, {
        "AveragePooling1D", "Conv1D", "Dot", "Embedding", "Flatten", "GlobalMaxPooling1D",
        "Masking", "MaxPooling1D", "Permute", "RepeatVector", "Reshape"});
  }

  Mask of_sequence(const Layer& layer, const std::vector<Mask>& carried) const {
    if (is_graph_class(layer.class_name())) return {};  // its own layers give its outputs theirs
    const Config config = layer.class_name() == "Bidirectional"
                              ? layer.impl()->layers().at(0).config()
                              : layer.config();
    return config["return_sequences"].as_bool("return_sequences") ? carried[0] : Mask();
  }

  // None, or those of Keras alone; else one that is no tensor of the graph.
  static Mask joined(const std::string& name, const std::vector<Mask>& carried) {
    const auto any_is = [&](Mask::Known known) {
      return std::ranges::any_of(carried, [&](const Mask& mask) { return mask.known == known; });
    };
    if (name != "Concatenate" && any_is(Mask::none)) return {};
    if (any_is(Mask::to_us)) return {Mask::to_us};
    return {any_is(Mask::to_keras) ? Mask::to_keras : Mask::none};
  }

  void give(std::size_t i, const Layer& layer, std::vector<Mask>& carried) {
    std::vector<std::optional<Source>> masks;
    for (std::size_t k = 0; k < carried.size(); ++k) {
      if (carried[k].known == Mask::none) {
        masks.emplace_back();
        continue;
      }
      masks.push_back(carried[k].tensor ? *carried[k].tensor
                                        : worked_out(graph_.calls[i].inputs[k], layer));
      carried[k] = {Mask::to_keras, masks.back()};
    }
    graph_.calls[i].masks = std::move(masks);
  }

  // A mask that Keras works out by itself, as a tensor.
  Source worked_out(const Source& tensor, const Layer& user) {
    const Layer maker = layer_of(tensor);
    if (maker.class_name() != "Embedding") {
      fail("{}: must be given the mask of {} in a Keras archive, which is no tensor of the model; "
           "put it back with with_mask", user.impl()->who(), maker.impl()->who());
    }
    std::string name = "not_equal";
    for (int n = 1; names_.contains(name); ++n) name = fmt::format("not_equal_{}", n);
    names_.insert(name);
    const Source ids = graph_.calls[tensor.call].inputs[0];
    const Call& source = graph_.calls[ids.call];
    Call call{.layer = graph_.layers.size(),
              .inputs = {ids},
              .shapes = {source.shapes.at(static_cast<std::size_t>(ids.result))},
              .dtypes = {DType::boolean}};
    graph_.layers.push_back(NotEqual({.value = 0, .name = name}));
    graph_.calls.push_back(std::move(call));
    return {graph_.calls.size() - 1, 0};
  }

  void take_out() {
    std::vector<std::size_t> layer_now(graph_.layers.size()), call_now(graph_.calls.size());
    std::vector<Layer> layers;
    std::vector<Call> calls;
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      layer_now[i] = layers.size();
      if (graph_.layers[i].class_name() != "WithMask") layers.push_back(graph_.layers[i]);
    }
    for (std::size_t i = 0; i < graph_.calls.size(); ++i) {
      call_now[i] = calls.size();
      if (graph_.layers[graph_.calls[i].layer].class_name() == "WithMask") continue;
      calls.push_back(std::move(graph_.calls[i]));
    }
    for (Call& call : calls) {
      call.layer = layer_now[call.layer];
      for (Source& s : call.inputs) s.call = call_now[s.call];
      for (auto& mask : call.masks) {
        if (mask) mask->call = call_now[mask->call];
      }
    }
    for (auto* ends : {&graph_.inputs, &graph_.outputs}) {
      for (Source& s : *ends) s.call = call_now[s.call];
    }
    graph_.layers = std::move(layers);
    graph_.calls = std::move(calls);
  }

  Graph& graph_;
  std::vector<Mask> masks_;                         // of each call's first result
  std::vector<std::optional<Source>> stands_for_;   // calls of WithMask
  std::set<std::string> names_;
};

}  // namespace

void make_masks_explicit(Graph& graph) {
  const bool needed = std::ranges::any_of(graph.calls, [&](const Call& call) {
    const std::string& name = graph.layers[call.layer].class_name();
    return name == "WithMask" ||
           (is_recurrent(name) && call.inputs.size() > 1 && call.masks.empty());
  });
  if (needed) Masks(graph).run();
}

}  // namespace kindling::keras
