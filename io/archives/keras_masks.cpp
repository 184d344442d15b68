#include <kindling/io/archives/keras_masks.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <kindling/layers/mask_operations.h>
#include <kindling/layers/functional_config.h>
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

// What a tensor carries, and who knows: Keras finds its own masks again. Those that recurrent
// layers and TimeDistributed pass on it finds up to 3.15, and may not later; nor does it find those
// that MultiHeadAttention has taken away when it opens an archive.
struct Mask {
  enum Known { none, to_keras, to_releases, to_us } known = none;
  std::optional<Source> tensor = {};  // the mask, if it is a tensor of the graph
  std::optional<Source> maker = {};   // else of what Keras works it out, if it is the mask of one
  std::vector<Mask> either = {};      // else true where one of these is

  bool operator==(const Mask& other) const {
    return tensor == other.tensor && maker == other.maker && either == other.either;
  }
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
      if (mask_of(output).known == Mask::to_us && !is_lost(output)) {
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
    const std::vector<Source> given = graph_.calls[i].inputs;
    std::vector<Mask> carried;
    for (const Source& input : given) carried.push_back(mask_of(input));
    for (Source& input : graph_.calls[i].inputs) input = without_masks(input);
    for (auto& mask : graph_.calls[i].masks) {
      if (mask) mask = without_masks(*mask);
    }
    if (name == "WithMask") {
      stands_for_[i] = graph_.calls[i].inputs[0];
      masks_[i] = {.known = Mask::to_us, .tensor = graph_.calls[i].inputs[1]};
      return;
    }
    // As FunctionalImpl::lost_masks has it.
    bool passes_none =
        layer.impl()->passes_masks_unseen() && std::ranges::any_of(given, [&](const Source& s) {
          return is_lost(s);
        });
    if (layer.impl()->takes_masks_away()) {
      for (std::size_t k = 0; k < given.size(); ++k) {
        if (is_lost(given[k])) carried[k] = Mask();
      }
      passes_none = is_lost(given[0]);
      for (const Source& s : given) {
        lost_.emplace(s.call, s.result);
        masks_[s.call] = passed_on(masks_[s.call]);
      }
    }
    masks_[i] = seen(i, layer, carried);
    if (!passes_none) return;
    masks_[i] = passed_on(masks_[i]);
    for (std::size_t r = 0; r < graph_.calls[i].shapes.size(); ++r) {
      lost_.emplace(i, static_cast<int>(r));
    }
  }
  bool is_lost(const Source& s) const { return lost_.contains({s.call, s.result}); }

  // What the result of a call carries; the call is given what Keras wouldn't see.
  Mask seen(std::size_t i, const Layer& layer, std::vector<Mask> carried) {
    const std::string& name = layer.class_name();
    const auto any_is = [&](Mask::Known least) {
      return std::ranges::any_of(carried, [&](const Mask& mask) { return mask.known >= least; });
    };
    const bool ours = any_is(Mask::to_us);
    const bool given = !graph_.calls[i].masks.empty();
    if (given) {
      for (std::size_t k = 0; k < carried.size(); ++k) {
        const auto& masks = graph_.calls[i].masks;
        carried[k] = k < masks.size() && masks[k] ? Mask{.known = Mask::to_keras,
                                                         .tensor = masks[k]} : Mask();
      }
    } else if (looks_at_masks(name)) {
      const bool states =
          is_recurrent(name) && carried.size() > 1 && carried[0].known != Mask::none;
      if (any_is(Mask::to_releases) || states) give(i, layer, carried, ours || states);
    } else if (ours && (looks_at_carried_masks(name) || !knows(name))) {
      fail("{}: looks at masks of with_mask, which Keras has no argument for",
           layer.impl()->who());
    }
    if (name == "Masking" ||
        (name == "Embedding" && layer.config()["mask_zero"].as_bool("mask_zero"))) {
      return {.known = Mask::to_keras, .maker = Source{i, 0}};
    }
    if (is_recurrent(name) || is_graph_class(name)) return of_sequence(layer, carried);
    if (name == "TimeDistributed") return passed_on(carried[0]);
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
    return config["return_sequences"].as_bool("return_sequences") ? passed_on(carried[0]) : Mask();
  }

  static Mask passed_on(Mask mask) {
    if (mask.known == Mask::to_keras) mask.known = Mask::to_releases;
    return mask;
  }

  // That which all have, or, of sums and the like, true where one of them is.
  static Mask joined(const std::string& name, const std::vector<Mask>& carried) {
    const auto known = [](const Mask& mask) { return mask.known; };
    const bool one_has_none = std::ranges::find(carried, Mask::none, known) != carried.end();
    if (carried.empty() || (name != "Concatenate" && one_has_none)) return {};
    Mask joint = carried[0];
    joint.known = std::ranges::max(carried, {}, known).known;
    for (const Mask& mask : carried) {
      if (mask == carried[0] && !one_has_none) continue;
      Mask all{.known = joint.known};
      if (name != "Concatenate") all.either = carried;
      return all;
    }
    return joint;
  }

  // `must`: Keras would not find them.
  void give(std::size_t i, const Layer& layer, std::vector<Mask>& carried, bool must) {
    std::vector<std::optional<Source>> masks;
    for (std::size_t k = 0; k < carried.size(); ++k) {
      if (carried[k].known == Mask::none) {
        masks.emplace_back();
        continue;
      }
      masks.push_back(tensor_of(carried[k]));
      if (!masks.back() && !must) return;
      if (!masks.back()) {
        fail("{}: must be given the mask of {} in a Keras archive, which is no tensor of the "
             "model; put it back with with_mask", layer.impl()->who(),
             layer_of(graph_.calls[i].inputs[k]).impl()->who());
      }
      carried[k] = {.known = Mask::to_keras, .tensor = masks.back()};
    }
    graph_.calls[i].masks = std::move(masks);
  }

  // A mask as a tensor of the graph, if it can be one.
  std::optional<Source> tensor_of(const Mask& mask) {
    if (mask.tensor) return mask.tensor;
    if (mask.maker) return worked_out(*mask.maker);
    std::optional<Source> all;
    for (const Mask& one : mask.either) {
      const std::optional<Source> tensor = tensor_of(one);
      if (!tensor) return {};
      all = all ? add(LogicalOr({.name = own_name("logical_or")}), {*all, *tensor},
                      shape_of(*all)) : *tensor;
    }
    return all;
  }

  const Shape& shape_of(const Source& s) const {
    return graph_.calls[s.call].shapes.at(static_cast<std::size_t>(s.result));
  }

  // The mask that Keras works out for an Embedding or Masking, once for each.
  Source worked_out(const Source& made) {
    const auto [at, fresh] = worked_out_.try_emplace(made.call, made);
    if (!fresh) return at->second;
    const Layer maker = layer_of(made);
    const Source x = graph_.calls[made.call].inputs[0];
    const bool ids = maker.class_name() == "Embedding";
    const double value = ids ? 0 : maker.config()["mask_value"].as_double("mask_value");
    Source mask = add(NotEqual({.value = value, .name = own_name("not_equal")}), {x}, shape_of(x));
    if (!ids) {
      mask = add(Any({.axis = {-1}, .name = own_name("any")}), {mask},
                 shape_of(mask).without(-1));
    }
    return at->second = mask;
  }

  std::string own_name(const std::string& operation) {
    std::string name = operation;
    for (int n = 1; !names_.insert(name).second; ++n) name = fmt::format("{}_{}", operation, n);
    return name;
  }

  // A call of an operation, at the end.
  Source add(const Layer& operation, std::vector<Source> inputs, const Shape& shape) {
    graph_.calls.push_back({.layer = graph_.layers.size(),
                            .inputs = std::move(inputs),
                            .shapes = {shape},
                            .dtypes = {DType::boolean}});
    graph_.layers.push_back(operation);
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
  std::set<std::pair<std::size_t, int>> lost_;      // results whose masks are taken away
  std::set<std::string> names_;
  std::map<std::size_t, Source> worked_out_;        // by the maker's call
};

}  // namespace

void make_masks_explicit(Graph& graph, bool sequential) {
  const bool needed = std::ranges::any_of(graph.calls, [&](const Call& call) {
    const std::string& name = graph.layers[call.layer].class_name();
    if (name == "WithMask") return true;
    return !sequential && (is_recurrent(name) || name == "TimeDistributed" ||
                           graph.layers[call.layer].impl()->takes_masks_away());
  });
  if (needed) Masks(graph).run();
}

}  // namespace kindling::keras
