// Calls of models inside models, which the versions of Keras count and write in ways of their own.
#include <kindling/io/archives/keras_config.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>

#include "tests/hostile/keras_archive.h"

using namespace kindling;

namespace {

// What a config is in a file.
struct Style {
  bool modules;  // in archives, not in .h5
  bool lists;    // calls of Keras 2
};

std::string entry(const Style& style, const std::string& class_name, const std::string& name,
                  const std::string& config, const std::string& calls) {
  return std::string("{") + (style.modules ? R"("module": "keras.layers", )" : "") +
         R"("class_name": ")" + class_name + R"(", "config": )" + config + R"(, "name": ")" + name +
         R"(", "inbound_nodes": [)" + calls + "]}";
}

std::string input(const Style& style, const std::string& name) {
  return entry(style, "InputLayer", name,
               R"({"batch_shape": [null, 4], "dtype": "float32", "name": ")" + name + "\"}", "");
}

// Of results, such as {"tower", 1}.
std::string called_on(const Style& style, const std::vector<std::pair<std::string, int>>& results) {
  std::string all;
  for (const auto& [layer, number] : results) {
    all += all.empty() ? "" : ", ";
    all += style.lists ? "[\"" + layer + "\", " + std::to_string(number) + ", 0, {}]"
                       : history(layer, number);
  }
  if (style.lists) return "[" + all + "]";
  return call(results.size() == 1 ? all : "[" + all + "]");
}

std::string tower(const Style& style, bool sequential, bool with_input) {
  const std::string dense = R"({"name": "d", "units": 3})";
  if (!sequential) {
    return R"({"name": "tower", "layers": [)" + input(style, "x") + ", " +
           entry(style, "Dense", "d", dense, called_on(style, {{"x", 0}})) +
           R"(], "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]})";
  }
  return R"({"name": "tower", "build_input_shape": [null, 4], "layers": [)" +
         (with_input ? input(style, "x") + ", " : "") + entry(style, "Dense", "d", dense, "") +
         "]}";
}

// a and b go through one tower, and come together; the tower's second result is an output too.
// `first` and `end` are the numbers of its first call, and of its second at the end.
std::string siamese(const Style& style, int first, int end, bool sequential = false,
                    bool with_input = true) {
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [)" +
         input(style, "a") + ", " + input(style, "b") + ", " +
         entry(style, sequential ? "Sequential" : "Functional", "tower",
               tower(style, sequential, with_input),
               called_on(style, {{"a", 0}}) + ", " + called_on(style, {{"b", 0}})) +
         ", " +
         entry(style, "Concatenate", "both", R"({"name": "both", "axis": -1})",
               called_on(style, {{"tower", first}, {"tower", first + 1}})) +
         R"(], "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["both", 0, 0], )" +
         R"(["tower", )" + std::to_string(end) + ", 0]]}}";
}

// Our graph of the config.
Config graph_of(const std::string& json) {
  const Config graph = keras::graph_from_keras(parse_json(json, "json"), "json");
  functional_from_config(graph["config"], "json");  // which it can be made of
  return graph["config"];
}

// What a layer is called on, "tower 0, tower 1"; its masks behind a bar.
std::string taken(const Config& graph, const std::string& layer) {
  std::string all;
  const auto add = [&](const Config& tensors) {
    for (const Config& tensor : tensors.as_list("tensors")) {
      all += all.empty() || all.ends_with("| ") ? "" : ", ";
      const Config& from = tensor["config"]["keras_history"];
      all += from.is_null() ? "none"
                            : from.as_list("history")[0].as_string("layer") + " " +
                                  std::to_string(from.as_list("history")[1].as_int("call"));
    }
  };
  for (const Config& each : graph["layers"].as_list("layers")) {
    if (each["name"].as_string("name") != layer) continue;
    for (const Config& one : each["inbound_nodes"].as_list("calls")) {
      add(one["args"].as_list("args")[0]);
      if (one["kwargs"]["mask"].is_null()) continue;
      all += " | ";
      add(one["kwargs"]["mask"]);
    }
  }
  return all;
}

std::string outputs(const Config& graph) { return to_json(graph["output_layers"], -1); }

void check_siamese(const std::string& json) {
  INFO(json);
  const Config graph = graph_of(json);
  CHECK(taken(graph, "tower") == "a 0, b 0");
  CHECK(taken(graph, "both") == "tower 0, tower 1");
  CHECK(outputs(graph) == R"([["both",0,0],["tower",1,0]])");
}

// The operation "mask", where a layer isn't 0.
std::string mask_of(const std::string& layer) {
  return R"({"module": "keras.src.ops.numpy", "class_name": "NotEqual", "config": {"name": )"
         R"("mask"}, "name": "mask", "inbound_nodes": [{"args": [)" + history(layer) +
         R"(, 0], "kwargs": {}}]})";
}

// inner, a model of inputs a and b, is called on what is said; c, d and the mask are there.
std::string model_called(const std::string& inner_inputs, const std::string& calls) {
  const Style style{true, false};
  const std::string inner =
      R"({"name": "inner", "layers": [)" + input(style, "b") + ", " + input(style, "a") + ", " +
      entry(style, "Add", "add", R"({"name": "add"})", called_on(style, {{"a", 0}, {"b", 0}})) +
      R"(], "input_layers": )" + inner_inputs + R"(, "output_layers": [["add", 0, 0]]})";
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [)" +
         input(style, "c") + ", " + input(style, "d") + ", " + mask_of("c") + ", " +
         entry(style, "Functional", "inner", inner, calls) +
         R"(], "input_layers": [["c", 0, 0], ["d", 0, 0]], "output_layers": [["inner", 1, 0]]}})";
}

}  // namespace

TEST_CASE("A model called twice is told apart by its calls in every version's way to count") {
  check_siamese(siamese({.modules = true, .lists = false}, 0, 2));   // .keras of Keras 3
  check_siamese(siamese({.modules = false, .lists = false}, 0, 2));  // .h5 of Keras 3
  check_siamese(siamese({.modules = true, .lists = true}, 1, 2));    // .keras of Keras 2
  check_siamese(siamese({.modules = false, .lists = true}, 1, 2));   // .h5 of Keras 2
}

TEST_CASE("A Sequential has a call of its own in Keras 2, if it has an input, not in Keras 3") {
  for (const bool modules : {true, false}) {
    check_siamese(siamese({modules, false}, 0, 1, true));
    check_siamese(siamese({modules, true}, 1, 2, true));
    check_siamese(siamese({modules, true}, 0, 1, true, false));
  }
}

TEST_CASE("A model that is called on an object takes its inputs by name") {
  const std::string by_place = R"([["b", 0, 0], ["a", 0, 0]])";
  const std::string by_key = R"({"b": ["b", 0, 0], "a": ["a", 0, 0]})";
  const std::string given = "{\"a\": " + history("c") + ", \"b\": " + history("d") + "}";
  const auto taken_by_inner = [](const std::string& inputs, const std::string& calls) {
    return taken(graph_of(model_called(inputs, calls)), "inner");
  };
  CHECK(taken_by_inner(by_place, call(given)) == "d 0, c 0");
  CHECK(taken_by_inner(by_key, call(given)) == "c 0, d 0");  // its inputs are sorted too
  CHECK(taken_by_inner(by_place, R"({"a": ["c", 0, 0, {}], "b": ["d", 0, 0, {}]})") ==
        "d 0, c 0");  // of Keras 2
  // Under other names: sorted.
  CHECK(taken_by_inner(by_place, call("{\"y\": " + history("c") + ", \"x\": " + history("d") +
                                      "}")) == "d 0, c 0");
  const auto masked = [&](const std::string& mask) {
    return R"({"args": [)" + given + R"(], "kwargs": {"mask": )" + mask + "}}";
  };
  CHECK(taken_by_inner(by_place, masked(R"({"a": null, "b": null})")) == "d 0, c 0");
  CHECK(taken_by_inner(by_place, masked("{\"a\": " + history("mask") + ", \"b\": null}")) ==
        "d 0, c 0 | none, mask 0");
}

TEST_CASE("Masks and other arguments by place are those of Keras's call()") {
  const Style style{true, false};
  const std::string start =
      R"({"class_name": "Functional", "config": {"name": "m", "layers": [)" +
      entry(style, "InputLayer", "ids",
            R"({"batch_shape": [null, 7], "dtype": "int32", "name": "ids"})", "") + ", " +
      mask_of("ids") + ", " +
      entry(style, "Embedding", "words", R"({"name": "words", "input_dim": 9, "output_dim": 4})",
            called_on(style, {{"ids", 0}})) + ", ";
  const auto layer = [&](const std::string& class_name, const std::string& args) {
    const Config graph = graph_of(
        start + entry(style, class_name, "l", R"({"name": "l"})",
                      R"({"args": [)" + args + R"(], "kwargs": {}})") +
        R"(], "input_layers": ["ids", 0, 0], "output_layers": ["l", 0, 0]}})");
    const Config& call = graph["layers"].as_list("layers").back()["inbound_nodes"].as_list("l")[0];
    std::string others;
    for (const auto& [key, value] : call["kwargs"].as_map("kwargs")) {
      if (key != "mask") others += "; " + key + " " + value.str();
    }
    return taken(graph, "l") + others;
  };
  const std::string words = history("words"), both = "[" + words + ", " + words + "]";
  const std::string masks = "[" + history("mask") + ", null]";
  for (const std::string attention : {"Attention", "AdditiveAttention"}) {
    CHECK(layer(attention, both + ", " + masks) == "words 0, words 0 | mask 0, none");
    CHECK(layer(attention, both + ", null, false, true, true") ==
          "words 0, words 0; return_attention_scores true; training false; use_causal_mask true");
    CHECK(layer(attention, both + ", " + masks + ", true") ==
          "words 0, words 0 | mask 0, none; training true");
  }
  CHECK(layer("GlobalAveragePooling1D", words + ", " + history("mask")) == "words 0 | mask 0");
  CHECK(message_of([&] { layer("Flatten", words + ", " + history("mask")); })
            .starts_with("json: layer \"l\": takes 1 argument by place, got "));
}
