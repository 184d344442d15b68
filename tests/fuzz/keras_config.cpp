#include "tests/fuzz/fuzz.h"

#include <algorithm>

#include <kindling/io/archives/keras_config.h>
#include <kindling/io/archives/keras_write.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/layers/weights_to_come.h>

using namespace kindling;

namespace {

Functional model_of(const Config& graph, const std::string& file) {
  return functional_from_config(graph["config"], file,
                                graph["class_name"].as_string(file) == "Sequential");
}

bool begins_with_layer(std::string_view message, const LayerImpl& layer) {
  return message.starts_with(layer.who() + ": ") ||
         std::ranges::any_of(layer.layers(), [&](const Layer& inside) {
           return begins_with_layer(message, *inside.impl());
         });
}

// A model that is read is written as Keras has it, and that read and written is the same. A refusal
// to write, of what Keras has not, begins with the model or the layer.
const fuzz::Target keras_config_target("keras_config", [](std::string_view input) {
  fuzz::refuse_or([&] {
    const detail::WeightsToCome scope(0);
    const Config graph = keras::graph_from_keras(parse_json(input, "f"), "f");
    const Functional model = model_of(graph, "f");
    Config written;
    try {
      written = keras::model_to_keras(model, Config::Map());
    } catch (const Error& error) {
      fuzz::require(begins_with_layer(error.what(), *model.impl()), error.what());
      return;
    }
    const Functional again = model_of(keras::graph_from_keras(written, "again"), "again");
    fuzz::require(to_json(keras::model_to_keras(again, Config::Map())) == to_json(written),
                  "what is read, written and read is the same");
  });
});

}  // namespace
