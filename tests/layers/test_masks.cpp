// What a mask leaves out doesn't count, whatever its numbers are.
#include <cmath>
#include <limits>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/autograd/sequence.h>
#include <kindling/layers/activation_layers.h>
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/attention.h>
#include <kindling/layers/bidirectional.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/dropout.h>
#include <kindling/layers/functional.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/gru.h>
#include <kindling/layers/layer_normalization.h>
#include <kindling/layers/lstm.h>
#include <kindling/layers/masking.h>
#include <kindling/layers/merge.h>
#include <kindling/layers/multi_head_attention.h>
#include <kindling/layers/simple_rnn.h>
#include <kindling/layers/symbolic.h>
#include <kindling/layers/time_distributed.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

const Tensor steps = mask_of({{false, true, true, false}, {true, false, true, true}});
constexpr double nan_of_double = std::numeric_limits<double>::quiet_NaN();

Tensor with_masked(const Tensor& x, double number) {
  return where(expand_dims(steps, -1), x, scalar(number));
}

// The results where they count, and the gradients for inputs and weights.
Tensors there_and_back(const Layer& layer, const Tensors& inputs, bool carries) {
  Tensors variables, carrying;
  for (const Tensor& x : inputs) {
    variables.push_back(variable(x.clone()));
    carrying.push_back(carries ? with_mask(variables.back(), steps) : variables.back());
  }
  const Tensors results = layer.call(carrying);
  Tensor loss = scalar(0);
  Tensors all;
  for (const Tensor& result : results) {
    Tensor counts = result.mask();
    while (counts.defined() && counts.rank() < result.rank()) counts = expand_dims(counts, -1);
    const Tensor counted = counts.defined() ? where(counts, result, scalar(0)) : result;
    loss = loss + sum(counted * normals(result.shape(), 7));
    all.push_back(stop_gradient(counted));
  }
  backward(loss);
  for (const Tensor& v : variables) all.push_back(grad(v));
  for (const Weight& w : layer.weights()) all.push_back(take_gradient(w.value).dense());
  return all;
}

}  // namespace

TEST_CASE("NaN and infinity in masked steps reach neither results nor gradients") {
  const Tensor x = normals({2, 4, 3}, 1), y = normals({2, 4, 3}, 2);
  const auto gate = [](const Tensor& v) { return sigmoid(v); };
  const std::vector<std::pair<Layer, std::size_t>> layers = {
      {GlobalAveragePooling1D(), 1},
      {Dense({.units = 2}), 1},
      {Dropout({.rate = 0.5}), 1},
      {LayerNormalization(), 1},
      {LeakyReLU(), 1},
      {TimeDistributed({.layer = Dense({.units = 2})}), 1},
      {LSTM({.units = 2, .return_sequences = true}), 1},
      {GRU({.units = 2}), 1},
      {GRU({.units = 2, .recurrent_activation = +gate, .return_sequences = true}), 1},
      {SimpleRNN({.units = 2, .return_state = true}), 1},
      {Bidirectional({.layer = LSTM({.units = 2, .return_sequences = true})}), 1},
      {Add(), 2},
      {Multiply(), 2},
      {Maximum(), 2},
      {Average(), 2},
      {Concatenate(), 2},
      {Concatenate({.axis = 1}), 2},
      {AdditiveAttention(), 2},
      {AdditiveAttention(), 3},
      {Attention({.use_scale = true}), 2},
      {Attention({.use_scale = true, .score_mode = ScoreMode::concat}), 3},
      {MultiHeadAttention({.num_heads = 2, .key_dim = 2}), 2},
      {MultiHeadAttention({.num_heads = 2, .key_dim = 2}), 3}};
  for (const auto& [layer, count] : layers) {
    const Tensors clean[] = {{with_masked(x, 0)},
                             {with_masked(x, 0), with_masked(y, 0)},
                             {with_masked(x, 0), with_masked(y, 0), with_masked(x, 0)}};
    const Tensors expected = there_and_back(layer, clean[count - 1], true);
    for (const double number : {nan_of_double, HUGE_VAL, -HUGE_VAL}) {
      Tensors inputs;
      for (const Tensor& input : clean[count - 1]) inputs.push_back(with_masked(input, number));
      const Tensors got = there_and_back(layer, inputs, true);
      CAPTURE(layer.class_name(), count, number);
      for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        check_close(got[i], expected[i], 0);
      }
    }
  }
}

TEST_CASE("A key that the value's mask leaves out doesn't count") {
  const Tensor q = normals({2, 4, 3}, 1), v = normals({2, 4, 3}, 2);
  for (const Layer& layer : {Layer(AdditiveAttention()), Layer(Attention({.use_scale = true})),
                             Layer(MultiHeadAttention({.num_heads = 1, .key_dim = 2}))}) {
    const auto run = [&](double number) {
      const Tensor key = variable(with_masked(v, number));
      const Tensor y = layer({q, v, key}, {.mask = {{}, steps}});
      backward(sum(square(y)));
      return Tensors{stop_gradient(y), grad(key)};
    };
    const Tensors expected = run(0), got = run(nan_of_double);
    CAPTURE(layer.class_name());
    check_close(got[0], expected[0], 0);
    check_close(got[1], expected[1], 0);
  }
}

TEST_CASE("finite_where_masked leaves finite numbers as they are") {
  const Tensor x = normals({2, 4, 3}, 1);
  CHECK(finite_where_masked(x, steps).same_memory(x));
  CHECK(finite_where_masked(x, {}).same_memory(x));
  check_close(finite_where_masked(with_masked(x, nan_of_double), steps), with_masked(x, 0), 0);
  CHECK(message_of([&] { finite_where_masked(x, mask_of({{true}})); }) ==
        "finite_where_masked: a mask has the leading sizes of its tensor [x (2, 4, 3), mask "
        "(1, 1)]");
}

TEST_CASE("Masking of NaN") {
  const Tensor x = with_masked(normals({2, 4, 3}, 1), nan_of_double);
  const Tensor y = Masking({.mask_value = nan_of_double})(x);
  CHECK(same_bits(y.mask(), steps));
  check_close(y, with_masked(x, 0), 0);
}

TEST_CASE("Before the first step that counts a recurrent layer's output is 0, the state as given") {
  const Tensor x = normals({2, 4, 3}, 1), h = normals({2, 2}, 2), c = normals({2, 2}, 3);
  const Tensor late = mask_of({{false, false, true, false}, {false, false, false, false}});
  const auto gate = [](const Tensor& v) { return sigmoid(v); };
  const std::vector<std::pair<Layer, std::size_t>> layers = {
      {LSTM({.units = 2, .return_sequences = true, .return_state = true}), 3},
      {LSTM({.units = 2, .recurrent_activation = +gate, .return_sequences = true,
             .return_state = true}), 3},
      {GRU({.units = 2, .return_sequences = true, .return_state = true}), 2},
      {SimpleRNN({.units = 2, .return_sequences = true, .return_state = true}), 2}};
  for (const auto& [layer, count] : layers) {
    CAPTURE(layer.class_name());
    const Tensors inputs = count == 3 ? Tensors{x, h, c} : Tensors{x, h};
    const Tensors results = layer.call(inputs, {.mask = {late}});
    const Tensor first = slice(results[0], 1, 0, 2), rest = slice(results[0], 1, 2, 4);
    check_close(first, zeros({2, 2, 2}), 0);
    check_close(squeeze(slice(rest, 1, 1, 2), 1),
                where(mask_of({{true}, {false}}), results[1], scalar(0)), 0);
    check_close(slice(results[1], 0, 1, 2), slice(h, 0, 1, 2), 0);
  }
  const Tensor none = mask_of({{false, false, false, false}, {false, false, false, false}});
  check_close(GRU({.units = 2})({x, h}, {.mask = {none}}), zeros({2, 2}), 0);
  const auto stateful = GRU({.units = 2, .stateful = true});
  stateful(x);
  check_close(stateful(x, {.mask = {none}}), zeros({2, 2}), 0);
}

TEST_CASE("A query of MultiHeadAttention that sees nothing: as Keras's two ways to compute it") {
  const Tensor x = normals({2, 4, 3}, 1);
  const Tensor none = mask_of({{false, false, false, false}, {true, true, true, true}});
  const auto layer = MultiHeadAttention({.num_heads = 2, .key_dim = 2});
  const Tensor alike = layer({x, x}, {.mask = {{}, none}});
  check_close(slice(slice(alike, 0, 0, 1), 1, 0, 1), slice(slice(alike, 0, 0, 1), 1, 3, 4), 1e-6);
  const auto [output, scores] = layer.with_scores({x, x}, {.mask = {{}, none}});
  check_close(slice(scores, 0, 0, 1), zeros({1, 2, 4, 4}), 0);
  check_close(slice(output, 0, 0, 1), zeros({1, 4, 3}), 0);  // the bias alone
  const auto dropping = MultiHeadAttention({.num_heads = 2, .key_dim = 2, .dropout = 0.5});
  check_close(slice(dropping({x, x}, {.mask = {{}, none}}), 0, 0, 1), zeros({1, 4, 3}), 0);
}

TEST_CASE("In a model, MultiHeadAttention takes masks away, as in Keras") {
  const auto input = Input({.shape = {any, 3}});
  const auto x = Masking()(input);
  const auto attention = MultiHeadAttention({.num_heads = 1, .key_dim = 2});
  const auto first = attention({x, x});
  const auto residual = LayerNormalization()(Add()({x, first}));
  const auto second = attention({residual, residual});
  const auto pooled = GlobalAveragePooling1D()(residual);
  const Functional model({.inputs = {input}, .outputs = {first, residual, second, pooled, x}});
  const Tensor numbers = with_masked(normals({2, 4, 3}, 1), 0);
  const Tensors results = model.call({numbers});
  CHECK(same_bits(results[0].mask(), steps));
  for (const std::size_t i : {1u, 2u, 4u}) CHECK_FALSE(results[i].mask().defined());
  // Of layers that take one, the graph's mask.
  check_close(results[3], mean_over_steps(results[1], steps), 1e-6);
  check_close(results[2], attention({results[1], results[1]}), 1e-6);
}

TEST_CASE("MultiHeadAttention's scores carry what restricts them, of its own sizes, as in Keras") {
  const auto layer = MultiHeadAttention({.num_heads = 2, .key_dim = 3});
  const Tensor q = normals({2, 3, 4}, 1), v = normals({2, 5, 4}, 2);
  const Tensor value = mask_of({{true, true, true, false, false}, {true, true, true, true, false}});
  const Tensor query = mask_of({{true, true, false}, {true, true, true}});
  const auto mask_with = [&](const Tensors& inputs, const CallOptions& options) {
    return layer.with_scores(inputs, options).scores.mask();
  };
  CHECK_FALSE(mask_with({q, v}, {}).defined());
  CHECK(same_bits(mask_with({q, v}, {.mask = {{}, value}}), value.reshaped({2, 1, 1, 5})));
  CHECK(same_bits(mask_with({q, v, v}, {.mask = {{}, {}, value}}), value.reshaped({2, 1, 1, 5})));
  CHECK(mask_with({q, v}, {.mask = {query, {}}}).shape() == Shape{2, 1, 3, 1});
  CHECK(mask_with({q, v}, {.mask = {query, value}}).shape() == Shape{2, 1, 3, 5});
  const Tensor causal = mask_with({q, v}, {.use_causal_mask = true});
  CHECK(same_bits(causal, mask_of({{true, false, false, false, false},
                                   {true, true, false, false, false},
                                   {true, true, true, false, false}}).reshaped({1, 1, 3, 5})));
  const Tensor pairs = coins({2, 3, 5}, 3);
  CHECK(same_bits(mask_with({q, v, v, pairs}, {}), pairs.reshaped({2, 1, 3, 5})));
  // A Softmax after it takes it, as it is or with fewer axes.
  const auto [output, scores] = layer.with_scores({q, v}, {.mask = {{}, value}});
  const Tensor soft = Softmax()(scores);
  CHECK(soft.mask().shape() == Shape{2, 1, 1, 5});
  check_close(slice(slice(soft, 0, 0, 1), -1, 3, 5), zeros({1, 2, 3, 2}), 0);
}

TEST_CASE("A mask may have size 1 along axes of its tensor, if it has all of them") {
  const Tensor x = normals({2, 3, 4}, 1);
  const auto refused = [&](const Shape& shape) {
    return message_of([&] { with_mask(x, cast(ones(shape), DType::boolean)); }) != "no error";
  };
  for (const Shape& shape : {Shape{2}, {2, 3}, {2, 3, 4}, {1, 3, 1}, {2, 1, 4}, {1, 1, 1}}) {
    CHECK_FALSE(refused(shape));
  }
  for (const Shape& shape : {Shape{1}, {2, 1}, {3, 4}, {2, 3, 2}, {2, 3, 4, 1}}) {
    CHECK(refused(shape));
  }
}
