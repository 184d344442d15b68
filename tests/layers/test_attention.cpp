#include <kindling/autograd/graph.h>
#include <kindling/autograd/sequence.h>
#include <kindling/layers/attention.h>
#include <kindling/layers/multi_head_attention.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

struct Dims {
  std::int64_t batch, heads, queries, keys, depth, width;
};

// {query, value, key}, with an axis of heads if there is more than one.
Tensors operands(const Dims& s, std::uint64_t seed, double magnitude = 1) {
  const auto make = [&](std::int64_t steps, std::int64_t size) {
    const Tensor x = normals({s.batch, steps, s.heads, size}, seed++, magnitude);
    return s.heads > 1 ? x : reshape(x, {s.batch, steps, size});
  };
  return {make(s.queries, s.depth), make(s.keys, s.width), make(s.keys, s.depth)};
}

// dot_product_attention from operations of four axes. {output, scores}
Tensors composed(const Tensors& in, const Tensor& scale, const AttentionArguments& options) {
  const bool heads = in[0].rank() == 4;
  const auto by_head = [&](const Tensor& x) {
    return heads ? transpose(x, {0, 2, 1, 3}) : expand_dims(x, 1);
  };
  const Tensor query = by_head(in[0]), value = by_head(in[1]), key = by_head(in[2]);
  const Tensor scores = matmul(query, key, {.transpose_b = true}) * scale;
  const std::int64_t queries = query.size(2), keys = key.size(2);
  Tensor keep = cast(ones(scores.shape()), DType::boolean);
  const auto leave = [&](const Tensor& mask) {
    keep = logical_and(keep, broadcast_to(mask, scores.shape()));
  };
  if (options.value_mask.defined()) leave(expand_dims(expand_dims(options.value_mask, 1), 1));
  if (options.pair_mask.defined()) leave(expand_dims(options.pair_mask, 1));
  if (heads && options.query_mask.defined()) {
    leave(expand_dims(expand_dims(options.query_mask, 1), -1));
  }
  if (options.causal) {
    leave(less_equal(arange(keys).reshaped({1, keys}), arange(queries).reshaped({queries, 1})));
  }
  const Tensor seen = greater(max(cast(keep, DType::float32), {.axis = {-1}, .keepdims = true}), 0);
  const Tensor shown = where(keep, scores, scalar(-INFINITY));
  const Tensor weights = softmax(where(seen, shown, scalar(0)));
  const Tensor output = matmul(weights, value);
  if (heads) return {transpose(output, {0, 2, 1, 3}), weights};
  const Tensor result = squeeze(output, 1);
  return {options.query_mask.defined()
              ? where(expand_dims(options.query_mask, -1), result, scalar(0)) : result,
          squeeze(weights, 1)};
}

// {output, scores, gradients for the inputs and the scale}; without scores, gradients of the
// output alone.
template <class Attend>
Tensors there_and_back(const Tensors& inputs, double scale, bool with_scores, Attend attend) {
  Tensors variables;
  for (const Tensor& x : inputs) variables.push_back(variable(x.clone()));
  const Tensor factor = variable(scalar(scale));
  const Tensors results = attend(variables, factor);
  Tensors gradients = {normals(results[0].shape(), 8)};
  if (with_scores) gradients.push_back(normals(results[1].shape(), 9));
  backward(with_scores ? results : Tensors{results[0]}, gradients);
  Tensors all = {stop_gradient(results[0])};
  if (with_scores) all.push_back(stop_gradient(results[1]));
  for (const Tensor& v : variables) all.push_back(grad(v));
  all.push_back(grad(factor));
  return all;
}

const Tensor query_mask = mask_of({{true, false, true}, {true, true, true}});
const Tensor value_mask = mask_of({{true, true, false, true}, {true, false, false, false}});

}  // namespace

TEST_CASE("dot_product_attention computes and differentiates like its composed form") {
  Generator generator(5);
  const auto size = [&](std::int64_t limit) { return 1 + generator.below(limit); };
  for (int round = 0; round < 40; ++round) {
    const bool is_long = round % 4 == 0;  // several tiles, and parts where the heads are few
    const Dims s{size(3), round % 2 == 0 ? 1 : 1 + size(3), is_long ? 60 + size(200) : size(20),
                  is_long ? size(150) : size(20), size(17), size(9)};
    const bool blind = round % 5 == 0;  // some queries may see nothing
    AttentionArguments options{.causal = round % 3 == 1};
    if (round % 3 == 0) options.query_mask = coins({s.batch, s.queries}, generator.next(), 0.7);
    if (round % 5 < 3) options.value_mask = coins({s.batch, s.keys}, generator.next(), 0.7);
    if (round % 7 < 3) {
      options.pair_mask = coins({s.batch, s.queries, s.keys}, generator.next(), 0.8);
    }
    if (!blind) {
      const Tensor first = cast(less(arange(s.keys), 1), DType::boolean);
      for (Tensor* mask : {&options.value_mask, &options.pair_mask}) {
        if (mask->defined()) *mask = logical_or(*mask, broadcast_to(first, mask->shape()));
      }
    }
    const Tensors inputs = operands(s, generator.next(), round % 6 == 5 ? 10 : 1);
    for (const bool with_scores : {false, true}) {
      options.return_scores = with_scores;
      const Tensors ours = there_and_back(inputs, -0.6, with_scores, [&](const Tensors& x,
                                                                         const Tensor& scale) {
        return dot_product_attention(x[0], x[1], x[2], scale, options);
      });
      const Tensors theirs = there_and_back(inputs, -0.6, with_scores, [&](const Tensors& x,
                                                                           const Tensor& scale) {
        return composed(x, scale, options);
      });
      CAPTURE(round, with_scores, inputs[0].shape().str(), inputs[1].shape().str());
      for (std::size_t i = 0; i < ours.size(); ++i) {
        // Without heads, a query that sees nothing passes a gradient on, as in Keras.
        if (blind && s.heads == 1 && i > std::size_t{with_scores}) break;
        CAPTURE(i);
        // What adds up to the scale's gradient cancels where the scores are large.
        const bool cancels = round % 6 == 5 && i + 1 == ours.size();
        const bool result = i <= std::size_t{with_scores};
        check_close(ours[i], theirs[i], result ? 1e-5 : cancels ? 2e-3 : 5e-5);
      }
    }
  }
}

TEST_CASE("dot_product_attention gives the same bits with any number of threads") {
  for (const Dims& s : {Dims{1, 1, 300, 90, 8, 8}, Dims{2, 3, 130, 70, 5, 4}}) {
    Tensors expected;
    for (const int count : {1, 2, 3, 8}) {
      const ThreadsScope scope(count);
      Generator generator(3);
      const AttentionArguments options{.value_mask = coins({s.batch, s.keys}, 4, 0.8),
                                       .dropout = 0.2, .generator = &generator,
                                       .return_scores = true};
      const Tensors results = there_and_back(operands(s, 1), 0.5, true, [&](const Tensors& x,
                                                                          const Tensor& scale) {
        return dot_product_attention(x[0], x[1], x[2], scale, options);
      });
      if (expected.empty()) expected = results;
      for (std::size_t i = 0; i < results.size(); ++i) CHECK(same_bits(results[i], expected[i]));
    }
  }
}

TEST_CASE("dot_product_attention drops weights, and differentiates what is left") {
  for (const std::int64_t heads : {1, 3}) {
    for (const std::size_t result : {0, 1}) {
      const auto f = [&](const Tensors& in) {
        Generator generator(7);
        return dot_product_attention(in[0], in[1], in[2], in[3],
                                     {.causal = heads == 3, .dropout = 0.4,
                                      .generator = &generator, .return_scores = true})[result];
      };
      Tensors inputs = operands({2, heads, 4, 5, 3, 2}, 1);
      inputs.push_back(scalar(0.8));
      CAPTURE(heads, result);
      CHECK(message_of([&] { gradcheck(f, inputs); }) == "no error");
    }
  }
}

TEST_CASE("Attention with every option") {
  const Tensors two = {normals({2, 3, 5}, 1), normals({2, 4, 5}, 2)};
  const Tensors three = {two[0], normals({2, 4, 2}, 3), two[1]};
  for (const bool use_scale : {false, true}) {
    for (const ScoreMode mode : {ScoreMode::dot, ScoreMode::concat}) {
      std::vector<std::string> weights;
      if (use_scale) weights.push_back("scale");
      if (mode == ScoreMode::concat) weights.push_back("concat_score_weight");
      const auto layer = [&](bool causal) {
        return Attention({.use_scale = use_scale, .score_mode = mode, .causal = causal});
      };
      check_layer(layer(false), two, {.weights = weights});
      check_layer(layer(true), three, {.weights = weights, .call = {.mask = {{}, value_mask}}});
      check_layer(layer(false), three,
                  {.weights = weights, .mask = query_mask,
                   .call = {.mask = {query_mask, value_mask}, .use_causal_mask = true,
                            .return_attention_scores = true}});
    }
  }
}

TEST_CASE("Attention drops weights in training, and what sees nothing weighs all alike") {
  for (const ScoreMode mode : {ScoreMode::dot, ScoreMode::concat}) {
    const auto attention = Attention({.score_mode = mode, .dropout = 0.5, .seed = 1});
    const Tensors inputs = {normals({4, 30, 5}, 1), normals({4, 20, 5}, 2)};
    const Tensor plain = attention.with_scores(inputs).scores;
    const auto trained = attention.with_scores(inputs, {.training = true});
    int gone = 0;
    for (std::size_t i = 0; i < plain.floats().size(); ++i) {
      const float v = trained.scores.floats()[i];
      gone += v == 0 ? 1 : 0;
      if (v != 0) CHECK(v == Approx(2 * plain.floats()[i]));
    }
    CHECK(gone == Approx(1200).margin(120));
    check_close(trained.output, matmul(trained.scores, inputs[1]), 1e-5);
    CHECK_FALSE(same_bits(attention(inputs, {.training = true}), trained.output));
    const Tensor none = cast(zeros({4, 20}), DType::boolean);
    check_close(attention.with_scores(inputs, {.mask = {{}, none}, .use_causal_mask = true}).scores,
                full({4, 30, 20}, 1.0 / 20), 1e-6);
  }
}

TEST_CASE("MultiHeadAttention with every option") {
  const std::vector<std::string> kernels = {"query/kernel", "key/kernel", "value/kernel",
                                            "attention_output/kernel"};
  const std::vector<std::string> all = {"query/kernel", "query/bias", "key/kernel", "key/bias",
                                        "value/kernel", "value/bias", "attention_output/kernel",
                                        "attention_output/bias"};
  const Tensors two = {normals({2, 3, 5}, 1), normals({2, 4, 6}, 2)};
  const Tensors three = {two[0], two[1], normals({2, 4, 2}, 3)};
  check_layer(MultiHeadAttention({.num_heads = 2, .key_dim = 3}), two, {.weights = all});
  check_layer(MultiHeadAttention({.num_heads = 3, .key_dim = 2, .value_dim = 4, .use_bias = false,
                                  .output_shape = {7}, .kernel_constraint = NonNeg()}),
              three, {.weights = kernels, .call = {.mask = {{}, value_mask},
                                                   .use_causal_mask = true}});
  check_layer(MultiHeadAttention({.num_heads = 2, .key_dim = 2, .dropout = 0.3,
                                  .output_shape = {2, 3}, .seed = 4, .name = "heads"}),
              {three[0], three[1], three[2], coins({2, 3, 4}, 5)},
              {.weights = all, .mask = query_mask,
               .call = {.mask = {query_mask, value_mask, value_mask},
                        .return_attention_scores = true}});
  // Keras's own words for what it computes.
  const auto read = [](const char* axes) {
    Config config{Config::Map{{"num_heads", 2}, {"key_dim", 3}, {"flash_attention", false}}};
    config.set("attention_axes", Config::List{std::string(axes) == "first" ? 1 : 2});
    return message_of([&] { layer_from_config("MultiHeadAttention", config); });
  };
  CHECK(read("first") == "no error");
  CHECK(read("second").ends_with("attention_axes is None or 1, got 2"));
}

TEST_CASE("MultiHeadAttention is attention of each head between projections") {
  const auto layer = MultiHeadAttention({.num_heads = 2, .key_dim = 3, .dropout = 0.5, .seed = 1});
  const Tensor x = normals({2, 3, 6}, 1);
  const auto plain = layer.with_scores({x, x});
  const Weights w = layer.weights();
  CHECK(w[0].value.shape() == Shape{6, 2, 3});
  CHECK(w[1].value.shape() == Shape{2, 3});
  CHECK(w[6].value.shape() == Shape{2, 3, 6});
  CHECK(w[7].value.shape() == Shape{6});
  const auto projected = [&](std::size_t i) {
    return dense(x, reshape(w[i].value, {6, 6}), {}).reshaped({2, 3, 2, 3});
  };
  const Tensors all = composed({projected(0), projected(4), projected(2)},
                               scalar(1 / std::sqrt(3.0)), {});
  check_close(plain.scores, all[1], 1e-5);
  check_close(plain.output, dense(all[0].reshaped({2, 3, 6}), reshape(w[6].value, {6, 6}), {}),
              1e-5);
  // Scores are those before dropout.
  const auto trained = layer.with_scores({x, x}, {.training = true});
  CHECK(same_bits(trained.scores, plain.scores));
  CHECK_FALSE(same_bits(trained.output, plain.output));
}

TEST_CASE("MultiHeadAttention's regularizers") {
  const auto layer = MultiHeadAttention({.num_heads = 1, .key_dim = 2,
                                         .bias_initializer = Ones(),
                                         .kernel_regularizer = L2({.l2 = 1}),
                                         .bias_regularizer = L1({.l1 = 1}),
                                         .activity_regularizer = L1({.l1 = 1})});
  layer({zeros({2, 3, 4}), zeros({2, 3, 4})});
  const Tensors losses = layer.losses();
  REQUIRE(losses.size() == 12);  // four kernels, four biases, four projections
  CHECK(losses[1].item() == 2);
  CHECK(losses[8].item() == 3 * 2);  // of biases alone, per example
}

TEST_CASE("Attention layers say what doesn't fit") {
  const Tensor q = zeros({2, 3, 4}), v = zeros({2, 5, 4});
  Generator generator(1);
  const auto operation = [&](const Tensor& query, const Tensor& scale,
                             const AttentionArguments& arguments = {}) {
    return message_of([&] { dot_product_attention(query, v, v, scale, arguments); });
  };
  CHECK(operation(zeros({2, 3, 2, 4}), {}) ==
        "dot_product_attention: query (batch, Tq, heads, depth) and key (batch, Tv, heads, depth) "
        "don't fit [query (2, 3, 2, 4), key (2, 5, 4)]");
  CHECK(operation(q, ones({4})) == "dot_product_attention: scale is one number, got (4,)");
  CHECK(operation(q, {}, {.pair_mask = cast(ones({2, 3}), DType::boolean)}) ==
        "dot_product_attention: the pair mask is (2, 3, 5), got (2, 3)");
  CHECK(operation(q, {}, {.dropout = 0.5}) ==
        "dot_product_attention: dropout is in [0, 1) and takes a generator, got 0.5 and none");

  CHECK(message_of([&] { Attention({.name = "a"})({q, zeros({2, 5, 3})}); }) ==
        "Attention \"a\": query and value differ in channels, 4 against 3 [query (2, 3, 4), "
        "value (2, 5, 3)]");
  const Config mode(Config::Map{{"name", "a"}, {"score_mode", "cosine"}});
  CHECK(message_of([&] { layer_from_config("Attention", mode); })
            .ends_with("score_mode: one of dot, concat is needed, got \"cosine\""));

  const auto layer = MultiHeadAttention({.num_heads = 2, .key_dim = 3, .name = "m"});
  const auto refused = [&](const Tensors& inputs) {
    return message_of([&] { layer.call(inputs); });
  };
  CHECK(message_of([] { MultiHeadAttention({.num_heads = 0, .key_dim = 3, .name = "m"}); }) ==
        "MultiHeadAttention \"m\": num_heads, key_dim and value_dim are at least 1, got 0, 3 "
        "and 3");
  CHECK(message_of([] {
          MultiHeadAttention({.num_heads = 1, .key_dim = 3, .output_shape = {0}, .name = "m"});
        }) == "MultiHeadAttention \"m\": sizes of output_shape are at least 1, got (0,)");
  CHECK(refused({q, v, v, zeros({2, 5, 3})}) ==
        "MultiHeadAttention \"m\": attention_mask is (batch, Tq, Tv) = (2, 3, 5), got (2, 5, 3)");
  const Tensor short_mask = cast(ones({2, 4}), DType::boolean);
  CHECK(message_of([&] { layer.call({q, v, v}, {.mask = {{}, {}, short_mask}}); }) ==
        "MultiHeadAttention \"m\": a key mask is (batch, Tv) = (2, 5), got (2, 4)");
  CHECK(refused({q, v, v, ones({2, 3, 5})}) ==
        "MultiHeadAttention \"m\": attention_mask is bool, got float32");
  layer({q, v});
  CHECK(refused({q, zeros({2, 5, 6})}) ==
        "MultiHeadAttention \"m\": kernels were built for 4, 4 and 4 channels [query (2, 3, 4), "
        "value (2, 5, 6)]");
}
