#include <algorithm>
#include <cmath>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/registry.h>
#include <kindling/optim/optimizer.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>
#include <kindling/train/metrics.h>

#include "tests/golden_check/case.h"

namespace kindling::golden {

std::vector<std::string> Case::names(const std::string& start) const {
  const std::string prefix = id() + "/" + start;
  std::vector<std::string> found;
  for (const auto& [name, tensor] : file_.tensors) {
    if (name.starts_with(prefix)) found.push_back(name.substr(prefix.size()));
  }
  return found;
}

void Case::compare(const std::string& what, const Tensor& reference, const Tensor& ours,
                   double tolerance) {
  if (!ours.defined()) fail("{}: there is none", what);
  if (ours.elements() != reference.elements() ||
      (reference.rank() > 1 && ours.shape() != reference.shape())) {
    fail("{}: shape is {}, not {}", what, ours.shape().str(), reference.shape().str());
  }
  double largest = 1, difference = 0;
  for (std::size_t i = 0; i < ours.floats().size(); ++i) {
    const double a = static_cast<double>(ours.floats()[i]);
    const double b = static_cast<double>(reference.floats()[i]);
    largest = std::max(largest, std::abs(b));
    const bool same_infinity = std::isinf(a) && a == b;
    const double d = same_infinity ? 0 : std::abs(a - b);
    difference = d <= difference ? difference : d;  // a NaN stays
    if (std::isnan(d)) difference = d;
    if (std::isnan(difference)) break;
  }
  if (!(difference <= tolerance * largest)) {
    fail("{}: differs by {:.3g}, {:.3g} is allowed", what, difference, tolerance * largest);
  }
}

namespace {

// Puts the case's weights into a layer's, by the last part of their names.
void set_weights(const Case& c, const Layer& layer) {
  const std::vector<std::string> names = c.names("weight.");
  const Weights weights = layer.weights();
  if (weights.size() != names.size()) {
    fail("the layer has {} weights, the case {}", weights.size(), names.size());
  }
  for (const Weight& w : weights) {
    const std::string name = w.name.substr(w.name.find('/') + 1);
    const Tensor value = c.at("weight." + name);
    if (value.shape() != w.value.shape()) {
      fail("weight {} is {}, not {}", name, w.value.shape().str(), value.shape().str());
    }
    Tensor into = w.value;
    std::ranges::copy(value.floats(), into.mutable_floats().begin());
  }
}

bool call_flag(const Case& c, const char* name) {
  const Config& flag = c["call"][name];
  return !flag.is_null() && flag.as_bool(name);
}

}  // namespace

void check_layer(const Case& c) {
  const Layer layer = layer_from_config(c.class_name(), c["config"]);
  const std::int64_t inputs = c["inputs"].as_int("inputs");
  Tensors xs;
  CallOptions options{.training = call_flag(c, "training"),
                      .use_causal_mask = call_flag(c, "use_causal_mask"),
                      .return_attention_scores = call_flag(c, "return_attention_scores")};
  std::vector<Shape> shapes;
  for (std::int64_t i = 0; i < inputs; ++i) {
    const Tensor x = c.at(fmt::format("input.{}", i));
    shapes.push_back(x.shape());
    xs.push_back(x.dtype() == DType::float32 ? variable(x.clone()) : x);
    options.mask.push_back(c.or_none(fmt::format("mask.{}", i)));
  }
  layer.build(shapes);
  set_weights(c, layer);
  const Tensors outputs = layer.call(xs, options);
  Tensors differentiated, cotangents;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    c.compare(fmt::format("output.{}", i), outputs[i], output_tolerance);
    const Tensor cotangent = c.or_none(fmt::format("cotangent.{}", i));
    if (!cotangent.defined()) continue;
    differentiated.push_back(outputs[i]);
    cotangents.push_back(cotangent);
  }
  if (differentiated.empty()) return;
  backward(differentiated, cotangents);
  for (const std::string& name : c.names("grad.input.")) {
    c.compare("grad.input." + name, grad(xs.at(std::stoul(name))), gradient_tolerance);
  }
  for (const Weight& w : layer.weights()) {
    const std::string name = "grad.weight." + w.name.substr(w.name.find('/') + 1);
    if (c.has(name)) c.compare(name, grad(w.value), gradient_tolerance);
  }
}

void check_loss(const Case& c) {
  const Loss loss = loss_registry().make(c.class_name(), c["config"]);
  const Tensor y_pred = variable(c.at("y_pred").clone());
  const Tensor value = loss(c.at("y_true"), with_mask(y_pred, c.or_none("mask")),
                            c.or_none("sample_weight"));
  c.compare("loss", value, output_tolerance);
  backward({value}, {ones(value.shape())});
  c.compare("grad.y_pred", grad(y_pred), gradient_tolerance);
}

void check_metric(const Case& c) {
  const Metric metric = metric_from_config(c.class_name(), c["config"]);
  std::int64_t at = 0;
  for (const Config& batch : c["batches"].as_list("batches")) {
    const std::int64_t end = at + batch.as_int("batches");
    const auto part = [&](const char* name) {
      const Tensor all = c.or_none(name);
      return all.defined() ? slice(all, 0, at, end) : all;
    };
    metric.update(part("y_true"), with_mask(part("y_pred"), part("mask")), part("sample_weight"));
    at = end;
  }
  c.compare("result", tensor({metric.result()}), output_tolerance);
}

namespace {

// Whether a file kept the weights after the last step only, under every step's name: its first
// steps' gradients move the weights, but all the weights it kept are one and the same.
bool only_last_kept(const Case& c, const Weight& w, std::int64_t steps) {
  const auto kept = [&](std::int64_t step) {
    const Tensor t = c.at(fmt::format("step{}.weight.{}", step, w.name));
    return std::vector<float>(t.floats().begin(), t.floats().end());
  };
  for (std::int64_t step = 1; step < steps; ++step) {
    if (kept(step) != kept(0)) return false;
  }
  return steps > 1;
}

}  // namespace

void check_optimizer(const Case& c) {
  const Optimizer optimizer = optimizer_registry().make(c.class_name(), c["config"]);
  Weights weights;
  for (std::int64_t v = 0; v < c["variables"].as_int("variables"); ++v) {
    weights.push_back({fmt::format("{}", v), variable(c.at(fmt::format("weight.{}", v)).clone())});
  }
  const std::int64_t steps = c["steps"].as_int("steps");
  for (std::int64_t step = 0; step < steps; ++step) {
    for (const Weight& w : weights) {
      const std::string name = fmt::format("step{}.grad.{}", step, w.name);
      backward({w.value}, {c.at(name)});
    }
    optimizer.step(weights);
    for (const Weight& w : weights) {
      if (step + 1 < steps && only_last_kept(c, w, steps)) continue;
      c.compare(fmt::format("step{}.weight.{}", step, w.name), w.value, output_tolerance);
    }
  }
}

void check_schedule(const Case& c) {
  Schedule schedule;
  from_config(Config::Map{{"class_name", c["class"]}, {"config", c["config"]}}, schedule,
              "schedule");
  Tensor rates = zeros({16});
  for (std::int64_t step = 0; step < 16; ++step) {
    rates.mutable_floats()[static_cast<std::size_t>(step)] = static_cast<float>(schedule(step));
  }
  c.compare("learning_rate", rates, output_tolerance);
}

}  // namespace kindling::golden
