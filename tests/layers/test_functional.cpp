// Graphs of layers: what runs, which masks travel, and what is refused.
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/with_mask.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

SymbolicTensor ids_input(const std::string& name = {}) {
  return Input({.shape = {any}, .dtype = DType::int32, .name = name});
}

const Tensor& some_ids() {
  static const Tensor ids = tensor({{4, 2, 0, 0}, {1, 0, 0, 0}});
  return ids;
}
const Tensor& more_ids() {
  static const Tensor ids = tensor({{3, 1, 2, 5, 0}, {2, 2, 0, 0, 0}});
  return ids;
}

}  // namespace

TEST_CASE("Inputs and results have shapes with sizes that aren't known") {
  const auto input = ids_input("text");
  CHECK(input.shape().str() == "(None, None)");
  CHECK(input.dtype() == DType::int32);
  const auto embedded = Embedding({.input_dim = 9, .output_dim = 4})(input);
  CHECK(embedded.shape().str() == "(None, None, 4)");
  CHECK(embedded.dtype() == DType::float32);
  CHECK(Input({.shape = {3, 2}}).shape().str() == "(None, 3, 2)");
}

TEST_CASE("Masks travel through shared layers as in Keras") {
  const Warnings warnings;
  const auto query = ids_input(), value = ids_input();
  const auto embedding = Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true});
  const auto dense = Dense({.units = 3});
  const auto attention = AdditiveAttention();
  const auto q = dense(embedding(query)), v = dense(embedding(value));
  const auto attended = attention({q, v});
  const auto pooled = GlobalAveragePooling1D()(attended);
  const auto result = Concatenate()({pooled, GlobalAveragePooling1D()(q)});
  const auto model = Functional({.inputs = {query, value}, .outputs = {result, attended}});
  const Tensors outputs = model.call({some_ids(), more_ids()});

  const Tensor eq = stop_gradient(dense(embedding(some_ids()))).reshaped({2, 4, 3});
  const Tensor ev = stop_gradient(dense(embedding(more_ids()))).reshaped({2, 5, 3});
  const Tensor qm = not_equal(some_ids(), 0), vm = not_equal(more_ids(), 0);
  const Tensor expected = stop_gradient(attention({eq, ev}, {.mask = {qm, vm}}));
  CHECK(same_bits(outputs[1], expected));
  check_close(outputs[0], concatenate({mean_over_steps(expected.reshaped({2, 4, 3}), qm),
                                       mean_over_steps(eq, qm)}), 0);
  CHECK(Warnings::list().empty());
  // The layers are shared, so their weights come once.
  CHECK(model.weights().size() == 4);
}

TEST_CASE("A convolution in between drops the mask, unless it is put back") {
  const Warnings warnings;
  const auto input = ids_input();
  const auto embedding = Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true});
  const auto conv = Conv1D({.filters = 3, .kernel_size = 2, .padding = Padding::same,
                            .name = "cnn"});
  const auto pooling = GlobalAveragePooling1D();
  const auto encoded = conv(embedding(input));
  const auto lost = pooling(encoded);
  const auto kept = pooling(with_mask(encoded, not_equal(input, 0)));
  const auto given = pooling(encoded, {.mask = {not_equal(input, 0)}});
  const auto model = Functional({.inputs = {input}, .outputs = {lost, kept, given}});
  const Tensors outputs = model.call({some_ids()});
  const Tensor e = conv(embedding(some_ids()).reshaped({2, 4, 4}));
  check_close(outputs[0], mean_over_steps(e, Tensor()), 0);
  check_close(outputs[1], mean_over_steps(e, not_equal(some_ids(), 0)), 0);
  CHECK(same_bits(outputs[1], outputs[2]));
  const auto with_result = Functional({.inputs = {input},
                                       .outputs = {with_mask(encoded, not_equal(input, 0))}});
  CHECK(same_bits(with_result(some_ids()).mask(), not_equal(some_ids(), 0)));
  model.call({more_ids()});
  REQUIRE(Warnings::list().size() == 1);
  CHECK(Warnings::list()[0].starts_with("Conv1D \"cnn\": does not support masks, "));
}

TEST_CASE("A graph inside a graph passes on the masks of its results") {
  const Warnings warnings;
  const auto inner_input = ids_input();
  const auto embedding = Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true});
  const auto inner = Functional({.inputs = {inner_input}, .outputs = {embedding(inner_input)}});
  const auto input = ids_input();
  const auto result = GlobalAveragePooling1D()(inner(input));
  const auto model = Functional({.inputs = {input}, .outputs = {result}});
  const Tensor e = embedding(some_ids()).reshaped({2, 4, 4});
  check_close(model(some_ids()), mean_over_steps(e, not_equal(some_ids(), 0)), 0);
  CHECK(Warnings::list().empty());
}

TEST_CASE("A graph runs what its outputs need, and each call once") {
  const auto input = Input({.shape = {3}});
  const auto shared = Dense({.units = 3, .name = "shared"});
  const auto unused = Dense({.units = 2, .name = "unused"});
  const auto x = shared(input);
  unused(x);
  const auto y = shared(shared(x));
  const auto model = Functional({.inputs = {input}, .outputs = {y, x, input}, .name = "m"});
  std::vector<std::string> names;
  for (const Weight& w : model.weights()) names.push_back(w.name);
  CHECK(names == std::vector<std::string>{"m/shared/kernel", "m/shared/bias"});
  const auto& impl = dynamic_cast<const FunctionalImpl&>(*model.impl());
  CHECK(impl.nodes().size() == 4);
  CHECK(impl.layers().size() == 2);
  CHECK(impl.call_index(*y.node()) == 2);
  CHECK(impl.call_index(*x.node()) == 0);
  const Tensor in = normals({2, 3}, 1);
  const Tensors outputs = model.call({in});
  CHECK(same_bits(outputs[1], shared(in)));
  CHECK(same_bits(outputs[0], shared(shared(shared(in)))));
  CHECK(same_bits(outputs[2], in));
  backward(sum(outputs[0]));
  CHECK(grad(model.weights()[0].value).defined());
}

TEST_CASE("A graph is a layer: it can be called in another") {
  const auto inner_input = Input({.shape = {3}});
  const auto inner = Functional({.inputs = {inner_input},
                                 .outputs = {Dense({.units = 2, .name = "d"})(inner_input)},
                                 .name = "inner"});
  const auto input = Input({.shape = {3}});
  const auto outer = Functional({.inputs = {input},
                                 .outputs = {Dense({.units = 1, .name = "e"})(inner(input))},
                                 .name = "outer"});
  std::vector<std::string> names;
  for (const Weight& w : outer.weights()) names.push_back(w.name);
  CHECK(names == std::vector<std::string>{"outer/inner/d/kernel", "outer/inner/d/bias",
                                          "outer/e/kernel", "outer/e/bias"});
  CHECK(outer(normals({4, 3}, 1)).shape() == Shape{4, 1});
}

TEST_CASE("A graph that can't be is refused") {
  const auto a = Input({.shape = {3}, .name = "a"}), b = Input({.shape = {3}, .name = "b"});
  const auto sum_of = Concatenate({.name = "join"})({a, b});
  const auto refused = [](const FunctionalImpl::Options& options) {
    return message_of([&] { Functional{options}; });
  };
  CHECK(refused({.inputs = {a}, .outputs = {}, .name = "m"}) ==
        "Functional \"m\": a model has at least one output");
  CHECK(refused({.inputs = {a}, .outputs = {SymbolicTensor()}, .name = "m"}) ==
        "Functional \"m\": an output is an undefined tensor");
  CHECK(refused({.inputs = {a}, .outputs = {sum_of}, .name = "m"}) ==
        "Functional \"m\": an output depends on input \"b\", which is not among the model's "
        "inputs");
  CHECK(refused({.inputs = {a, sum_of}, .outputs = {sum_of}, .name = "m"}) ==
        "Functional \"m\": an input of a model is what Input() returned");
  CHECK(refused({.inputs = {a, b, a}, .outputs = {sum_of}, .name = "m"}) ==
        "Functional \"m\": input \"a\" is listed twice");
  const auto twins = Concatenate()({Dense({.units = 1, .name = "d"})(a),
                                    Dense({.units = 1, .name = "d"})(b)});
  CHECK(refused({.inputs = {a, b}, .outputs = {twins}, .name = "m"}) ==
        "Functional \"m\": two layers are named \"d\"");
}

TEST_CASE("A graph says which input doesn't fit") {
  const auto a = Input({.shape = {any, 3}, .name = "a"}), b = ids_input("b");
  const auto dense = Dense({.units = 1})(a);
  const auto model = Functional({.inputs = {a, b}, .outputs = {dense}, .name = "m"});
  const Tensor x = zeros({2, 4, 3}), ids = random_ids({2, 4}, 1, 9);
  CHECK(message_of([&] { model({x, ids}); }) == "no error");
  CHECK(message_of([&] { model({zeros({2, 4, 5}), ids}); }) ==
        "Functional \"m\": input \"a\" is (None, None, 3), got (2, 4, 5)");
  CHECK(message_of([&] { model({x, x}); }) ==
        "Functional \"m\": input \"b\" is (None, None), got (2, 4, 3)");
  CHECK(message_of([&] { model({x, full({2, 4}, 2.5)}); }) ==
        "Functional \"m\": input \"b\": int32 is needed, and 2.5 is no whole number of 32 bits");
  CHECK(same_bits(model({x, zeros({2, 4})}), model({x, cast(zeros({2, 4}), DType::int32)})));
  CHECK(message_of([&] { model(x); }) == "Functional \"m\": takes 2 inputs, got 1");
  CHECK(message_of([&] { WithMask({.name = "w"})({a, b}); }) ==
        "WithMask \"w\": a mask is bool, got int32");
  CHECK(message_of([&] { WithMask({.name = "w"})({a, Input({.shape = {4, 2}})}); }) ==
        "WithMask \"w\": a mask has the leading sizes of its tensor, got (None, 4, 2) "
        "[x (None, None, 3)]");
}

TEST_CASE("Models inside models, each called twice, are bounded") {
  auto x = Input({.shape = {2}});
  Layer layer = Functional({.inputs = {x}, .outputs = {Dense({.units = 2})(x)}});
  const auto twice = [&] {
    const auto input = Input({.shape = {2}});
    layer = Functional({.inputs = {input}, .outputs = {layer(layer(input))}, .name = "twice"});
  };
  for (int depth = 0; depth < 14; ++depth) twice();
  CHECK(message_of([&] {
          for (int depth = 0; depth < 4; ++depth) twice();
        }) == "Functional \"twice\": makes at most 100000 calls of layers, those in a model inside "
              "counted each time that it is called, got more");
}
