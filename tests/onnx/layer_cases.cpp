// Layers of one input.
#include "tests/onnx/cases.h"

#include <kindling/kindling.h>

namespace kindling {
namespace {

SymbolicTensor row(const std::string& name, std::int64_t width = 6) {
  return Input({.shape = {width}, .name = name});
}

OnnxCase dense() {
  const auto x = row("x"), s = sequence_of("s"), t = Input({.shape = {any, 3, 4}, .name = "t"});
  const auto shared = Dense({.units = 4, .activation = "silu", .name = "shared"});
  return onnx_case("dense", {x, s, t},
                   {Dense({.units = 3, .activation = relu})(x),
                    Dense({.units = 3, .use_bias = false})(s), Dense({.units = 2})(t),
                    shared(s), shared(Dense({.units = 5})(s))});
}

OnnxCase activations() {
  const auto x = sequence_of("x", 6);
  SymbolicTensors outputs;
  for (const char* name :
       {"linear", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "glu", "silu",
        "swish", "mish", "sigmoid", "log_sigmoid", "hard_sigmoid", "sparse_sigmoid", "hard_silu",
        "hard_swish", "tanh", "hard_tanh", "tanh_shrink", "softplus", "squareplus", "sparse_plus",
        "softsign", "soft_shrink", "hard_shrink", "exponential", "softmax", "log_softmax",
        "sparsemax"}) {
    outputs.push_back(Activation({.activation = name, .name = name})(x));
  }
  return onnx_case("activations", x, outputs);
}

OnnxCase activation_layers() {
  const auto x = sequence_of("x", 4), fixed = Input({.shape = {3, 4}, .name = "fixed"});
  return onnx_case(
      "activation_layers", {x, fixed},
      {ReLU()(x), ReLU({.max_value = 1.5})(x), ReLU({.negative_slope = 0.1})(x),
       ReLU({.max_value = 2, .negative_slope = 0.2, .threshold = 0.5})(x), LeakyReLU()(x),
       LeakyReLU({.negative_slope = 0.05})(x), ELU({.alpha = 0.7})(x), PReLU()(fixed),
       PReLU({.shared_axes = {1}})(x), PReLU({.shared_axes = {1, 2}})(x), Softmax()(x),
       Softmax({.axis = 1})(x), Softmax({.axis = {1, 2}})(x), Softmax({.axis = {1, 2}})(fixed),
       Softmax({.axis = {0, 2}})(x)});
}

OnnxCase masked_softmax() {
  const auto x = Input({.shape = {any}, .name = "x"});
  const auto mask = Input({.shape = {any}, .dtype = DType::boolean, .name = "mask"});
  const auto cube = sequence_of("cube", 3);
  const auto hidden = Input({.shape = {any, 3}, .dtype = DType::boolean, .name = "hidden"});
  return onnx_case("masked_softmax", {x, mask, cube, hidden},
                   {Softmax()(with_mask(x, mask)),
                    Softmax({.axis = {1, 2}})(cube, {.mask = {hidden}}),
                    Softmax({.axis = 1})(with_mask(cube, hidden))});
}

OnnxCase embeddings() {
  const auto one = Input({.dtype = DType::int32, .name = "one"}), ids = ids_of("ids");
  const auto table = Input({.shape = {any, 3}, .dtype = DType::int32, .name = "table"});
  const auto embedding = Embedding({.input_dim = 9, .output_dim = 4});
  return onnx_case("embeddings", {one, ids, table},
                   {embedding(one), embedding(ids), embedding(table),
                    GlobalAveragePooling1D()(masked(ids))});
}

OnnxCase normalizations() {
  const auto x = sequence_of("x", 6), fixed = Input({.shape = {3, 4, 5}, .name = "fixed"});
  return onnx_case(
      "normalizations", {x, fixed},
      {LayerNormalization()(x), LayerNormalization({.axis = {1, 3}})(fixed),
       LayerNormalization({.axis = 2, .epsilon = 0.1, .center = false})(fixed),
       LayerNormalization({.axis = {2, 3}, .scale = false})(fixed),
       LayerNormalization({.center = false, .scale = false})(x)});
}

OnnxCase convolutions() {
  const auto x = sequence_of("x", 6), fixed = Input({.shape = {10, 4}, .name = "fixed"});
  const auto conv = [](std::int64_t size, std::int64_t strides, Padding padding,
                       std::int64_t dilation = 1, std::int64_t groups = 1) {
    return Conv1D({.filters = 4, .kernel_size = size, .strides = strides, .padding = padding,
                   .dilation_rate = dilation, .groups = groups});
  };
  SymbolicTensors outputs;
  for (const auto& input : {x, fixed}) {
    for (const Padding padding : {Padding::valid, Padding::same, Padding::causal}) {
      outputs.push_back(conv(4, 1, padding)(input));
      outputs.push_back(conv(3, 2, padding)(input));
      outputs.push_back(conv(2, 5, padding)(input));
      outputs.push_back(conv(1, 3, padding)(input));
      outputs.push_back(conv(3, 1, padding, 2)(input));
      outputs.push_back(conv(2, 1, padding, 1, 2)(input));
    }
  }
  outputs.push_back(Conv1D({.filters = 3, .kernel_size = 2, .activation = "gelu",
                            .use_bias = false})(x));
  OnnxCase c = onnx_case("convolutions", {x, fixed}, outputs);
  c.least_steps = 5;
  return c;
}

template <class Pooling>
OnnxCase pooling(const std::string& name) {
  const auto x = sequence_of("x", 3), turned = Input({.shape = {3, any}, .name = "turned"});
  const auto fixed = Input({.shape = {10, 3}, .name = "fixed"});
  SymbolicTensors outputs;
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (const auto& [size, strides] : std::vector<std::pair<int, int>>{{2, 2}, {3, 1}, {4, 3},
                                                                        {2, 5}, {1, 3}}) {
      const Pooling1DOptions last{.pool_size = size, .strides = strides, .padding = padding};
      Pooling1DOptions first = last;
      first.data_format = DataFormat::channels_first;
      outputs.push_back(Pooling(last)(x));
      outputs.push_back(Pooling(first)(turned));
      outputs.push_back(Pooling(last)(fixed));
    }
  }
  outputs.push_back(Pooling()(x));
  OnnxCase c = onnx_case(name, {x, turned, fixed}, outputs);
  c.least_steps = 4;
  return c;
}

OnnxCase global_pooling() {
  const auto x = sequence_of("x", 3), turned = Input({.shape = {3, any}, .name = "turned"});
  const auto counts = Input({.shape = {any}, .dtype = DType::boolean, .name = "counts"});
  const auto ids = ids_of("ids");
  const GlobalPooling1DOptions first{.data_format = DataFormat::channels_first};
  const GlobalPooling1DOptions kept{.keepdims = true};
  const GlobalPooling1DOptions both{.data_format = DataFormat::channels_first, .keepdims = true};
  SymbolicTensors outputs = {
      GlobalAveragePooling1D()(masked(ids)), GlobalAveragePooling1D(kept)(masked(ids)),
      GlobalAveragePooling1D(first)(turned, {.mask = {counts}}),
      GlobalAveragePooling1D(both)(turned, {.mask = {counts}}), GlobalMaxPooling1D()(masked(ids))};
  for (const auto& options : {GlobalPooling1DOptions(), kept}) {
    outputs.push_back(GlobalAveragePooling1D(options)(x));
    outputs.push_back(GlobalMaxPooling1D(options)(x));
  }
  for (const auto& options : {first, both}) {
    outputs.push_back(GlobalAveragePooling1D(options)(turned));
    outputs.push_back(GlobalMaxPooling1D(options)(turned));
  }
  return onnx_case("global_pooling", {x, turned, counts, ids}, outputs);
}

OnnxCase shaping() {
  const auto x = sequence_of("x", 6), fixed = Input({.shape = {4, 6}, .name = "fixed"});
  const auto cube = Input({.shape = {any, 3, any}, .name = "cube"}), line = row("line");
  const auto ids = ids_of("ids");
  const FlattenOptions first{.data_format = DataFormat::channels_first};
  return onnx_case(
      "shaping", {x, fixed, cube, line, ids},
      {Flatten()(x), Flatten()(fixed), Flatten(first)(fixed), Flatten(first)(x), Flatten()(cube),
       Flatten()(line), Reshape({.target_shape = {-1, 3}})(x),
       Reshape({.target_shape = {6, -1}})(x),
       Reshape({.target_shape = {3, 2, 4}})(fixed), Reshape({.target_shape = {-1}})(cube),
       Reshape({.target_shape = {8, -1}})(fixed), Permute({.dims = {2, 1}})(x),
       Permute({.dims = {3, 1, 2}})(cube), RepeatVector({.n = 3})(line),
       Reshape({.target_shape = {-1, 1}})(ids)});
}

OnnxCase masks() {
  const auto ids = ids_of("ids"), x = sequence_of("x", 3);
  const auto padding = Masking()(ReLU({.threshold = 1.5})(x));
  return onnx_case("masks", {ids, x},
                   {padding, GlobalAveragePooling1D()(padding), not_equal(ids, 3),
                    not_equal(x, 0.5), Dropout({.rate = 0.5})(x),
                    SpatialDropout1D({.rate = 0.5})(x),
                    GlobalAveragePooling1D()(with_mask(Conv1D({.filters = 3, .kernel_size = 3,
                                                               .padding = Padding::same})(
                                                           masked(ids)),
                                                       not_equal(ids, 0))),
                    GlobalAveragePooling1D()(Dense({.units = 2})(Dropout({.rate = 0.3})(
                        SpatialDropout1D({.rate = 0.3})(ReLU()(LayerNormalization()(
                            Activation({.activation = tanh})(masked(ids)))))))),
                    GlobalAveragePooling1D()(Masking({.mask_value = 2})(x)),
                    LogicalAnd()({not_equal(ids, 3), not_equal(ids, 5)}),
                    LogicalOr()({not_equal(ids, 3), ConvertToTensor()(not_equal(ids, 5))}),
                    Any({.axis = {-1}})(x),
                    Any({.axis = {1}, .keepdims = true})(not_equal(ids, 1))});
}

// Inputs that are outputs, one tensor that is two outputs, an input that nothing uses.
OnnxCase ends() {
  const auto x = row("x"), ids = ids_of("ids"), unused = row("unused");
  const auto y = Dense({.units = 2, .name = "y"})(x);
  return onnx_case("ends", {x, ids, unused}, {x, y, ids, y});
}

}  // namespace

std::vector<OnnxCase> layer_cases() {
  return {dense(), activations(), activation_layers(), masked_softmax(), embeddings(),
          normalizations(), convolutions(), pooling<MaxPooling1D>("max_pooling"),
          pooling<AveragePooling1D>("average_pooling"), global_pooling(), shaping(), masks(),
          ends()};
}

}  // namespace kindling
