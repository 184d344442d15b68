// Models with every layer of ours, through archives.
#include <kindling/kindling.h>
#include <kindling/train/keras.h>

#include "tests/keras/saved.h"

using namespace kindling;

namespace {

Tensor some(std::uint64_t seed) { return normals({3, 7, 4}, seed); }

// Of one layer, on a sequence.
void check_layer(const Layer& layer) {
  INFO(layer.class_name() << " " << layer.config().str());
  const SymbolicTensor x = sequence();
  const Model model(x, layer.call(SymbolicTensors{x}));
  randomize(model);
  check_keras_round_trip(model, {some(1)});
}

void check_layer(const Layer& layer, const std::vector<SymbolicTensor>& inputs,
                 const Tensors& values) {
  INFO(layer.class_name() << " " << layer.config().str());
  const Model model(inputs, layer.call(inputs));
  randomize(model);
  check_keras_round_trip(model, values);
}

}  // namespace

TEST_CASE("Layers of one sequence come back") {
  const std::vector<Layer> layers = {
      Activation({.activation = "mish"}),
      AveragePooling1D({.pool_size = 3, .strides = 2}),
      MaxPooling1D(),
      Conv1D({.filters = 3, .kernel_size = 2, .padding = Padding::same, .dilation_rate = 2,
              .groups = 1, .activation = relu, .kernel_regularizer = L1L2({.l1 = 0.1, .l2 = 0.2}),
              .activity_regularizer = L2({.l2 = 0.3}), .kernel_constraint = MaxNorm()}),
      Dense({.units = 5, .activation = softmax, .use_bias = false,
             .kernel_initializer = Orthogonal({.gain = 2, .seed = 3}),
             .activity_regularizer = L1(), .kernel_constraint = MinMaxNorm()}),
      Dropout({.rate = 0.5, .seed = 7}),
      ELU({.alpha = 0.5}),
      Flatten(),
      GlobalAveragePooling1D({.keepdims = true}),
      GlobalMaxPooling1D(),
      LayerNormalization({.axis = {1, -1}, .epsilon = 0.01}),
      LayerNormalization({.center = false}),
      LeakyReLU({.negative_slope = 0.2}),
      Masking({.mask_value = 0.5}),
      Permute({.dims = std::vector<std::int64_t>{2, 1}}),
      PReLU({.shared_axes = {1}}),
      PReLU(),
      ReLU({.max_value = 1, .negative_slope = 0.1, .threshold = 0.2}),
      Reshape({.target_shape = std::vector<std::int64_t>{2, 14}}),
      Softmax(),
      Softmax({.axis = {1, 2}}),
      SpatialDropout1D({.rate = 0.25}),
      LSTM({.units = 3}),
      LSTM({.units = 3, .activation = relu, .use_bias = false, .dropout = 0.1, .seed = 5,
            .return_sequences = true, .return_state = true}),
      GRU({.units = 3, .return_sequences = true, .go_backwards = true}),
      GRU({.units = 3, .reset_after = false}),
      SimpleRNN({.units = 3, .recurrent_dropout = 0.2, .seed = 4}),
      Bidirectional({.layer = LSTM({.units = 3, .return_sequences = true})}),
      Bidirectional({.layer = GRU({.units = 3}), .merge_mode = MergeMode::none}),
      Bidirectional({.layer = SimpleRNN({.units = 2}),
                     .merge_mode = MergeMode::sum,
                     .backward_layer = SimpleRNN({.units = 2, .go_backwards = true})}),
      TimeDistributed({.layer = Dense({.units = 2})}),
  };
  for (const Layer& layer : layers) check_layer(layer);
}

TEST_CASE("Layers that are activations come back with their weights, under any name") {
  const auto slopes = [] { return PReLU({.name = "slopes"}); };
  const auto shared = PReLU({.shared_axes = {1}, .name = "by channel"});
  const std::vector<Layer> layers = {
      Activation({.activation = slopes()}),
      Dense({.units = 5, .activation = slopes()}),
      Dense({.units = 5, .activation = LeakyReLU({.negative_slope = 0.5, .name = "leak"})}),
      Conv1D({.filters = 3, .kernel_size = 2, .activation = shared}),
      SimpleRNN({.units = 3, .activation = slopes()}),
      GRU({.units = 3, .activation = slopes()}),
      LSTM({.units = 3, .activation = slopes(), .recurrent_activation = PReLU({.name = "gates"})}),
      Bidirectional({.layer = LSTM({.units = 3, .activation = slopes()})}),
      TimeDistributed({.layer = Dense({.units = 2, .activation = slopes()})}),
  };
  for (const Layer& layer : layers) check_layer(layer);
}

TEST_CASE("Layers of several inputs come back") {
  const auto two = [](const Layer& layer) {
    check_layer(layer, {sequence(), sequence()}, {some(1), some(2)});
  };
  for (const Layer& layer : std::vector<Layer>{
           Add(), Subtract(), Multiply(), Average(), Maximum(), Minimum(), Concatenate(),
           Concatenate({.axis = 1}), Dot({.axes = 2, .normalize = true}), Dot({.axes = {1, 1}}),
           AdditiveAttention({.dropout = 0.1}), AdditiveAttention({.use_scale = false}),
           Attention(),
           Attention({.use_scale = true, .score_mode = ScoreMode::concat, .seed = 2}),
           MultiHeadAttention({.num_heads = 2, .key_dim = 3}),
           MultiHeadAttention({.num_heads = 2, .key_dim = 3, .value_dim = 5, .use_bias = false,
                               .output_shape = {6}})}) {
    two(layer);
  }
  check_layer(MultiHeadAttention({.num_heads = 2, .key_dim = 3}),
              {sequence(), sequence(), sequence()}, {some(1), some(2), some(3)});
  check_layer(RepeatVector({.n = 3}), {Input({.shape = {4}})}, {normals({3, 4}, 1)});
  check_layer(Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true}), {ids()},
              {some_ids(1)});
}

TEST_CASE("States given to recurrent layers come back") {
  const SymbolicTensor x = sequence(), y = sequence();
  const auto encoded = LSTM({.units = 3, .return_state = true}).with_state(SymbolicTensors{x});
  const SymbolicTensor decoded = LSTM({.units = 3, .return_sequences = true})(
      SymbolicTensors{y, encoded.states[0], encoded.states[1]});
  const Model model({x, y}, decoded);
  randomize(model);
  check_keras_round_trip(model, {some(1), some(2)});
}

TEST_CASE("Call arguments come back") {
  const SymbolicTensor q = sequence(), v = sequence();
  const AdditiveAttention attention;
  const auto both = attention.with_scores(SymbolicTensors{q, v}, {.use_causal_mask = true});
  const Model model({q, v}, {both.output, both.scores});
  randomize(model);
  check_keras_round_trip(model, {some(1), some(2)});
  const SymbolicTensor a = sequence(), b = sequence();
  const Model causal({a, b}, AdditiveAttention({.causal = true})({a, b}));
  randomize(causal);
  const TemporaryFolder folder;
  save_keras(causal, folder.file("m.keras"));
  check_same_predictions(causal, load_keras(folder.file("m.keras")), {some(1), some(2)});
}

TEST_CASE("Masks given to calls come back") {
  const SymbolicTensor query = ids("query"), value = ids("value");
  const Embedding embedding({.input_dim = 9, .output_dim = 4});
  const SymbolicTensor q = embedding(query), v = embedding(value);
  const SymbolicTensor q_mask = not_equal(query, 0), v_mask = not_equal(value, 0);
  const SymbolicTensor seen = AdditiveAttention()({q, v}, {.mask = {q_mask, v_mask}});
  const SymbolicTensor heads = MultiHeadAttention({.num_heads = 2, .key_dim = 3})(
      {q, v}, {.mask = {q_mask, v_mask}});
  const SymbolicTensor read = GRU({.units = 3})(SymbolicTensors{v}, {.mask = {v_mask}});
  const Model model({query, value},
                    {GlobalAveragePooling1D()(SymbolicTensors{seen}, {.mask = {q_mask}}), heads,
                     read});
  randomize(model);
  check_keras_round_trip(model, {some_ids(1), some_ids(2)});
}
