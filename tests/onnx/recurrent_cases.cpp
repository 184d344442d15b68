// LSTM, GRU and SimpleRNN with every option, and Bidirectional.
#include "tests/onnx/cases.h"

#include <kindling/kindling.h>

namespace kindling {
namespace {

using Changes = std::vector<std::pair<std::string, Config>>;

// A layer of a class by the names of its options.
Layer recurrent(const std::string& class_name, const Changes& options) {
  Config config = Config::Map{{"units", 3}};
  for (const auto& [name, value] : options) config.set(name, value);
  return layer_from_config(class_name, config);
}

// Calls with and without a mask, and with states at the beginning.
OnnxCase of(const std::string& name, const std::string& class_name, std::size_t states,
            const std::vector<Changes>& all) {
  const auto x = sequence_of("x"), ids = ids_of("ids");
  SymbolicTensors inputs = {x, ids}, first;
  for (std::size_t i = 0; i < states; ++i) {
    first.push_back(Input({.shape = {3}, .name = "state_" + std::to_string(i)}));
    inputs.push_back(first.back());
  }
  const auto padded = masked(ids);
  SymbolicTensors outputs;
  const auto add = [&](const SymbolicTensors& results) {
    outputs.insert(outputs.end(), results.begin(), results.end());
  };
  for (const Changes& changes : all) {
    const Layer layer = recurrent(class_name, changes);
    const auto with_states = [&](SymbolicTensors of) {
      of.insert(of.end(), first.begin(), first.end());
      return of;
    };
    add(layer.call(SymbolicTensors{x}));
    add(layer.call(SymbolicTensors{padded}));
    add(layer.call(with_states({x})));
    const SymbolicTensors last = layer.call(with_states({padded}));
    add(last);
    if (last[0].shape().rank() == 3) outputs.push_back(GlobalAveragePooling1D()(last[0]));
  }
  return onnx_case(name, inputs, outputs);
}

const std::vector<Changes>& plain_options() {
  static const std::vector<Changes> all = {
      {},
      {{"use_bias", false}},
      {{"return_sequences", true}},
      {{"return_state", true}, {"go_backwards", true}},
      {{"return_sequences", true}, {"return_state", true}, {"go_backwards", true}},
      {{"return_sequences", true}, {"zero_output_for_mask", true}},
      {{"zero_output_for_mask", true}, {"dropout", 0.3}, {"recurrent_dropout", 0.2}}};
  return all;
}

std::vector<Changes> other_cells(const char* last_option) {
  return {{{"activation", "relu"}, {"return_state", true}},
          {{"activation", "softsign"}, {last_option, last_option == std::string("reset_after")
                                                         ? Config(false) : Config("hard_sigmoid")},
           {"return_sequences", true}}};
}

OnnxCase bidirectional(const std::string& name, const std::string& class_name,
                       std::size_t states) {
  const auto x = sequence_of("x"), ids = ids_of("ids");
  const auto padded = masked(ids);
  SymbolicTensors inputs = {x, ids}, first, outputs;
  for (std::size_t i = 0; i < 2 * states; ++i) {
    first.push_back(Input({.shape = {3}, .name = "state_" + std::to_string(i)}));
    inputs.push_back(first.back());
  }
  const auto add = [&](const SymbolicTensors& results) {
    outputs.insert(outputs.end(), results.begin(), results.end());
  };
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave,
                               MergeMode::none}) {
    for (const bool sequences : {false, true}) {
      const Layer layer = recurrent(class_name, {{"return_sequences", sequences},
                                                 {"return_state", mode == MergeMode::none}});
      const Bidirectional both({.layer = layer, .merge_mode = mode});
      add(both.call(SymbolicTensors{x}));
      const SymbolicTensors results = both.call(SymbolicTensors{padded});
      add(results);
      if (sequences) outputs.push_back(GlobalAveragePooling1D()(results[0]));
    }
  }
  const Layer backward = layer_from_config(
      class_name, Config::Map{{"units", 2}, {"return_sequences", true}, {"go_backwards", true}});
  add(Bidirectional({.layer = recurrent(class_name, {{"return_sequences", true}}),
                     .backward_layer = backward})
          .call(SymbolicTensors{padded}));
  SymbolicTensors with_states = {padded};
  with_states.insert(with_states.end(), first.begin(), first.end());
  add(Bidirectional({.layer = recurrent(class_name, {{"return_state", true}})}).call(with_states));
  return onnx_case(name, inputs, outputs);
}

// An encoder and a decoder that starts from its states.
OnnxCase encoder_decoder() {
  const auto text = ids_of("text"), answer = ids_of("answer");
  const auto encoder = LSTM({.units = 4, .return_sequences = true, .return_state = true});
  const auto [encoded, states] = encoder.with_state({masked(text)});
  const auto decoder = LSTM({.units = 4, .return_sequences = true});
  const auto decoded = decoder({masked(answer), states[0], states[1]});
  const auto seen = AdditiveAttention()({decoded, encoded});
  return onnx_case("encoder_decoder", {text, answer},
                   Dense({.units = 6, .activation = softmax})(Concatenate()({decoded, seen})));
}

}  // namespace

std::vector<OnnxCase> recurrent_cases() {
  return {of("lstm", "LSTM", 2, plain_options()),
          of("lstm_others", "LSTM", 2, other_cells("recurrent_activation")),
          of("gru", "GRU", 1, plain_options()),
          of("gru_others", "GRU", 1, other_cells("recurrent_activation")),
          of("gru_reset_before", "GRU", 1, {{{"reset_after", false}}, other_cells("reset_after")[1],
                                            {{"reset_after", false}, {"use_bias", false}}}),
          of("simple_rnn", "SimpleRNN", 1, plain_options()),
          of("simple_rnn_others", "SimpleRNN", 1, {other_cells("reset_after")[0]}),
          bidirectional("bidirectional_lstm", "LSTM", 2),
          bidirectional("bidirectional_gru", "GRU", 1),
          encoder_decoder()};
}

}  // namespace kindling
