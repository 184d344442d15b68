// One helper that checks a layer whole.
//
//   check_layer(Dense({.units = 3}), {normals({2, 5}, 1)}, {.weights = {"kernel", "bias"}});
//
// What must hold of every layer: its weights' names; its results' shapes and types, foretold with
// sizes known and with `any`; derivatives for inputs and weights; the mask of its result; a config
// that makes the same layer again; a symbolic call that gives the same numbers; copies of the
// handle that share the weights.
#pragma once

#include <kindling/autograd/gradcheck.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/layers/config_value.h>
#include <kindling/layers/functional.h>
#include <kindling/layers/registry.h>

#include "tests/tensors.h"
#include "tests/written_since.h"

namespace kindling {

struct Expected {
  std::vector<std::string> weights = {};  // their names, in order, without the layer's
  Tensor mask = {};                       // of the first result
  CallOptions call = {};                  // its masks are carried by the inputs of a model
  bool differentiable = true;
  bool batch_first = true;                // the results' first axis is that of the inputs
  double tolerance = 5e-4;                // of derivatives
};

namespace layer_check {

inline bool same(const Config& a, const Config& b) {
  if (a.value().index() != b.value().index()) return false;
  if (a.is_list()) return std::ranges::equal(a.as_list(""), b.as_list(""), same);
  if (!a.is_map()) return a.str() == b.str();
  return std::ranges::equal(a.as_map(""), b.as_map(""), [](const auto& x, const auto& y) {
    return x.first == y.first && same(x.second, y.second);
  });
}

inline void check_same(const Tensors& actual, const Tensors& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CHECK(actual[i].shape().str() == expected[i].shape().str());
    CHECK(same_bits(actual[i], expected[i]));
  }
}

inline bool same_mask(const Tensor& a, const Tensor& b) {
  return a.defined() && b.defined() ? same_bits(a, b) : a.defined() == b.defined();
}

inline Tensors run(const Layer& layer, const Tensors& inputs, const CallOptions& call) {
  const NoGrad no_grad;
  return layer.call(inputs, call);
}

inline void check_weights(const Layer& layer, const std::vector<std::string>& names) {
  const Weights weights = layer.weights();
  std::vector<std::string> wanted, got;
  std::int64_t count = 0;
  for (const std::string& name : names) wanted.push_back(layer.name() + "/" + name);
  for (const Weight& w : weights) {
    got.push_back(w.name);
    count += w.value.elements();
    CHECK(w.trainable);
  }
  CHECK(got == wanted);
  CHECK(layer.count_params() == count);
  layer.set_trainable(false);
  for (const Weight& w : layer.weights()) CHECK_FALSE(w.trainable);
  layer.set_trainable(true);
}

// Foretold shapes agree with the real ones, also of a batch twice as large.
inline void check_shapes(const Layer& layer, const Tensors& inputs, const Tensors& results,
                         const Expected& e) {
  LayerImpl& impl = *layer.impl();
  const Call call = impl.settle({}, {.use_causal_mask = e.call.use_causal_mask,
                                     .return_attention_scores = e.call.return_attention_scores});
  const Shapes exact = impl.compute_output_shape(shapes_of(inputs), call);
  REQUIRE(exact.size() == results.size());
  Tensors twice;
  Shapes open, all_open;
  for (const Tensor& x : inputs) {
    twice.push_back(concatenate({x, x}, 0));
    open.push_back(x.shape().with(0, any));
    all_open.push_back(x.rank() > 2 ? open.back().with(1, any) : open.back());
  }
  CallOptions plain = e.call;
  plain.mask.clear();
  const Tensors larger = run(layer, twice, plain);
  const Shapes foretold = impl.compute_output_shape(open, call);
  const Shapes vaguely = impl.compute_output_shape(all_open, call);
  for (std::size_t i = 0; i < results.size(); ++i) {
    CHECK(exact[i].str() == results[i].shape().str());
    CHECK(compatible(foretold[i], results[i].shape()));
    CHECK(compatible(foretold[i], larger[i].shape()));
    CHECK(compatible(vaguely[i], results[i].shape()));
    if (e.batch_first) CHECK(foretold[i].str() == exact[i].with(0, any).str());
  }
  std::vector<DType> dtypes;
  for (const Tensor& x : inputs) dtypes.push_back(x.dtype());
  const std::vector<DType> said = impl.compute_output_dtypes(dtypes);
  for (std::size_t i = 0; i < results.size(); ++i) {
    CHECK((i < said.size() ? said[i] : DType::float32) == results[i].dtype());
  }
}

inline double weighted_sum(const Tensors& results) {
  double sum = 0, weight = 0.7;
  for (const Tensor& t : results) {
    for (const float v : t.floats()) sum += static_cast<double>(v) * (weight = 1.7 - weight * 0.9);
  }
  return sum;
}

// Derivatives for the weights, whose numbers are moved in their place.
inline void check_weight_gradients(const Layer& layer, const Tensors& inputs, const Expected& e) {
  const Tensors results = layer.call(inputs, e.call);
  Tensors gradients;
  double weight = 0.7;
  for (const Tensor& t : results) {
    Tensor g = Tensor::empty(t.shape());
    for (float& v : g.mutable_floats()) v = static_cast<float>(weight = 1.7 - weight * 0.9);
    gradients.push_back(g);
  }
  backward(results, gradients);
  const double step = 0.03125;
  for (const Weight& w : layer.weights()) {
    Tensor value = w.value;
    const Tensor by_backward = take_gradient(value).dense();
    CAPTURE(w.name);
    REQUIRE(by_backward.defined());
    double largest = 1, worst = 0;
    for (std::size_t i = 0; i < value.floats().size(); ++i) {
      const auto moved = [&](double steps) {
        const float before = value.floats()[i];
        value.mutable_floats()[i] = before + static_cast<float>(steps * step);
        const double sum = weighted_sum(run(layer, inputs, e.call));
        value.mutable_floats()[i] = before;
        return sum;
      };
      const double expected = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step);
      const double difference = std::abs(expected - static_cast<double>(by_backward.floats()[i]));
      if (!(difference <= worst)) worst = std::isnan(difference) ? INFINITY : difference;
      largest = std::max(largest, std::abs(expected));
    }
    CHECK(worst / largest <= e.tolerance);
  }
}

inline void check_gradients(const Layer& layer, const Tensors& inputs, const Expected& e) {
  const std::size_t results = run(layer, inputs, e.call).size();
  bool float_input = false;
  for (const Tensor& x : inputs) float_input = float_input || x.dtype() == DType::float32;
  for (std::size_t i = 0; float_input && i < results; ++i) {
    const auto f = [&](const Tensors& x) { return layer.call(x, e.call)[i]; };
    CHECK(message_of([&] { gradcheck(f, inputs, {.tolerance = e.tolerance}); }) == "no error");
    for (const Weight& w : layer.weights()) take_gradient(w.value);
  }
  if (!layer.weights().empty()) check_weight_gradients(layer, inputs, e);
}

// After a write to a weight, an input or a result, backward is right or refuses.
inline void check_written_since(const Layer& layer, const Tensors& inputs, const Expected& e) {
  for (const Tensor& input : inputs) {
    if (input.dtype() != DType::float32) continue;
    Tensors operands;
    for (const Tensor& x : inputs) operands.push_back(x.same_memory(input) ? variable(x) : x);
    const auto is_variable = [](const Tensor& x) { return x.node() != nullptr; };
    const Tensor wanted = *std::ranges::find_if(operands, is_variable);
    const auto forward = [&] { return layer.call(operands, e.call); };
    Tensors all = operands;
    for (const Weight& w : layer.weights()) all.push_back(w.value);
    for (const Tensor& mask : e.call.mask) {
      if (mask.defined()) all.push_back(mask);
    }
    for (std::size_t at = 0; at <= all.size(); ++at) {
      CAPTURE(at);
      CHECK(after_writing(forward, wanted, [&](const Tensors& results) {
              return at < all.size() ? all[at] : results[0];
            }) != Outcome::wrong);
      for (const Weight& w : layer.weights()) take_gradient(w.value);
    }
  }
}

inline void check_config(const Layer& layer, const Tensors& inputs, const Tensors& results,
                         const Expected& e) {
  const Config config = layer.config();
  const Layer again = layer_from_config(layer.class_name(), config);
  CHECK(again.name() == layer.name());
  CHECK(again.class_name() == layer.class_name());
  CHECK(same(again.config(), config));
  CHECK_FALSE(again.built());
  again.build(shapes_of(inputs));
  CHECK(again.built());
  const Weights from = layer.weights(), to = again.weights();
  REQUIRE(to.size() == from.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    CHECK(to[i].name == from[i].name);
    Tensor value = to[i].value;
    REQUIRE(value.shape().str() == from[i].value.shape().str());
    CHECK_FALSE(value.same_memory(from[i].value));
    std::ranges::copy(from[i].value.floats(), value.mutable_floats().begin());
  }
  const Tensors made = run(again, inputs, e.call);
  check_same(made, results);
  CHECK(same_mask(made[0].mask(), e.mask));
}

// The same call in a model, batch and steps unknown.
inline void check_symbolic(const Layer& layer, const Tensors& inputs, const Tensors& results,
                           const Expected& e) {
  SymbolicTensors symbolic;
  Tensors masked;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape shape = inputs[i].shape().without(0);
    if (shape.rank() > 1) shape = shape.with(0, any);
    symbolic.push_back(Input({.shape = shape, .dtype = inputs[i].dtype()}));
    const bool given = i < e.call.mask.size() && e.call.mask[i].defined();
    masked.push_back(given ? with_mask(inputs[i], e.call.mask[i]) : inputs[i]);
  }
  const SymbolicTensors outputs =
      layer.call(symbolic, {.training = e.call.training,
                            .use_causal_mask = e.call.use_causal_mask,
                            .return_attention_scores = e.call.return_attention_scores});
  REQUIRE(outputs.size() == results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    CHECK(compatible(outputs[i].shape(), results[i].shape()));
  }
  CHECK(outputs[0].dtype() == results[0].dtype());
  const Functional model({.inputs = symbolic, .outputs = outputs});
  CHECK(model.weights().size() == layer.weights().size());
  check_same(run(model, masked, {}), results);
}

}  // namespace layer_check

// `inputs` are plain tensors, `layer` hasn't been called yet. Results must not be random.
inline void check_layer(const Layer& layer, const Tensors& inputs, const Expected& e = {}) {
  CAPTURE(layer.class_name(), inputs[0].shape().str());
  CHECK_FALSE(layer.built());
  CHECK(layer.weights().empty());
  const Tensors results = layer_check::run(layer, inputs, e.call);
  CHECK(layer.built());
  layer_check::check_same(layer_check::run(layer, inputs, e.call), results);
  CHECK(layer_check::same_mask(results[0].mask(), e.mask));
  layer_check::check_weights(layer, e.weights);
  layer_check::check_shapes(layer, inputs, results, e);
  if (e.differentiable) {
    layer_check::check_gradients(layer, inputs, e);
    layer_check::check_written_since(layer, inputs, e);
  }
  layer_check::check_config(layer, inputs, results, e);
  layer_check::check_symbolic(layer, inputs, results, e);

  const Layer copy = layer;
  layer_check::check_same(layer_check::run(copy, inputs, e.call), results);
  for (std::size_t i = 0; i < e.weights.size(); ++i) {
    CHECK(copy.weights()[i].value.same_memory(layer.weights()[i].value));
  }
}

// While one lives, warnings come here.
class Warnings {
 public:
  Warnings() : before_(set_warning_handler(keep)) { list().clear(); }
  ~Warnings() { set_warning_handler(before_); }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
  static std::vector<std::string>& list() {
    static std::vector<std::string> texts;
    return texts;
  }

 private:
  static void keep(const std::string& text) { list().push_back(text); }
  WarningHandler before_;
};

}  // namespace kindling
