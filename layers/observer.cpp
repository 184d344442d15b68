#include <kindling/layers/observer.h>

#include <utility>

#include <fmt/format.h>

#include <kindling/tensor/shown.h>

namespace kindling {
namespace {

thread_local LayerObserver* current = nullptr;
thread_local detail::CallScope* innermost = nullptr;

class Tracer : public LayerObserver {
 public:
  explicit Tracer(Trace& trace) : trace_(trace) {}
  void on_call_begin(const LayerImpl& layer, int depth, const Tensors& inputs) override {
    open_.push_back(trace_.calls.size());
    trace_.calls.push_back({layer.name(), layer.class_name(), depth, shapes_of(inputs), {}});
  }
  void on_call_end(const LayerImpl&, int, const Tensors& results) override {
    trace_.calls[open_.back()].results = shapes_of(results);
    open_.pop_back();
  }

 private:
  Trace& trace_;
  std::vector<std::size_t> open_;
};

}  // namespace

LayerObserver::LayerObserver() : before_(std::exchange(current, this)) {}
LayerObserver::~LayerObserver() { current = before_; }

namespace detail {

CallScope::CallScope(const LayerImpl& layer, const Tensors& inputs)
    : layer_(layer),
      outer_(std::exchange(innermost, this)),
      depth_(outer_ != nullptr ? outer_->depth_ + 1 : 0) {
  if (current != nullptr) current->on_call_begin(layer, depth_, inputs);
}

CallScope::~CallScope() { innermost = outer_; }

bool CallScope::owned() const {
  for (const CallScope* outer = outer_; outer != nullptr; outer = outer->outer_) {
    if (outer->layer_.has_layer(layer_)) return true;
  }
  return false;
}

AddedLosses* CallScope::losses() {
  CallScope* scope = innermost;
  while (scope != nullptr && !scope->outermost()) scope = scope->outer_;
  return scope != nullptr ? &scope->losses_ : nullptr;
}

void CallScope::end(const Tensors& results) const {
  if (current != nullptr) current->on_call_end(layer_, depth_, results);
}

}  // namespace detail

std::string current_layer_path() {
  std::string path;
  for (const auto* scope = innermost; scope != nullptr; scope = scope->outer_) {
    path = scope->layer_.name() + (path.empty() ? "" : "/" + path);
  }
  return path;
}

Trace trace(const Layer& layer, const Tensors& inputs, const CallOptions& options) {
  Trace trace;
  const Tracer tracer(trace);
  layer.call(inputs, options);
  return trace;
}

std::string Trace::str() const {
  std::size_t names = 0, shapes = 0;
  std::vector<std::string> left, inputs;
  for (const CallTrace& call : calls) {
    left.push_back(fmt::format("{:{}}{} ({})", "", 2 * call.depth, shown(call.name, 60),
                               shown(call.class_name, 60)));
    inputs.push_back(shown(text_of(call.inputs), 80));
    names = std::max(names, left.back().size());
    shapes = std::max(shapes, inputs.back().size());
  }
  std::string text;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    text += fmt::format("{:<{}}  {:<{}} -> {}\n", left[i], names, inputs[i], shapes,
                        shown(text_of(calls[i].results), 80));
  }
  return text;
}

}  // namespace kindling
