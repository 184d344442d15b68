#include <kindling/train/profile.h>

#include <algorithm>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include <kindling/autograd/graph.h>
#include <kindling/layers/observer.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>
#include <kindling/tensor/shown.h>

namespace kindling {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::int64_t bytes_of(const Tensor& t) { return t.elements() * itemsize(t.dtype()); }

class Profiler : public LayerObserver, public OperationObserver {
 public:
  void on_call_begin(const LayerImpl& layer, int depth, const Tensors&) override {
    const std::size_t outer = open_.empty() ? none : open_.back().layer;
    open_.push_back({place_of(layer, depth, outer), Clock::now()});
  }
  void on_call_end(const LayerImpl&, int, const Tensors&) override {
    layers[open_.back().layer].forward_ms += milliseconds_since(open_.back().start);
    open_.pop_back();
  }
  void on_forward(const char*, std::uint64_t order, const Tensors& results,
                  const Tensors& inputs) override {
    const std::size_t layer = open_.empty() ? none : open_.back().layer;
    if (order > 0) owner_[order] = layer;
    for_each_outer(layer, [&](LayerProfile& l) {
      ++l.operations;
      for (const Tensor& t : results) {
        const bool shared = std::ranges::any_of(
            inputs, [&](const Tensor& i) { return i.defined() && i.same_memory(t); });
        if (!shared) l.bytes += bytes_of(t);
      }
    });
  }
  void on_backward_begin(std::uint64_t) override { start_ = Clock::now(); }
  void on_backward_end(std::uint64_t order) override {
    const double took = milliseconds_since(start_);
    const auto at = owner_.find(order);
    for_each_outer(at != owner_.end() ? at->second : none,
                   [&](LayerProfile& l) { l.backward_ms += took; });
  }

  std::vector<LayerProfile> layers;
  LayerProfile outside{"(loss)", ""};

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  struct Open {
    std::size_t layer;
    Clock::time_point start;
  };

  std::size_t place_of(const LayerImpl& layer, int depth, std::size_t outer) {
    const auto [at, fresh] = places_.try_emplace({outer, layer.name()}, layers.size());
    if (fresh) {
      layers.push_back({layer.name(), layer.class_name(), depth});
      outer_.push_back(outer);
    }
    return at->second;
  }
  template <class F>
  void for_each_outer(std::size_t layer, F f) {
    if (layer == none) f(outside);
    for (; layer != none; layer = outer_[layer]) f(layers[layer]);
  }

  std::vector<Open> open_;
  std::vector<std::size_t> outer_;  // of each layer, the one whose call it is part of
  std::map<std::pair<std::size_t, std::string>, std::size_t> places_;
  std::map<std::uint64_t, std::size_t> owner_;  // of each recorded operation
  Clock::time_point start_;
};

}  // namespace

StepProfile profile(Model& model, const Batch& batch, int steps) {
  if (steps < 1) fail("profile: steps is at least 1, got {}", steps);
  model.prepare(batch);
  Generator& random = model.compiled("profile").random;
  const Generator random_before = random;
  Config kept{Config::Map()};
  Fields keep(kept);
  model.state(keep);
  model.train_on_batch(batch);  // the first step makes the optimizer's tensors
  StepProfile result;
  {
    Profiler profiler;
    for (int step = 0; step < steps; ++step) {
      Clock::time_point start = Clock::now();
      Tensors y_pred;
      const Tensor loss = model.forward_loss(batch, y_pred);
      result.forward_ms += milliseconds_since(start);
      start = Clock::now();
      backward(loss);
      result.backward_ms += milliseconds_since(start);
      start = Clock::now();
      model.optimizer().step(model.weights());
      result.optimizer_ms += milliseconds_since(start);
    }
    result.layers = std::move(profiler.layers);
    result.layers.push_back(profiler.outside);
  }
  Fields restore(kept, "profile");
  model.state(restore);
  random = random_before;
  for (double* total : {&result.forward_ms, &result.backward_ms, &result.optimizer_ms}) {
    *total /= steps;
  }
  for (LayerProfile& layer : result.layers) {
    layer.forward_ms /= steps;
    layer.backward_ms /= steps;
    layer.bytes /= steps;
    layer.operations /= steps;
  }
  return result;
}

std::string StepProfile::str() const {
  std::size_t width = 5;
  std::vector<std::string> names;
  for (const LayerProfile& layer : layers) {
    names.push_back(fmt::format("{:{}}{}", "", 2 * layer.depth, shown(layer.name, 60)) +
                    (layer.class_name.empty() ? "" : " (" + shown(layer.class_name, 60) + ")"));
    width = std::max(width, names.back().size());
  }
  std::string text = fmt::format("{:<{}}  {:>10}  {:>10}  {:>10}  {:>10}\n", "layer", width,
                                 "forward ms", "back ms", "MB", "operations");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerProfile& l = layers[i];
    text += fmt::format("{:<{}}  {:>10.3f}  {:>10.3f}  {:>10.2f}  {:>10}\n", names[i], width,
                        l.forward_ms, l.backward_ms, static_cast<double>(l.bytes) / 1e6,
                        l.operations);
  }
  return text + fmt::format("a step: {:.3f} ms forward, {:.3f} back, {:.3f} optimizer\n",
                            forward_ms, backward_ms, optimizer_ms);
}

}  // namespace kindling
