#include "model.h"

namespace dates {

using namespace kindling;

namespace {
constexpr std::int64_t iso_length = 10;  // 1987-03-03

// Id 0, before the first character.
Tensor starts(std::int64_t count) { return cast(zeros({count, 1}), DType::int32); }
}  // namespace

const Vocabulary& characters() {
  static const Vocabulary known = [] {
    std::vector<std::string> printable;
    for (char c = ' '; c <= '~'; ++c) printable.emplace_back(1, c);
    return Vocabulary(printable);
  }();
  return known;
}

std::vector<std::int32_t> ids_of(const std::string& text) {
  std::vector<std::string> letters;
  for (const char c : text) letters.emplace_back(1, c);
  return characters().encode_tokens(letters);
}

Translator build_translator(std::int64_t units) {
  const std::int64_t count = characters().size();
  auto date = Input({.shape = {any}, .dtype = DType::int32, .name = "date"});
  auto so_far = Input({.shape = {any}, .dtype = DType::int32, .name = "so_far"});

  // The encoder reads the date in both directions. Padding is masked from here on.
  auto letters = Embedding({.input_dim = count, .output_dim = 32, .mask_zero = true})(date);
  auto encoder = Bidirectional({.layer = GRU({.units = units, .return_sequences = true,
                                              .return_state = true}),
                                .name = "encoder"});
  auto encoded = encoder.call(SymbolicTensors{letters});  // the steps, then a state a direction
  auto annotations = encoded[0];                           // (batch, steps, 2 units)

  // The decoder starts from what the encoder knows at the end, and sees what it wrote so far.
  auto start = Dense({.units = units, .activation = tanh, .name = "start"})(
      Concatenate()({encoded[1], encoded[2]}));
  auto written = Embedding({.input_dim = count, .output_dim = 32})(so_far);
  auto decoder = GRU({.units = units, .return_sequences = true, .name = "decoder"});
  auto states = decoder({written, start});                 // (batch, 10, units)

  // Where in the date to look for the next character: scale tanh(W state + U annotation).
  auto query = Dense({.units = units, .use_bias = false, .name = "query"})(states);
  auto key = Dense({.units = units, .name = "key"})(annotations);
  auto [context, scores] =
      AdditiveAttention({.name = "attention"}).with_scores({query, annotations, key});
  auto readout = Dense({.units = units, .activation = tanh, .name = "readout"})(
      Concatenate()({states, context}));
  auto logits = Dense({.units = count, .name = "logits"})(readout);
  return {Model({date, so_far}, logits, "dates"), Model({date, so_far}, scores, "attention_of")};
}

Tensor shifted(const Tensor& iso) {
  return concatenate({starts(iso.size(0)), slice(iso, 1, 0, iso_length - 1)});
}

Tensor translate(const Model& model, const Tensor& dates) {
  Tensor so_far = starts(dates.size(0));
  for (std::int64_t i = 0; i < iso_length; ++i) {
    // The decoder starts anew each time: ten characters are few.
    const Tensor logits = model.predict({dates, so_far});
    so_far = concatenate({so_far, argmax(slice(logits, 1, i, i + 1))});
  }
  return slice(so_far, 1, 1, iso_length + 1);
}

}  // namespace dates
