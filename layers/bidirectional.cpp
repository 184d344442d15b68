#include <kindling/layers/bidirectional.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/registry.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr Word<MergeMode> merge_modes[] = {{MergeMode::concat, "concat"},
                                           {MergeMode::sum, "sum"},
                                           {MergeMode::mul, "mul"},
                                           {MergeMode::ave, "ave"}};

// What a direction takes of {x, forward states..., backward states...}.
template <class T>
std::vector<T> part(const std::vector<T>& inputs, bool backward) {
  const auto states = static_cast<std::ptrdiff_t>(inputs.size() - 1) / 2;
  std::vector<T> taken = {inputs[0]};
  const auto begin = inputs.begin() + 1 + (backward ? states : 0);
  taken.insert(taken.end(), begin, begin + states);
  return taken;
}

}  // namespace

Config to_config(MergeMode mode) { return word_of(mode, merge_modes); }
void from_config(const Config& config, MergeMode& mode, const std::string& what) {
  read_word(config, mode, what, merge_modes);
}

BidirectionalImpl::BidirectionalImpl(Options options)
    : LayerImpl("Bidirectional", options.name), options_(std::move(options)) {
  if (forward().defined()) make_layers();
}

void BidirectionalImpl::fields(Fields& f) {
  f("layer", options_.layer);
  if (f.is_null("merge_mode")) options_.merge_mode = MergeMode::none;
  f("merge_mode", options_.merge_mode);
  f("backward_layer", options_.backward_layer);
  if (f.reading()) make_layers();
}

// A layer like this one, as one of the two.
Layer BidirectionalImpl::direction(const Layer& layer, const std::string& prefix) const {
  Config config = layer.config();
  if (config["go_backwards"].is_null() || config["return_sequences"].is_null() ||
      config["return_state"].is_null()) {
    fail("{}: a layer with go_backwards, return_sequences and return_state is needed, got {}",
         who(), layer.impl()->who());
  }
  const std::string own =
      layer.impl()->name_was_given() ? layer.name() : snake_case(layer.class_name());
  config.set("name", own.starts_with(prefix) ? own : prefix + own);
  if (!config["zero_output_for_mask"].is_null()) {
    config.set("zero_output_for_mask", config["return_sequences"]);
  }
  if (prefix == "backward_" && !backward().defined()) config.set("go_backwards", true);
  return layer_from_config(layer.class_name(), config);
}

void BidirectionalImpl::make_layers() {
  const Layer first = direction(forward(), "forward_");
  options_.backward_layer =
      direction(backward().defined() ? backward() : forward(), "backward_");
  options_.layer = first;
  forward_config_ = first.config();
  keep_layer(forward());
  keep_layer(backward());
}

void BidirectionalImpl::check_options() const {
  if (!forward().defined()) fail("{}: layer is none, one is needed", who());
  const Config& ahead = forward_config_;
  const Config back = backward().config();
  if (ahead["go_backwards"].str() == back["go_backwards"].str()) {
    fail("{}: one of its layers goes backwards, got go_backwards = {} of both", who(),
         ahead["go_backwards"].str());
  }
  for (const char* option : {"return_sequences", "return_state", "stateful"}) {
    if (ahead[option].str() != back[option].str()) {
      fail("{}: its layers have the same {}, got {} and {}", who(), option, ahead[option].str(),
           back[option].str());
    }
  }
}

bool BidirectionalImpl::returns(const char* what) const {
  return forward_config_[what].as_bool(what);
}

void BidirectionalImpl::check(const Shapes& inputs) const {
  if (inputs.size() % 2 != 1) {
    fail("{}: takes a sequence, and as many states for each direction, got {} inputs", who(),
         inputs.size());
  }
  forward().impl()->check(part(inputs, false));
  backward().impl()->check(part(inputs, true));
}

void BidirectionalImpl::build(const Shapes& inputs) {
  forward().build(part(inputs, false));
  backward().build(part(inputs, true));
}

Tensors BidirectionalImpl::call(const Tensors& inputs, const Call& call) {
  const CallOptions options{.mask = {call.masks[0]}, .training = call.training};
  Tensors ahead = forward().call(part(inputs, false), options);
  Tensors back = backward().call(part(inputs, true), options);
  const Tensor& a = ahead[0];
  const Tensor b = returns("return_sequences") ? flip(back[0], 1) : back[0];
  Tensors results;
  switch (options_.merge_mode) {
    case MergeMode::concat: results = {concatenate({a, b})}; break;
    case MergeMode::sum: results = {a + b}; break;
    case MergeMode::mul: results = {a * b}; break;
    case MergeMode::ave: results = {0.5 * (a + b)}; break;
    case MergeMode::none: results = {a, b}; break;
  }
  for (const Tensors& each : {ahead, back}) {
    results.insert(results.end(), each.begin() + 1, each.end());
  }
  return results;
}

Shapes BidirectionalImpl::compute_output_shape(const Shapes& inputs, const Call& call) {
  Shapes shapes = forward().impl()->compute_output_shape(part(inputs, false), call);
  const Shapes back = backward().impl()->compute_output_shape(part(inputs, true), call);
  shapes.insert(shapes.end(), back.begin() + 1, back.end());
  if (options_.merge_mode == MergeMode::none) shapes.insert(shapes.begin() + 1, back[0]);
  if (options_.merge_mode == MergeMode::concat) {
    shapes[0] = shapes[0].with(-1, shapes[0][-1] + back[0][-1]);
  }
  return shapes;
}

Tensors BidirectionalImpl::with_masks(Tensors results, const Tensors& inputs, const Call& call) {
  const Tensor mask = forward().impl()->compute_mask(inputs, call);
  const std::size_t outputs = options_.merge_mode == MergeMode::none ? 2 : 1;
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = with_mask(results[i], i < outputs ? mask : Tensor());
  }
  return results;
}

}  // namespace kindling
