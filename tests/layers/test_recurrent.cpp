// LSTM, GRU, SimpleRNN and the layers around them. Their numbers: tests/reference.
#include <kindling/layers/bidirectional.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/gru.h>
#include <kindling/layers/lstm.h>
#include <kindling/layers/simple_rnn.h>
#include <kindling/layers/time_distributed.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

// The same functions without their names, for which there is no fused operation.
Tensor plain_tanh(const Tensor& x) { return tanh(x); }
Tensor plain_sigmoid(const Tensor& x) { return sigmoid(x); }

const Tensor sequence_mask = mask_of({{true, true, false, true}, {false, true, true, false},
                                      {false, false, false, false}});

Tensor gradient_of(const Tensor& x) { return grad(x).defined() ? grad(x) : zeros(x.shape()); }

// Results and gradients of a layer, its weights filled from seeds.
Tensors all_of(const Layer& layer, const Tensors& inputs, const CallOptions& call = {}) {
  Tensors variables, all;
  for (const Tensor& x : inputs) variables.push_back(variable(x.clone()));
  layer.build(shapes_of(inputs));
  std::uint64_t seed = 100;
  for (const Weight& w : layer.weights()) {
    Tensor value = w.value;
    const Tensor filled = normals(value.shape(), ++seed, 0.5);
    std::ranges::copy(filled.floats(), value.mutable_floats().begin());
    variables.push_back(value);
  }
  Tensors xs = variables;
  xs.resize(inputs.size());
  const Tensors results = layer.call(xs, call);
  Tensors cotangents;
  for (const Tensor& y : results) cotangents.push_back(normals(y.shape(), ++seed));
  backward(results, cotangents);
  for (const Tensor& y : results) all.push_back(stop_gradient(y));
  for (const Tensor& x : variables) all.push_back(gradient_of(x));
  for (const Weight& w : layer.weights()) take_gradient(w.value);
  return all;
}

void compare(const Tensors& a, const Tensors& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    if (tolerance == 0) {
      CHECK(same_bits(a[i], b[i]));
    } else {
      check_close(a[i], b[i], tolerance);
    }
  }
}

struct How {
  bool sequences = false, state = false, backwards = false;
  ActivationFunction activation = tanh, gate = sigmoid;
};

Layer make_lstm(const How& how) {
  return LSTM({.units = 3, .activation = how.activation, .recurrent_activation = how.gate,
               .return_sequences = how.sequences, .return_state = how.state,
               .go_backwards = how.backwards});
}
template <bool after>
Layer make_gru(const How& how) {
  return GRU({.units = 3, .activation = how.activation, .recurrent_activation = how.gate,
              .return_sequences = how.sequences, .return_state = how.state,
              .go_backwards = how.backwards, .reset_after = after});
}
Layer make_simple(const How& how) {
  return SimpleRNN({.units = 3, .activation = how.activation, .return_sequences = how.sequences,
                    .return_state = how.state, .go_backwards = how.backwards});
}

}  // namespace

TEST_CASE("Recurrent layers, whole") {
  const Tensor x = normals({3, 4, 2}, 1), h = normals({3, 3}, 2), c = normals({3, 3}, 3);
  const std::vector<std::string> weights = {"kernel", "recurrent_kernel", "bias"};
  for (const auto make : {make_lstm, make_gru<true>, make_gru<false>, make_simple}) {
    const Tensors from = make == make_lstm ? Tensors{x, h, c} : Tensors{x, h};
    check_layer(make({}), {x}, {.weights = weights});
    check_layer(make({.state = true}), {x},
                {.weights = weights, .call = {.mask = {sequence_mask}}});
    check_layer(make({.sequences = true, .state = true, .backwards = true}), from,
                {.weights = weights, .mask = sequence_mask,
                 .call = {.mask = {sequence_mask}}});
  }
  check_layer(GRU({.units = 2, .use_bias = false}), {x},
              {.weights = {"kernel", "recurrent_kernel"}});
}

TEST_CASE("All steps in one operation give what steps one by one do") {
  const Tensor x = normals({18, 5, 7}, 1), h = normals({18, 3}, 2), c = normals({18, 3}, 3);
  const Tensor mask = coins({18, 5}, 4);
  for (const auto make : {make_lstm, make_gru<true>}) {
    const Tensors from = make == make_lstm ? Tensors{x, h, c} : Tensors{x, h};
    for (const CallOptions& call : {CallOptions{}, CallOptions{.mask = {mask}}}) {
      for (const bool sequences : {false, true}) {
        How how{.sequences = sequences, .state = true};
        const Tensors fused = all_of(make(how), from, call);
        how.activation = plain_tanh;
        how.gate = plain_sigmoid;
        compare(fused, all_of(make(how), from, call), 2e-6);
      }
    }
  }
}

TEST_CASE("Recurrent layers give the same bits for any number of threads") {
  const Tensor x = normals({70, 6, 9}, 1);
  for (const auto make : {make_lstm, make_gru<true>, make_gru<false>}) {
    const auto with = [&](int count) {
      const ThreadsScope scope(count);
      return all_of(make({.sequences = true}), {x}, {.mask = {coins({70, 6}, 2)}});
    };
    compare(with(1), with(4), 0);
  }
}

TEST_CASE("Without steps, or with none that counts, the state stays as it was") {
  const Tensor h = normals({2, 3}, 1), c = normals({2, 3}, 2);
  const auto lstm = LSTM({.units = 3, .return_sequences = true, .return_state = true});
  const auto [output, states] = lstm.with_state({zeros({2, 0, 4}), h, c});
  CHECK(output.shape() == Shape{2, 0, 3});
  compare(states, {h, c}, 0);
  const auto [same, kept] =
      lstm.with_state({ones({2, 1, 4}), h, c}, {.mask = {mask_of({{false}, {false}})}});
  compare({same.reshaped({2, 3}), kept[0], kept[1]}, {zeros({2, 3}), h, c}, 0);
}

TEST_CASE("A stateful layer goes on where the last call ended") {
  const Tensor x = normals({2, 6, 3}, 1);
  for (const auto& [whole, parts] :
       {std::pair<Layer, Layer>{GRU({.units = 4}), GRU({.units = 4, .stateful = true})},
        {LSTM({.units = 4}), LSTM({.units = 4, .stateful = true})}}) {
    const Tensor expected = all_of(whole, {x})[0];
    all_of(parts, {x});
    parts.reset_states();
    parts(slice(x, 1, 0, 2));
    // Taken up by another layer from the state, as a resumed run does.
    Config state{Config::Map()};
    Fields out(state);
    parts.impl()->state(out);
    const Layer resumed = layer_from_config(parts.class_name(), parts.config());
    all_of(resumed, {x});
    Fields in(state, "state");
    resumed.impl()->state(in);
    for (const Layer& layer : {parts, resumed}) check_close(layer(slice(x, 1, 2, 6)), expected);
    parts.reset_states();
    check_close(parts(x), expected);
  }
  const auto layer = GRU({.units = 4, .stateful = true, .name = "g"});
  layer(x);
  CHECK(message_of([&] { layer(ones({5, 6, 3})); }) ==
        "GRU \"g\": its states are kept for a batch of 2, got input (5, 6, 3); reset_states() lets "
        "them go");
}

TEST_CASE("Dropout takes the same channels away at every step") {
  const CallOptions training{.training = true};
  const Tensor x = ones({4, 5, 6});
  const auto simple = [](double inputs, double states, std::int64_t seed) {
    return SimpleRNN({.units = 6, .activation = linear, .kernel_initializer = Ones(),
                      .recurrent_initializer = Zeros(), .dropout = inputs,
                      .recurrent_dropout = states, .return_sequences = true, .seed = seed});
  };
  const Tensor y = simple(0.5, 0, 1)(x, training);
  for (std::int64_t t = 1; t < 5; ++t) {
    CHECK(same_bits(slice(y, 1, t, t + 1), slice(y, 1, 0, 1)));
  }
  CHECK(same_bits(y, simple(0.5, 0, 1)(x, training)));
  CHECK_FALSE(same_bits(y, simple(0.5, 0, 2)(x, training)));
  CHECK(same_bits(simple(0.5, 0.5, 1)(x), simple(0, 0, 2)(x)));
  // Each gate of the state with a mask of its own, and gradients go where numbers went.
  for (const double inputs : {0.0, 0.3}) {
    const auto make = [&] {
      return LSTM({.units = 3, .dropout = inputs, .recurrent_dropout = 0.4, .seed = 3});
    };
    const Tensors once = all_of(make(), {normals({2, 4, 2}, 1)}, training);
    compare(once, all_of(make(), {normals({2, 4, 2}, 1)}, training), 0);
    CHECK_FALSE(same_bits(once[0], all_of(make(), {normals({2, 4, 2}, 1)})[0]));
    const auto fresh = [&](const Tensors& in) { return make()(in[0], training); };
    set_random_seed(1);
    const Tensor first = fresh({normals({2, 4, 2}, 1)});
    CHECK(first.shape() == Shape{2, 3});
  }
}

TEST_CASE("What a new recurrent layer's weights are") {
  const auto lstm =
      LSTM({.units = 2, .kernel_regularizer = L2(), .recurrent_constraint = NonNeg()});
  lstm.build({Shape{any, any, 3}});
  const Weights weights = lstm.weights();
  check_close(weights[2].value, tensor({0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0}), 0);
  check_close(matmul(weights[1].value, weights[1].value, {.transpose_b = true}),
              tensor({{1.0, 0.0}, {0.0, 1.0}}));
  CHECK(weights[1].constraint.defined());
  CHECK(lstm.losses().size() == 1);
  const auto gru = GRU({.units = 2, .activity_regularizer = L1()});
  gru(ones({1, 2, 3}));
  CHECK(gru.weights()[2].value.shape() == Shape{2, 6});
  CHECK(gru.losses().size() == 1);
}

TEST_CASE("Bidirectional, whole") {
  const Tensor x = normals({3, 4, 2}, 1);
  const auto state = [](std::uint64_t seed) { return normals({3, 3}, seed); };
  std::vector<std::string> weights;
  for (const char* start : {"forward_lstm/", "backward_lstm/"}) {
    for (const char* name : {"kernel", "recurrent_kernel", "bias"}) {
      weights.push_back(start + std::string(name));
    }
  }
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::none}) {
    check_layer(Bidirectional({.layer = make_lstm({}), .merge_mode = mode}), {x},
                {.weights = weights, .call = {.mask = {sequence_mask}}});
    check_layer(Bidirectional({.layer = make_lstm({.sequences = true, .state = true}),
                               .merge_mode = mode}),
                {x, state(1), state(2), state(3), state(4)},
                {.weights = weights, .mask = sequence_mask, .call = {.mask = {sequence_mask}}});
  }
  const auto named = Bidirectional({.layer = LSTM({.units = 2, .name = "reader"}),
                                    .backward_layer = GRU({.units = 5, .go_backwards = true})});
  CHECK(named(x).shape() == Shape{3, 7});
  CHECK(named.weights()[0].name == named.name() + "/forward_reader/kernel");
  CHECK(named.weights()[3].name == named.name() + "/backward_gru/kernel");
}

TEST_CASE("TimeDistributed, whole") {
  const Tensor steps = mask_of({{true, false}, {true, true}});
  check_layer(TimeDistributed({.layer = Dense({.units = 3})}), {normals({2, 2, 4}, 1)},
              {.weights = {"dense/kernel", "dense/bias"},
               .mask = steps,
               .call = {.mask = {steps}}});
  const Tensor inner = coins({2, 2, 3}, 5);
  for (const bool sequences : {false, true}) {
    check_layer(TimeDistributed({.layer = GRU({.units = 2, .return_sequences = sequences})}),
                {normals({2, 2, 3, 4}, 1)},
                {.weights = {"gru/kernel", "gru/recurrent_kernel", "gru/bias"},
                 .mask = sequences ? inner : Tensor(), .call = {.mask = {inner}}});
  }
  check_layer(TimeDistributed({.layer = Embedding({.input_dim = 9, .output_dim = 2,
                                                   .mask_zero = true})}),
              {tensor({1, 0, 3, 4, 5, 6}).reshaped({1, 2, 3})},
              {.weights = {"embedding/embeddings"},
               .mask = cast(tensor({1, 0, 1, 1, 1, 1}), DType::boolean).reshaped({1, 2, 3}),
               .differentiable = false});
}

TEST_CASE("Errors of recurrent layers") {
  const Tensor x = ones({2, 3, 4}), h = ones({2, 5});
  const auto lstm = LSTM({.units = 5, .name = "l"});
  const auto gru = GRU({.units = 5, .name = "g"});
  const auto twice = Bidirectional({.layer = LSTM({.units = 5, .name = "l"}), .name = "b"});
  const std::pair<std::function<void()>, const char*> errors[] = {
      {[] { GRU({.units = 0, .name = "g"}); }, "GRU \"g\": units is at least 1, got 0"},
      {[] { LSTM({.units = 2, .dropout = 1, .name = "l"}); },
       "LSTM \"l\": dropout and recurrent_dropout are in [0, 1), got 1"},
      {[&] { lstm({x, h}); },
       "LSTM \"l\": takes a sequence, or a sequence and 2 states, got 2 inputs"},
      {[&] { gru({x, h, h}); },
       "GRU \"g\": takes a sequence, or a sequence and 1 state, got 3 inputs"},
      {[&] { gru(h); }, "GRU \"g\": input is (batch, steps, channels), got (2, 5)"},
      {[&] { gru({x, ones({2, 4})}); },
       "GRU \"g\": a state is (batch, units) = (2, 5), got (2, 4)"},
      {[&] { gru(x); gru(ones({2, 3, 7})); },
       "GRU \"g\": kernel (4, 15) was built for 4 channels, got input (2, 3, 7)"},
      {[&] { gru(Input({.shape = {any, any}})); LSTM({.units = 1, .name = "l"})(
           Input({.shape = {any, any}})); },
       "LSTM \"l\": the number of channels must be known, got (None, None, None)"},
      {[&] { gru(x, {.mask = {mask_of({{true}, {true}})}}); },
       "GRU \"g\": a mask is (batch, steps), got (2, 1) [input (2, 3, 4)]"},
      {[&] { lstm.with_state({x}); }, "LSTM \"l\": with_state needs return_state"},
      {[&] { twice({x, h}); }, "Bidirectional \"b\": takes a sequence, and as many states for each "
                               "direction, got 2 inputs"},
      {[] { Bidirectional({.layer = Dense({.units = 2, .name = "d"}), .name = "b"}); },
       "Bidirectional \"b\": a layer with go_backwards, return_sequences and return_state is "
       "needed, got Dense \"d\""},
      {[] { Bidirectional({.layer = GRU({.units = 2}), .backward_layer = GRU({.units = 2}),
                           .name = "b"}); },
       "Bidirectional \"b\": one of its layers goes backwards, got go_backwards = false of both"},
      {[] { Bidirectional({.layer = GRU({.units = 2}),
                           .backward_layer = GRU({.units = 2, .return_sequences = true,
                                                  .go_backwards = true}), .name = "b"}); },
       "Bidirectional \"b\": its layers have the same return_sequences, got false and true"},
      {[] { Bidirectional({.layer = Layer(), .name = "b"}); },
       "Bidirectional \"b\": layer is none, one is needed"},
      {[&] { TimeDistributed({.layer = Dense({.units = 2}), .name = "t"})(h); },
       "TimeDistributed \"t\": input is (batch, steps, ...), got (2, 5)"},
      {[&] { TimeDistributed({.layer = Dense({.units = 2}), .name = "t"})(
           x, {.mask = {mask_of({{true}, {true}})}}); },
       "TimeDistributed \"t\": a mask is (batch, steps, ...), got (2, 1) [input (2, 3, 4)]"},
      {[&] { Layer()(x); }, "layer: none can't be called"},
  };
  for (const auto& [call, text] : errors) CHECK(message_of(call) == text);
}
