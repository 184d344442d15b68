#include <kindling/autograd/graph.h>
#include <kindling/autograd/sequence.h>
#include <kindling/layers/additive_attention.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

using Results = AttentionResult<Tensor>;

// The layer as the tensor of four axes says it: (batch, Tq, Tv, dim).
Results composed(const Tensors& inputs, const Tensor& scale, const Tensors& masks, bool causal) {
  const Tensor &query = inputs[0], &value = inputs[1], &key = inputs.back();
  const std::int64_t queries = query.size(1), keys = key.size(1);
  Tensor pairs = tanh(expand_dims(query, 2) + expand_dims(key, 1));
  if (scale.defined()) pairs = pairs * scale;
  const Tensor scores = sum(pairs, {.axis = {-1}});
  Tensor keep = cast(ones(scores.shape()), DType::boolean);
  if (masks[1].defined()) {
    keep = logical_and(keep, broadcast_to(expand_dims(masks[1], 1), scores.shape()));
  }
  if (causal) {
    const Tensor order = less_equal(arange(keys).reshaped({1, keys}),
                                    arange(queries).reshaped({queries, 1}));
    keep = logical_and(keep, broadcast_to(order, scores.shape()));
  }
  // A row that sees nothing is uniform: its scores don't count.
  const Tensor seen = greater(max(cast(keep, DType::float32), {.axis = {-1}, .keepdims = true}), 0);
  const Tensor shown = where(keep, scores, scalar(-INFINITY));
  const Tensor weights = softmax(where(seen, shown, scalar(0)));
  Tensor output = matmul(weights, value);
  if (masks[0].defined()) output = where(expand_dims(masks[0], -1), output, scalar(0));
  return {output, weights};
}

struct Sizes {
  std::int64_t batch, queries, keys, dim, depth;
};

Tensors make_inputs(const Sizes& s, std::uint64_t seed, double magnitude, bool with_key) {
  Tensors inputs = {normals({s.batch, s.queries, s.dim}, seed, magnitude),
                    normals({s.batch, s.keys, with_key ? s.depth : s.dim}, seed + 1, magnitude)};
  if (with_key) inputs.push_back(normals({s.batch, s.keys, s.dim}, seed + 2, magnitude));
  return inputs;
}

}  // namespace

TEST_CASE("AdditiveAttention with every option") {
  const Sizes s{2, 3, 4, 5, 2};
  const Tensor query_mask = mask_of({{true, false, true}, {true, true, true}});
  const Tensor value_mask = mask_of({{true, true, false, true}, {true, false, false, false}});
  for (const bool use_scale : {true, false}) {
    const std::vector<std::string> weights =
        use_scale ? std::vector<std::string>{"scale"} : std::vector<std::string>{};
    for (const bool with_key : {false, true}) {
      const Tensors inputs = make_inputs(s, 1, 1, with_key);
      for (const bool causal : {false, true}) {
        const auto layer = [&] {
          return AdditiveAttention({.use_scale = use_scale, .causal = causal});
        };
        check_layer(layer(), inputs, {.weights = weights});
        check_layer(layer(), inputs, {.weights = weights, .call = {.use_causal_mask = true}});
        check_layer(layer(), inputs,
                    {.weights = weights, .mask = query_mask,
                     .call = {.mask = {query_mask, value_mask}, .return_attention_scores = true}});
        check_layer(layer(), inputs, {.weights = weights, .call = {.mask = {{}, value_mask}}});
      }
    }
  }
  check_layer(AdditiveAttention({.dropout = 0.5, .seed = 3, .name = "attention"}),
              make_inputs(s, 1, 1, false), {.weights = {"scale"}});
}

TEST_CASE("AdditiveAttention computes and differentiates like its composed form") {
  Generator generator(5);
  const auto size = [&](std::int64_t limit) { return 1 + generator.below(limit); };
  for (const double magnitude : {0.01, 1.0, 30.0, 300.0}) {
    for (int round = 0; round < 12; ++round) {
      const Sizes s{size(3), size(20), size(40), size(33), size(7)};
      const bool with_key = round % 2 == 1, causal = round % 3 == 1, use_scale = round % 4 != 3;
      const Tensors inputs = make_inputs(s, generator.next(), magnitude, with_key);
      const bool blind = round % 4 == 0;  // some rows may see nothing
      Tensors masks = {
          round % 3 == 0 ? coins({s.batch, s.queries}, generator.next(), 0.7) : Tensor(),
          round % 5 != 0 ? coins({s.batch, s.keys}, generator.next(), 0.6) : Tensor()};
      for (std::int64_t b = 0; masks[1].defined() && !blind && b < s.batch; ++b) {
        masks[1].mutable_bools()[static_cast<std::size_t>(b * s.keys)] = true;
      }
      const auto layer = AdditiveAttention({.use_scale = use_scale, .causal = causal});
      layer.build(shapes_of(inputs));
      const Tensor scale = use_scale ? layer.weights()[0].value : Tensor();
      const Tensors g = {normals({s.batch, s.queries, inputs[1].size(2)}, 8),
                         normals({s.batch, s.queries, s.keys}, 9)};
      const auto run = [&](const auto& attend, bool with_scores) {
        Tensors variables;
        for (const Tensor& x : inputs) variables.push_back(variable(x.clone()));
        const Results results = attend(variables);
        Tensors all = {stop_gradient(results.output)};
        if (with_scores) {
          backward({results.output, results.scores}, g);
          all.push_back(stop_gradient(results.scores));
        } else {
          backward({results.output}, {g[0]});
        }
        for (const Tensor& v : variables) all.push_back(grad(v));
        if (use_scale) all.push_back(take_gradient(scale).dense());
        return all;
      };
      const auto oracle = [&](const Tensors& x) { return composed(x, scale, masks, causal); };
      const Tensors ours = run(
          [&](const Tensors& x) { return layer.with_scores(x, {.mask = masks}); }, true);
      const Tensors theirs = run(oracle, true);
      const Tensors fused = run([&](const Tensors& x) {
        const AttentionArguments all{masks[0], masks[1], causal};
        return Results{additive_attention(x[0], x[1], x.back(), scale, all)[0], Tensor()};
      }, false);
      const Tensors without_scores = run(oracle, false);
      CAPTURE(magnitude, round, inputs[0].shape().str(), inputs[1].shape().str());
      for (std::size_t i = 0; i < 2; ++i) check_close(ours[i], theirs[i], 1e-5);
      check_close(fused[0], theirs[0], 1e-5);
      // A row that sees nothing has a gradient here, as in Keras, and none in the composed form.
      for (std::size_t i = 2; i < ours.size() && !blind; ++i) {
        CAPTURE(i);
        check_close(ours[i], theirs[i], 5e-5);
        check_close(fused[i - 1], without_scores[i - 1], 5e-5);
      }
    }
  }
}

TEST_CASE("Long sequences, in many tiles, with scores and without") {
  for (const std::int64_t batch : {1, 3}) {
    const Sizes s{batch, 150, 70, 20, 9};
    const Tensors inputs = make_inputs(s, 3, 1, true);
    const Tensor value_mask = coins({batch, 70}, 5, 0.6), query_mask = coins({batch, 150}, 6, 0.8);
    const auto layer = AdditiveAttention();
    layer.build(shapes_of(inputs));
    const Tensor scale = layer.weights()[0].value, g = normals({batch, 150, 9}, 7);
    for (const bool causal : {false, true}) {
      const CallOptions options{.mask = {query_mask, value_mask}, .use_causal_mask = causal};
      const auto run = [&](const auto& attend) {
        Tensors variables;
        for (const Tensor& x : inputs) variables.push_back(variable(x.clone()));
        const Tensor output = attend(variables);
        backward({output}, {g});
        Tensors all = {stop_gradient(output), take_gradient(scale).dense()};
        for (const Tensor& v : variables) all.push_back(grad(v));
        return all;
      };
      const AttentionArguments arguments{query_mask, value_mask, causal};
      const Tensors fused = run([&](const Tensors& x) {
        return additive_attention(x[0], x[1], x[2], scale, arguments)[0];
      });
      const Tensors apart = run([&](const Tensors& x) {
        return layer.with_scores(x, options).output;
      });
      for (std::size_t i = 0; i < fused.size(); ++i) check_close(fused[i], apart[i], 2e-5);
    }
  }
}

TEST_CASE("A query sees what its masks leave") {
  const auto attention = AdditiveAttention();
  const Tensor query = normals({2, 3, 4}, 1), value = normals({2, 3, 4}, 2, 300);
  const Tensor none = cast(zeros({2, 3}), DType::boolean);
  const Tensor uniform = attention.with_scores({query, value}, {.mask = {{}, none}}).scores;
  check_close(uniform, full({2, 3, 3}, 1.0 / 3), 1e-6);
  const Tensor causal =
      attention.with_scores({query, value}, {.use_causal_mask = true}).scores;
  for (std::int64_t i = 0; i < 3; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      sum += element(causal, {1, i, j});
      if (j > i) CHECK(element(causal, {1, i, j}) == 0);
    }
    CHECK(sum == Approx(1));
  }
  const Results masked = attention.with_scores({query, value}, {.mask = {none, {}}});
  check_close(masked.output, zeros({2, 3, 4}), 0);
  check_close(sum(masked.scores, {.axis = {-1}}), ones({2, 3}), 1e-6);
}

TEST_CASE("AdditiveAttention drops weights in training") {
  const auto attention = AdditiveAttention({.dropout = 0.5, .seed = 1});
  const Tensors inputs = make_inputs({4, 30, 20, 5, 5}, 3, 1, false);
  const Tensor plain = attention.with_scores(inputs).scores;
  const Results trained = attention.with_scores(inputs, {.training = true});
  int gone = 0;
  for (std::size_t i = 0; i < plain.floats().size(); ++i) {
    const float v = trained.scores.floats()[i];
    gone += v == 0 ? 1 : 0;
    if (v != 0) CHECK(v == Approx(2 * plain.floats()[i]));
  }
  CHECK(gone == Approx(1200).margin(120));
  check_close(trained.output, matmul(trained.scores, inputs[1]), 1e-5);
}

TEST_CASE("AdditiveAttention drops others at each call, and goes back from the scores alone") {
  const auto attention = AdditiveAttention({.dropout = 0.5, .seed = 1});
  const Tensors inputs = make_inputs({4, 30, 20, 5, 5}, 3, 1, false);
  const Tensor first = attention.with_scores(inputs, {.training = true}).scores;
  const Tensor second = attention.with_scores(inputs, {.training = true}).scores;
  CHECK_FALSE(same_bits(first, second));

  const Tensor query = variable(inputs[0]), other = variable(inputs[0]);
  const Tensor g = normals({4, 30, 20}, 8), none = zeros({4, 30, 5});
  const Results scores_alone = attention.with_scores({query, inputs[1]});
  backward({scores_alone.scores}, {g});
  const Results both = attention.with_scores({other, inputs[1]});
  backward({both.output, both.scores}, {none, g});
  CHECK(same_bits(grad(query), grad(other)));
}

TEST_CASE("The operation says what doesn't fit") {
  const Tensor q = zeros({2, 3, 4}), v = zeros({2, 5, 4});
  const auto refused = [&](const Tensor& value, const AttentionArguments& arguments) {
    return message_of([&] { additive_attention(q, value, v, {}, arguments); });
  };
  CHECK(refused(zeros({2, 6, 4}), {}) ==
        "additive_attention: value (batch, Tv, width) and key (batch, Tv, depth) don't fit "
        "[value (2, 6, 4), key (2, 5, 4)]");
  CHECK(refused(v, {.query_mask = cast(ones({2, 5}), DType::boolean)}) ==
        "additive_attention: the query mask is (2, 3), got (2, 5)");
  Generator generator(1);
  CHECK(refused(v, {.dropout = 1, .generator = &generator}) ==
        "additive_attention: dropout is in [0, 1) and takes a generator, got 1");
  CHECK(refused(v, {.dropout = 0.5}) ==
        "additive_attention: dropout is in [0, 1) and takes a generator, got 0.5 and none");
}

TEST_CASE("AdditiveAttention says what doesn't fit") {
  const auto layer = AdditiveAttention({.name = "a"});
  const auto refused = [&](const Tensors& inputs, const CallOptions& options = {}) {
    return message_of([&] { layer.call(inputs, options); });
  };
  const Tensor q = zeros({2, 3, 4}), v = zeros({2, 5, 4});
  CHECK(refused({q}) ==
        "AdditiveAttention \"a\": takes {query, value} or {query, value, key}, got 1 input");
  CHECK(refused({q, v, v, v}) ==
        "AdditiveAttention \"a\": takes {query, value} or {query, value, key}, got 4 inputs");
  CHECK(refused({q, zeros({2, 5})}) ==
        "AdditiveAttention \"a\": input is (batch, steps, channels), got (2, 5)");
  CHECK(refused({q, zeros({3, 5, 4})}) ==
        "AdditiveAttention \"a\": inputs differ in batch size [query (2, 3, 4), value (3, 5, 4)]");
  CHECK(refused({q, zeros({2, 5, 6})}) ==
        "AdditiveAttention \"a\": query and value differ in channels, 4 against 6 "
        "[query (2, 3, 4), value (2, 5, 6)]");
  CHECK(refused({q, zeros({2, 5, 6}), zeros({2, 5, 3})}) ==
        "AdditiveAttention \"a\": query and key differ in channels, 4 against 3 "
        "[query (2, 3, 4), value (2, 5, 6), key (2, 5, 3)]");
  CHECK(refused({q, v, zeros({2, 6, 4})}) ==
        "AdditiveAttention \"a\": value and key differ in steps, 5 against 6 "
        "[query (2, 3, 4), value (2, 5, 4), key (2, 6, 4)]");
  CHECK(message_of([&] {
          const auto open = Input({.shape = {any, any}});
          layer({open, open});
        }) == "AdditiveAttention \"a\": the number of channels must be known "
              "[query (None, None, None), value (None, None, None)]");
  layer.call({q, v});
  CHECK(refused({zeros({2, 3, 6}), zeros({2, 5, 6})}) ==
        "AdditiveAttention \"a\": scale (4,) was built for 4 channels [query (2, 3, 6), "
        "value (2, 5, 6)]");
  const Tensor short_mask = cast(ones({2}), DType::boolean);
  CHECK(refused({q, v}, {.mask = {short_mask, Tensor()}}) ==
        "AdditiveAttention \"a\": a query mask is (batch, Tq), got (2,) [query (2, 3, 4)]");
  CHECK(refused({q, v}, {.mask = {Tensor(), short_mask}}) ==
        "AdditiveAttention \"a\": a value mask is (batch, Tv) = (2, 5), got (2,)");
  CHECK(refused({q, v}, {.mask = {Tensor(), Tensor(), short_mask}}) ==
        "AdditiveAttention \"a\": takes at most one mask an input, got 3 masks for 2 inputs");
  CHECK(refused({q, v}, {.mask = {short_mask}}) ==
        "AdditiveAttention \"a\": takes a mask for the query and one for the value, an undefined "
        "tensor for none, got 1 mask");
  CHECK(message_of([] { AdditiveAttention({.dropout = 1, .name = "a"}); }) ==
        "AdditiveAttention \"a\": dropout is in [0, 1), got 1");
}
