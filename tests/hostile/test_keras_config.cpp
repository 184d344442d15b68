// Archives of Keras's whose config.json is wrong.
#include "tests/hostile/keras_archive.h"

#include <fmt/format.h>

#include <kindling/io/archives/keras.h>

using namespace kindling;

namespace {

void parse(const std::string& bytes) { parse_keras(bytes, "f"); }

// The archive of x -> d with one part of its config replaced.
std::string with_part(std::string_view part, std::string_view other) {
  return archive(with(valid_config(), part, other));
}

// With a layer between them; x is (None, 4).
std::string through(const std::string& class_name, const std::string& options) {
  return archive(layers_config(
      {input_config("x"), layer_config("y", class_name, options, history("x")),
       layer_config("d", "Dense", R"("units": 3)", history("y"))}));
}

// With another layer in its place.
std::string of(const std::string& class_name, const std::string& options) {
  return archive(layers_config({input_config("x"), layer_config("d", class_name, options,
                                                                history("x"))}));
}

std::string nested(int levels) {
  std::string config = valid_config();
  for (int i = 0; i < levels; ++i) {
    config = layers_config({input_config("x"), with(config, R"("config": {"name": "m")",
                            R"("name": "d", "inbound_nodes": [)" + call(history("x")) +
                            R"(], "config": {"name": "d")")});
  }
  return archive(config);
}

const std::string config = "config.json: ";
const std::string d = config + "layer \"d\"";

}  // namespace

TEST_CASE("hostile Keras configs: the frame") {
  CHECK(refusal([&] { parse(archive(valid_config())); }) == "no error");
  check_refused(parse, {
      {archive(""), "?"},
      {archive("{\"class_name\": \"Functional\""), "?"},
      {archive("[]"), "?"},
      {archive("{}"), "?"},
      {archive(std::string(100'000, '[')), "?"},
      {nested(2), "?"},
      {nested(100), "?"},
      {with_part(R"("Functional")", R"("MyModel")"), "?"},
      {with_part(R"("config": {"name": "m")", R"("config": "m", "c": {"name": "m")"), "?"},
      {with_part(R"("layers")", R"("layer")"), "?"},
      {with_part(R"("layers": [)", R"("layers": [1, )"), "?"},
      {with_part(R"("layers": [)", R"("layers": {}, "l": [)"), "?"},
      {with_part(R"("name": "m")", R"("name": 1)"), "?"},
      {with_part(R"("input_layers": [["x", 0, 0]])", R"("input_layers": [])"), "?"},
      {with_part(R"("input_layers": [["x", 0, 0]])", R"("input_layers": [["d", 0, 0]])"), "?"},
      {with_part(R"("input_layers": [["x", 0, 0]])", R"("input_layers": [["x", 0, 0], ["x", 0, 0]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [["e", 0, 0]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [["d", 1, 0]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [["d", 0, 1]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [["d", -1, 0]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [["d", 0]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": [["d", 0.5, 0]])"), "?"},
      {with_part(R"("output_layers": [["d", 0, 0]])", R"("output_layers": "d")"), "?"},
  });
}

TEST_CASE("hostile Keras configs: inputs") {
  const std::string shape = R"("batch_shape": [null, 4])", dtype = R"("dtype": "float32", "name")";
  check_refused(parse, {
      {with_part(shape, R"("batch": 1)"), "?"},
      {with_part(shape, R"("batch_shape": 4)"), "?"},
      {with_part(shape, R"("batch_shape": [])"), "?"},
      {with_part(shape, R"("batch_shape": [null, -4])"), "?"},
      {with_part(shape, R"("batch_shape": [null, 4.5])"), "?"},
      {with_part(shape, R"("batch_shape": [null, "4"])"), "?"},
      {with_part(shape, R"("batch_shape": [null, 99999999999999999999])"), "?"},
      {with_part(shape, R"("batch_shape": [null, 1, 1, 1, 1, 1, 4])"), "?"},
      {with_part(shape, R"("batch_shape": [null, null])"), "?"},
      {with_part(dtype, R"("dtype": "string", "name")"), "?"},
      {with_part(dtype, R"("dtype": 1, "name")"), "?"},
      {with_part(dtype, R"("sparse": true, "name")"), "?"},
  });
}

TEST_CASE("hostile Keras configs: layers") {
  const std::string units = R"("units": 3)";
  check_refused(parse, {
      {with_part(units, R"("units": -3)"), "?"},
      {with_part(units, R"("units": 0)"), "?"},
      {with_part(units, R"("units": NaN)"), "?"},
      {with_part(units, R"("units": 3.5)"), "?"},
      {with_part(units, R"("units": "3")"), "?"},
      {with_part(units, R"("units": 1e400)"), "?"},
      {with_part(units, R"("unit": 3)"), "?"},
      {with_part(units, R"("units": 1000000000)"), "?"},
      {with_part(units, R"("units": 4611686018427387904)"), "?"},
      {with_part(units, R"("units": 3, "rank": 2)"), "?"},
      {with_part(units, R"("units": 3, "quantization_config": {})"), "?"},
      {with_part(units, R"("units": 3, "dtype": "mixed_float16")"), "?"},
      {with_part(units, R"("units": 3, "dtype": {"class_name": "DTypePolicy", "config": {"name": "float64"}})"), "?"},
      {with_part(units, R"("units": 3, "activation": "lambda")"), "?"},
      {with_part(units, R"("units": 3, "activation": {"class_name": "function", "config": 1})"), "?"},
      {with_part(units, R"("units": 3, "kernel_initializer": "Frob")"), "?"},
      {with_part(units, R"("units": 3, "kernel_initializer": {"class_name": "Constant", "config": 1})"), "?"},
      {with_part(units, R"("units": 3, "kernel_regularizer": {"class_name": "L1", "config": {"l1": "x"}})"), "?"},
      {with_part(units, R"("units": 3, "kernel_constraint": {"class_name": "MaxNorm", "config": {"max": 1}})"), "?"},
      {with_part(R"("class_name": "Dense")", R"("class_name": "Lambda")"), "?"},
      {with_part(R"("class_name": "Dense")", R"("class_name": null)"), "?"},
      {of("Frob", "\"a\": 1"), "?"},
      {with_part(R"({"name": "d", )", R"({"name": "e", )"), "?"},
      {with_part(R"("name": "d", "inbound_nodes")", R"("name": "x", "inbound_nodes")"), "?"},
      {of("Conv4D", "\"filters\": 1"), "?"},
      {of("Conv1D", R"("filters": 3, "kernel_size": 2)"), "?"},
      {of("Embedding", R"("input_dim": 3, "output_dim": 99999999)"), "?"},
      {of("Reshape", R"("target_shape": [3, -2])"), "?"},
      {of("RepeatVector", R"("n": -1)"), "?"},
      {of("Dropout", R"("rate": 1.5)"), "?"},
      {of("Permute", R"("dims": [2, 1])"), "?"},
      {of("TimeDistributed", R"("layer": 1)"), "?"},
      {of("Bidirectional", R"("layer": null)"), "?"},
      {of("MultiHeadAttention", R"("num_heads": 0, "key_dim": 1)"), "?"},
      {through("Softmax", R"("axis": 7)"), "?"},
      {through("Activation", R"("activation": "glu")"), "?"},
      {through("Masking", R"("mask_value": "0")"), "?"},
  });
}

TEST_CASE("hostile Keras configs: calls") {
  const std::string x = R"("keras_history": ["x", 0, 0])";
  const std::string nodes = R"("name": "d", "inbound_nodes": [)";
  check_refused(parse, {
      {with_part(x, R"("keras_history": ["d", 0, 0])"), "?"},
      {with_part(x, R"("keras_history": ["e", 0, 0])"), "?"},
      {with_part(x, R"("keras_history": ["x", 1, 0])"), "?"},
      {with_part(x, R"("keras_history": ["x", 0, -1])"), "?"},
      {with_part(x, R"("keras_history": ["x", 9223372036854775807, 0])"), "?"},
      {with_part(x, R"("keras_history": ["x", 0])"), "?"},
      {with_part(x, R"("keras_history": 1)"), "?"},
      {with_part(R"("args": [{)", R"("args": [1, {)"), "?"},
      {with_part(R"("args": [{)", R"("args": [null, {)"), "?"},
      {with_part(R"("args": [)", R"("arg": [)"), "?"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"mask": 1})"), "?"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"mask": [null, null]})"), "?"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"frob": 1})"), "?"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"use_causal_mask": true})"), "?"},
      {with_part(R"("kwargs": {})", R"("kwargs": 1)"), "?"},
      {with_part(nodes, nodes + "1, "), "?"},
      {with_part(nodes, nodes + R"([["x", 0]], )"), "?"},
      {with_part(nodes, R"("name": "d", "nodes": [)"), "?"},
      {with_part(nodes, nodes + call(history("d", 1)) + ", "), "?"},
  });
}
