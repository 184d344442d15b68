// Layers of several inputs, and models inside models.
#include "tests/onnx/cases.h"

#include <kindling/kindling.h>

namespace kindling {
namespace {

template <class Merge>
OnnxCase merge(const std::string& name, bool three = true) {
  const auto a = ids_of("a"), b = Input({.shape = {any, 1}, .name = "b"});
  const auto known = Input({.shape = {4, 5}, .name = "known"});
  const auto vector = Input({.shape = {5}, .name = "vector"});
  const auto x = masked(a), y = masked(a), plain = Dense({.units = 5})(x);
  const auto unmasked = Embedding({.input_dim = 9, .output_dim = 5})(a);
  const auto other = with_mask(plain, not_equal(a, 3));
  const auto m = [&](const SymbolicTensors& xs) { return Merge()(xs); };
  SymbolicTensors outputs = {m({x, y}), m({x, other}), m({x, unmasked}), m({unmasked, plain}),
                             m({known, vector}),
                             m({vector, Dense({.units = 5})(vector)}),
                             GlobalAveragePooling1D()(m({x, other})),
                             GlobalAveragePooling1D()(m({x, unmasked}))};
  if (three) outputs.push_back(m({x, other, plain}));
  // Of sizes that broadcast.
  outputs.push_back(m({Dense({.units = 5, .use_bias = false})(b), b}));
  return onnx_case(name, {a, b, known, vector}, outputs);
}

OnnxCase concatenate() {
  const auto a = ids_of("a"), b = ids_of("b"), v = Input({.shape = {4}, .name = "v"});
  const auto cube = Input({.shape = {any, 2, 5}, .name = "cube"});
  const auto x = masked(a), y = masked(b), same = masked(a, 3);
  const auto unmasked = Embedding({.input_dim = 9, .output_dim = 5})(b);
  const auto pooled = [](const SymbolicTensor& t) { return GlobalAveragePooling1D()(t); };
  const auto along = [](std::int64_t axis) { return Concatenate({.axis = axis}); };
  return onnx_case("concatenate", {a, b, v, cube},
                   {along(1)({x, y}), pooled(along(1)({x, y})), pooled(along(1)({x, unmasked})),
                    pooled(along(1)({unmasked, x})), along(-1)({x, same}),
                    pooled(along(-1)({x, same})),
                    pooled(along(2)({with_mask(x, not_equal(a, 3)), same})), along(0)({x, x}),
                    along(-1)({v, pooled(x), pooled(y)}), along(1)({a, b}), along(-1)({v}),
                    along(-2)({cube, cube})});
}

OnnxCase dot() {
  const auto a = sequence_of("a", 4), b = sequence_of("b", 4);
  const auto u = Input({.shape = {4}, .name = "u"}), v = Input({.shape = {4}, .name = "v"});
  const auto cube = Input({.shape = {any, 3, 4}, .name = "cube"});
  const auto of = [](Axes axes, bool normalize = false) {
    return Dot({.axes = axes, .normalize = normalize});
  };
  return onnx_case("dot", {a, b, u, v, cube},
                   {of(2)({a, b}), of(-1, true)({a, b}), of(1)({a, a}), of({2, 1})({a, u}),
                    of(1)({u, v}), of(1, true)({u, v}), of({3, 2})({cube, a}),
                    of({3, 1})({cube, u}), of({1, 3}, true)({v, cube})});
}

OnnxCase nested() {
  const auto text = ids_of("text"), steps = sequence_of("steps");
  const auto embedded = masked(text, 5);
  const Functional encoder({.inputs = {text}, .outputs = {embedded, LSTM({.units = 3})(embedded)},
                            .name = "encoder"});
  const auto dense = Dense({.units = 4, .activation = tanh, .name = "inner"});
  const Functional head({.inputs = {steps}, .outputs = {GlobalAveragePooling1D()(dense(steps))},
                         .name = "head", .sequential = true});
  const auto first = ids_of("first"), second = ids_of("second"), plain = sequence_of("plain");
  const auto a = encoder.call({first}), b = encoder.call({second});
  // The masks go into and come out of models, layers are shared across them.
  return onnx_case("nested", {first, second, plain},
                   {head(a[0]), head(b[0]), head(plain), dense(plain),
                    Concatenate()({a[1], b[1]}), GlobalAveragePooling1D()(b[0])});
}

OnnxCase time_distributed() {
  const auto words = Input({.shape = {any, any}, .dtype = DType::int32, .name = "words"});
  const auto x = Input({.shape = {any, 4, 3}, .name = "x"}), ids = ids_of("ids");
  const auto s = sequence_of("s", 4);
  const auto vectors = Embedding({.input_dim = 9, .output_dim = 5, .mask_zero = true})(words);
  const auto sentences = TimeDistributed({.layer = LSTM({.units = 3})})(vectors);
  const auto all = TimeDistributed({.layer = GRU({.units = 3, .return_sequences = true})})(vectors);
  return onnx_case(
      "time_distributed", {words, x, ids, s},
      {sentences, all, TimeDistributed({.layer = GlobalAveragePooling1D()})(all),
       TimeDistributed({.layer = Dense({.units = 2})})(s),
       TimeDistributed({.layer = Conv1D({.filters = 2, .kernel_size = 2})})(x),
       TimeDistributed({.layer = Flatten()})(x),
       GlobalAveragePooling1D()(TimeDistributed({.layer = Dense({.units = 2})})(masked(ids)))});
}

}  // namespace

std::vector<OnnxCase> merge_cases() {
  return {merge<Add>("add"), merge<Subtract>("subtract", false), merge<Multiply>("multiply"),
          merge<Average>("average"), merge<Maximum>("maximum"), merge<Minimum>("minimum"),
          concatenate(), dot(), nested(), time_distributed()};
}

}  // namespace kindling
