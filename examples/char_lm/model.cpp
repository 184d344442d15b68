#include "model.h"

#include <algorithm>

namespace char_lm {

using namespace kindling;

namespace {

struct TokenAndPositionEmbeddingOptions {
  Required<std::int64_t> input_dim;   // tokens
  Required<std::int64_t> positions;
  Required<std::int64_t> output_dim;
  std::string name = {};
};

// What a character is plus where it stands, both learned.
class TokenAndPositionEmbeddingImpl : public LayerImpl {
 public:
  using Options = TokenAndPositionEmbeddingOptions;
  explicit TokenAndPositionEmbeddingImpl(Options o)
      : LayerImpl("TokenAndPositionEmbedding", o.name), options_(std::move(o)) {}
  void fields(Fields& f) override {
    f("input_dim", options_.input_dim);
    f("positions", options_.positions);
    f("output_dim", options_.output_dim);
  }
  // Builds its layers too, so that nobody has to call it to know their weights.
  void build(const Shapes& inputs) override {
    tokens_ = add_layer(Embedding({.input_dim = options_.input_dim,
                                   .output_dim = options_.output_dim, .name = "tokens"}));
    positions_ = add_layer(Embedding({.input_dim = options_.positions,
                                      .output_dim = options_.output_dim, .name = "positions"}));
    tokens_.build(inputs);
    positions_.build(inputs);
  }
  Tensors call(const Tensors& inputs, const Call&) override {
    return {tokens_(inputs[0]) + positions_(arange(inputs[0].size(1)))};
  }
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override {
    return {{inputs[0][0], inputs[0][1], options_.output_dim}};
  }

 private:
  Options options_;
  Layer tokens_, positions_;
};
using TokenAndPositionEmbedding = Handle<TokenAndPositionEmbeddingImpl>;

// Each character gathers from those before it, then thinks for itself; both add to what is there.
SymbolicTensor block(SymbolicTensor x, const Sizes& sizes) {
  const auto normal = LayerNormalization()(x);
  const auto attention = MultiHeadAttention({.num_heads = sizes.heads,
                                             .key_dim = sizes.depth / sizes.heads,
                                             .dropout = sizes.dropout});
  const auto gathered = attention({normal, normal}, {.use_causal_mask = true});
  x = Add()({x, Dropout({.rate = sizes.dropout})(gathered)});
  const auto wide = Dense({.units = 4 * sizes.depth, .activation = gelu})(LayerNormalization()(x));
  const auto thought = Dense({.units = sizes.depth})(wide);
  return Add()({x, Dropout({.rate = sizes.dropout})(thought)});
}

}  // namespace

Model build_model(const Sizes& sizes, std::int64_t characters) {
  const auto input = Input({.shape = {any}, .dtype = DType::int32, .name = "characters"});
  SymbolicTensor x = TokenAndPositionEmbedding(
      {.input_dim = characters, .positions = sizes.context, .output_dim = sizes.depth})(input);
  for (std::int64_t i = 0; i < sizes.blocks; ++i) x = block(x, sizes);
  const auto logits = Dense({.units = characters, .name = "logits"})(LayerNormalization()(x));
  return Model(input, logits, "char_lm");
}

std::string sample(const Model& model, const Sizes& sizes, const Text& text,
                   const SampleOptions& options) {
  std::vector<std::int32_t> ids = text.encode(options.prompt);
  std::string result = options.prompt;
  for (std::int64_t i = 0; i < options.characters; ++i) {
    const std::int64_t steps = std::min<std::int64_t>(std::ssize(ids), sizes.context);
    const std::span<const std::int32_t> last(ids.end() - steps, ids.end());
    const Tensor logits = model.predict({tensor(last, {1, steps})});
    const Tensor likely = softmax(slice(logits, 1, -1, steps) / options.temperature);
    const auto probabilities = likely.floats();
    double left = global_generator().uniform();
    std::size_t next = 0;
    while (next + 1 < probabilities.size() && (left -= probabilities[next]) >= 0) ++next;
    ids.push_back(static_cast<std::int32_t>(next));
    result += text.alphabet()[next];
  }
  return result;
}

}  // namespace char_lm
