// The models of the documentation and of the archives that Keras wrote.
#include "tests/onnx/cases.h"

#include <kindling/kindling.h>

namespace kindling {
namespace {

struct Sizes {
  std::int64_t words = 50, depth = 8, filters = 6, hidden = 7;
};

OnnxCase text_similarity(const std::string& name, bool mask, const Sizes& sizes = {}) {
  const auto query = ids_of("query"), value = ids_of("value");
  const auto embedding = Embedding({.input_dim = sizes.words, .output_dim = sizes.depth,
                                    .name = "token_embedding"});
  const auto cnn = Conv1D({.filters = sizes.filters, .kernel_size = 4, .padding = Padding::same,
                           .name = "cnn_layer"});
  auto q = cnn(embedding(query)), v = cnn(embedding(value));
  if (mask) {
    q = with_mask(q, not_equal(query, 0));
    v = with_mask(v, not_equal(value, 0));
  }
  const auto attended = AdditiveAttention({.name = "attention"})({q, v});
  const auto joined =
      Concatenate()({GlobalAveragePooling1D()(q), GlobalAveragePooling1D()(attended)});
  const auto hidden = Dense({.units = sizes.hidden, .activation = relu, .name = "hidden"})(joined);
  const auto score = Dense({.units = 1, .activation = sigmoid, .name = "score"})(hidden);
  OnnxCase c = onnx_case(name, {query, value}, score);
  c.ids = sizes.words;
  return c;
}

OnnxCase text_cnn() {
  const auto text = ids_of("text");
  const auto embedded = Embedding({.input_dim = 27, .output_dim = 4})(text);
  SymbolicTensors pooled;
  for (const std::int64_t size : {2, 3, 4}) {
    pooled.push_back(GlobalMaxPooling1D()(
        Conv1D({.filters = 7, .kernel_size = size, .padding = Padding::same, .activation = relu})(
            embedded)));
  }
  const auto normal = LayerNormalization({.axis = 1})(Concatenate()(pooled));
  OnnxCase c = onnx_case("text_cnn", text,
                         Dense({.units = 4, .activation = softmax, .name = "topic"})(normal));
  c.ids = 27;
  return c;
}

OnnxCase conv_attention(const std::string& name, std::int64_t steps, std::int64_t other_steps) {
  const auto a = Input({.shape = {steps, 5}, .name = "a"});
  const auto b = Input({.shape = {other_steps, 5}, .name = "b"});
  const auto causal = Conv1D({.filters = 8, .kernel_size = 3, .padding = Padding::causal,
                              .dilation_rate = 2});
  const auto strided = Conv1D({.filters = 8, .kernel_size = 3, .strides = 2, .activation = elu});
  const auto x = strided(causal(a)), y = strided(causal(b));
  const auto sum = Add()({AdditiveAttention({.use_scale = false})({x, y}), x});
  OnnxCase c = onnx_case(name, {a, b}, {GlobalAveragePooling1D()(sum), Flatten()(sum)});
  c.least_steps = 3;
  return c;
}

// A small transformer: the layers of examples/char_lm.
OnnxCase transformer() {
  const auto text = ids_of("text");
  auto x = masked(text, 8);
  for (int block = 0; block < 2; ++block) {
    const auto attention = MultiHeadAttention({.num_heads = 2, .key_dim = 4, .dropout = 0.1});
    x = LayerNormalization()(Add()({x, attention({x, x}, {.use_causal_mask = true})}));
    const auto inner = Dense({.units = 16, .activation = gelu})(x);
    x = LayerNormalization()(Add()({x, Dropout({.rate = 0.1})(Dense({.units = 8})(inner))}));
  }
  return onnx_case("transformer", text, Dense({.units = 9, .activation = softmax})(x));
}

}  // namespace

std::vector<OnnxCase> documented_cases() {
  return {text_similarity("text_similarity", false),
          text_similarity("text_similarity_masked", true),
          text_similarity("text_similarity_large", true,
                          {.words = 2000, .depth = 128, .filters = 100, .hidden = 64}),
          text_cnn(),
          conv_attention("conv_attention", any, any),
          conv_attention("conv_attention_of_known_steps", 11, 13),
          transformer()};
}

}  // namespace kindling
