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

// With other options of d.
std::string dense_with(const std::string& options) {
  return of("Dense", "\"units\": 3, " + options);
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

}  // namespace

TEST_CASE("hostile Keras configs: the frame") {
  CHECK(refusal([&] { parse(archive(valid_config())); }) == "no error");
  const std::string inputs = R"("input_layers": [["x", 0, 0]])",
                    outputs = R"("output_layers": [["d", 0, 0]])";
  check_refused(parse, {
      {archive(""),
       "config.json:1:1: not JSON, unexpected end of the text"},
      {archive("{\"class_name\": \"Functional\""),
       "config.json:1:28: not JSON, unexpected end of the text"},
      {archive("[]"), "config.json: a model: an object is needed, got []"},
      {archive("{}"),
       "config.json: its class_name is null; Functional and Sequential models are read"},
      {archive(std::string(100'000, '[')), "config.json:1:201: nested deeper than 200 levels"},
      {nested(2),
       "model.weights.h5: does not fit the model; missing: "
       "layers/functional/layers/functional/layers/dense/vars/0 (kernel of d), "
       "layers/functional/layers/functional/layers/dense/vars/1 (bias of d); extra: "
       "layers/dense/vars/0, layers/dense/vars/1"},
      {nested(100), "config.json:1:21755: nested deeper than 200 levels"},
      {with_part(R"("Functional")", R"("MyModel")"),
       "config.json: its class_name is \"MyModel\"; Functional and Sequential models are read"},
      {with_part(R"("layers")", R"("layer")"),
       "config.json: layers of a model: a list is needed, got null"},
      {with_part(R"("layers": [)", R"("layers": [1, )"),
       "config.json: a layer: class_name: a text is needed, got null"},
      {with_part(R"("layers": [)", R"("layers": {}, "l": [)"),
       "config.json: layers of a model: a list is needed, got {}"},
      {with_part(R"("name": "m")", R"("name": 1)"), "config.json: name: a text is needed, got 1"},
      {with_part(inputs, R"("input_layers": [])"),
       "config.json: Functional \"m\": an output depends on input \"x\", which is not among the "
       "model's inputs"},
      {with_part(inputs, R"("input_layers": [["d", 0, 0]])"),
       "config.json: Functional \"m\": an input of a model is what Input() returned"},
      {with_part(inputs, R"("input_layers": [["x", 0, 0], ["x", 0, 0]])"),
       "config.json: Functional \"m\": input \"x\" is listed twice"},
      {with_part(outputs, R"("output_layers": [])"),
       "config.json: Functional \"m\": a model has at least one output"},
      {with_part(outputs, R"("output_layers": [["e", 0, 0]])"),
       "config.json: no layer makes the result [\"e\", 0, 0]"},
      {with_part(outputs, R"("output_layers": [["d", 1, 0]])"),
       "config.json: no layer makes the result [\"d\", 1, 0]"},
      {with_part(outputs, R"("output_layers": [["d", 0, 1]])"),
       "config.json: no layer makes the result [\"d\", 0, 1]"},
      {with_part(outputs, R"("output_layers": [["d", -1, 0]])"),
       "config.json: no layer makes the result [\"d\", -1, 0]"},
      {with_part(outputs, R"("output_layers": [["d", 0]])"),
       "config.json: output_layers: a list is needed, got \"d\""},
      {with_part(outputs, R"("output_layers": [["d", 0.5, 0]])"),
       "config.json: keras_history: a whole number is needed, got 0.5"},
  });
}

TEST_CASE("hostile Keras configs: inputs") {
  const std::string shape = R"("batch_shape": [null, 4])", dtype = R"("dtype": "float32", "name")";
  check_refused(parse, {
      {with_part(shape, R"("batch": 1)"),
       "config.json: layer \"x\": batch_shape: a list is needed, the batch first, got null"},
      {with_part(shape, R"("batch_shape": 4)"),
       "config.json: layer \"x\": batch_shape: a list is needed, the batch first, got 4"},
      {with_part(shape, R"("batch_shape": [])"),
       "config.json: layer \"x\": batch_shape: a list is needed, the batch first, got []"},
      {with_part(shape, R"("batch_shape": [null, -4])"),
       "config.json: layer \"x\": Shape: a size is at least 0, or any, got -4"},
      {with_part(shape, R"("batch_shape": [null, 4.5])"),
       "config.json: InputLayer \"x\": batch_shape: a whole number is needed, got 4.5"},
      {with_part(shape, R"("batch_shape": [null, "4"])"),
       "config.json: InputLayer \"x\": batch_shape: a whole number is needed, got \"4\""},
      {with_part(shape, R"("batch_shape": [null, 99999999999999999999])"),
       "config.json:1:146: a whole number has at most 64 bits, got 99999999999999999999"},
      {with_part(shape, R"("batch_shape": [null, 1, 1, 1, 1, 1, 4])"),
       "config.json: layer \"x\": Shape: at most 6 axes are supported, got 7"},
      {with_part(shape, R"("batch_shape": [null, null])"),
       "config.json: Dense \"d\": the number of channels must be known, got (None, None)"},
      {with_part(dtype, R"("dtype": "string", "name")"),
       "config.json: layer \"x\": an input is of floats, whole numbers or bool, got dtype "
       "\"string\""},
      {with_part(dtype, R"("dtype": 1, "name")"),
       "config.json: layer \"x\": dtype: a text is needed, got 1"},
      {with_part(dtype, R"("sparse": true, "name")"),
       "config.json: layer \"x\": an input that is sparse is not supported"},
  });
}

TEST_CASE("hostile Keras configs: layers") {
  const std::string units = R"("units": 3)";
  check_refused(parse, {
      {with_part(units, R"("units": -3)"), "config.json: Dense \"d\": units is at least 1, got -3"},
      {with_part(units, R"("units": 0)"), "config.json: Dense \"d\": units is at least 1, got 0"},
      {with_part(units, R"("units": NaN)"), "config.json:1:257: not JSON, unexpected \"NaN\""},
      {with_part(units, R"("units": 3.5)"),
       "config.json: Dense \"d\": units: a whole number is needed, got 3.5"},
      {with_part(units, R"("units": "3")"),
       "config.json: Dense \"d\": units: a whole number is needed, got \"3\""},
      {with_part(units, R"("units": 1e400)"),
       "config.json:1:261: a number is beyond the range of a double, got 1e400"},
      {with_part(units, R"("unit": 3)"),
       "config.json: Dense \"d\": the option \"units\" is required"},
      {with_part(units, R"("units": 1000000000)"),
       "config.json: Dense \"d\": weight \"kernel\" is (4, 1000000000), 4000000000 elements, "
       "and the file has 15 in all"},
      {with_part(units, R"("units": 4611686018427387904)"),
       "config.json: layer \"d\": Shape: (4, 4611686018427387904) has more elements than 64 "
       "bits count"},
      {dense_with(R"("rank": 2)"), "config.json: Dense \"d\": unknown option \"rank\", got 2"},
      {dense_with(R"("quantization_config": {})"),
       "config.json: Dense \"d\": unknown option \"quantization_config\", got {}"},
      {dense_with(R"("dtype": "mixed_float16")"),
       "config.json: layer \"d\": only the dtype policy float32 is supported, got "
       "\"mixed_float16\"; in Keras, build the model under that policy, load the weights into "
       "it and save it again"},
      {dense_with(R"("dtype": {"class_name": "DTypePolicy", "config": {"name": "float64"}})"),
       "config.json: layer \"d\": only the dtype policy float32 is supported, got \"float64\"; "
       "in Keras, build the model under that policy, load the weights into it and save it again"},
      {dense_with(R"("activation": "lambda")"),
       "config.json: layer \"d\": activation: one of linear, relu, relu6, leaky_relu, elu, "
       "celu, selu, gelu, glu, silu, swish, mish, sigmoid, log_sigmoid, hard_sigmoid, "
       "hard_sigmoid_keras2, sparse_sigmoid, hard_silu, hard_swish, tanh, hard_tanh, "
       "tanh_shrink, softplus, "
       "squareplus, sparse_plus, softsign, soft_shrink, hard_shrink, exponential, softmax, "
       "log_softmax, sparsemax is needed, got \"lambda\""},
      {dense_with(R"("activation": {"class_name": "function", "config": 1})"),
       "config.json: layer \"d\": activation, name of a function: a text is needed, got 1"},
      {dense_with(R"("kernel_initializer": 1)"),
       "config.json: Dense \"d\": kernel_initializer: a text is needed, got null"},
      {with_part(R"("class_name": "Dense")", R"("class_name": "Lambda")"),
       "config.json: 1 class is missing: Lambda (layer \"d\"); register_layer<..>() adds a "
       "class of one's own"},
      {with_part(R"("class_name": "Dense")", R"("class_name": null)"),
       "config.json: layer \"d\": class_name: a text is needed, got null"},
      {archive(layers_config({input_config("x"),
                              layer_config("y", "Frob", "\"a\": 1", history("x")),
                              layer_config("z", "Frob", "\"a\": 1", history("y")),
                              layer_config("d", "Nicht", "\"a\": 1", history("z"))})),
       "config.json: 2 classes are missing: Frob (layers \"y\", \"z\"), Nicht (layer \"d\"); "
       "register_layer<..>() adds a class of one's own"},
      {with_part(R"("name": "d", "inbound_nodes")", R"("name": "x", "inbound_nodes")"),
       "config.json: two layers are named \"x\""},
      {of("Conv1D", R"("filters": 3, "kernel_size": 2)"),
       "config.json: Conv1D \"d\": input is (batch, steps, channels), got (None, 4)"},
      {of("Embedding", R"("input_dim": 3, "output_dim": 99999999)"),
       "config.json: Embedding \"d\": weight \"embeddings\" is (3, 99999999), 299999997 "
       "elements, and the file has 15 in all"},
      {of("Reshape", R"("target_shape": [3, -2])"),
       "config.json: Reshape \"d\": target_shape has at most 5 sizes, one of which may be -1, "
       "got [3, -2]"},
      {of("Reshape", R"("target_shape": [4611686018427387905, 4])"),
       "config.json: Reshape \"d\": target_shape [4611686018427387905, 4] has more elements than "
       "64 bits count"},
      {of("LSTM", R"("units": 4611686018427387904)"),
       "config.json: LSTM \"d\": 4 gates of units = 4611686018427387904 are more than 64 bits "
       "count"},
      {of("RepeatVector", R"("n": -1)"),
       "config.json: RepeatVector \"d\": n is at least 1, got -1"},
      {of("Dropout", R"("rate": 1.5)"), "config.json: Dropout \"d\": rate is in [0, 1), got 1.5"},
      {of("Permute", R"("dims": [2, 1])"),
       "config.json: Permute \"d\": dims [2, 1] are not the axes after the batch of input "
       "(None, 4)"},
      {of("TimeDistributed", R"("layer": 1)"),
       "config.json: TimeDistributed \"d\": layer, class_name: a text is needed, got null"},
      {of("Bidirectional", R"("layer": null)"),
       "config.json: Bidirectional \"d\": the option \"layer\" is required"},
      {of("MultiHeadAttention", R"("num_heads": 0, "key_dim": 1)"),
       "config.json: MultiHeadAttention \"d\": num_heads, key_dim and value_dim are at least 1, "
       "got 0, 1 and 1"},
      {through("Softmax", R"("axis": 7)"),
       "config.json: Softmax \"y\": axis 7 is outside [-2, 2) or comes twice [input (None, 4)]"},
      {through("Activation", R"("activation": "glu")"),
       "model.weights.h5: does not fit the model; wrong shape: layers/dense/vars/0 (kernel of "
       "d) is float32 (4, 3), not float32 (2, 3)"},
      {through("Masking", R"("mask_value": "0")"),
       "config.json: Masking \"y\": mask_value: a number is needed, got \"0\""},
  });
}

TEST_CASE("hostile Keras configs: calls") {
  const std::string x = R"("keras_history": ["x", 0, 0])";
  const std::string nodes = R"("name": "d", "inbound_nodes": [)";
  check_refused(parse, {
      {with_part(x, R"("keras_history": ["d", 0, 0])"),
       "config.json: 1 calls wait for each other, first that of \"d\""},
      {with_part(x, R"("keras_history": ["e", 0, 0])"),
       "config.json: no layer makes the result [\"e\", 0, 0]"},
      {with_part(x, R"("keras_history": ["x", 1, 0])"),
       "config.json: no layer makes the result [\"x\", 1, 0]"},
      {with_part(x, R"("keras_history": ["x", 0, -1])"),
       "config.json: no layer makes the result [\"x\", 0, -1]"},
      {with_part(x, R"("keras_history": ["x", 9223372036854775807, 0])"),
       "config.json: no layer makes the result [\"x\", 9223372036854775807, 0]"},
      {with_part(x, R"("keras_history": ["x", 0])"),
       "config.json: [layer, call, result] is needed, got [\"x\", 0]"},
      {with_part(x, R"("keras_history": 1)"),
       "config.json: keras_history: a list is needed, got 1"},
      {with_part(R"("args": [{)", R"("args": [1, {)"),
       "config.json: layer \"d\": takes 1 argument by place, got {\"class_name\": "
       "\"__keras_tensor__\", \"config\": {\"keras_history\": [\"x\", 0, 0]}}"},
      {with_part(R"("args": [)", R"("arg": [)"),
       "config.json: layer \"d\": args: a list is needed, got null"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"mask": 1})"),
       "config.json: layer \"d\": mask: a tensor is needed, got 1"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"frob": 1})"),
       "config.json: d, frob: unknown call argument, got 1"},
      {with_part(R"("kwargs": {})", R"("kwargs": {"use_causal_mask": true})"),
       "config.json: Dense \"d\": takes no use_causal_mask and no return_attention_scores"},
      {with_part(R"("kwargs": {})", R"("kwargs": 1)"),
       "config.json: layer \"d\": kwargs: an object is needed, got 1"},
      {with_part(nodes, nodes + "1, "), "config.json: layer \"d\": a list is needed, got 1"},
      {with_part(nodes, nodes + R"([["x", 0]], )"),
       "config.json: layer \"d\": an input is [layer, call, result, kwargs], got [\"x\", 0]"},
      {with_part(nodes, R"("name": "d", "nodes": [)"),
       "config.json: layer \"d\": inbound_nodes: a list is needed, got null"},
      {with_part(nodes, nodes + call(history("d", 1)) + ", "),
       "config.json: 2 calls wait for each other, first that of \"d\""},
  });
}
