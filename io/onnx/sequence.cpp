// Layers whose windows slide over the steps of a sequence, and those that sum it up.
#include <kindling/io/onnx/exporters.h>

#include <limits>

#include <kindling/layers/windows.h>

namespace kindling::detail {
namespace {

struct Sliding {
  std::int64_t size = 1;  // steps from a window's first to its last, both counted
  std::int64_t stride = 1;
  Padding padding = Padding::valid;

  // That of a sequence whose length is not known; no number of windows is found.
  bool depends_on_steps() const { return padding == Padding::same && stride > 1; }
};

Padding padding_of(const OnnxCall& c) {
  Padding padding{};
  from_config(c.option("padding"), padding, "padding");
  return padding;
}

bool channels_last(const OnnxCall& c) {
  DataFormat format{};
  from_config(c.option("data_format"), format, "data_format");
  return format == DataFormat::channels_last;
}

// (batch, steps, channels) <-> (batch, channels, steps), which ONNX's operators take.
OnnxValue turned(const OnnxValue& x) { return transpose(x, {0, 2, 1}); }

// How many windows there are over x's last axis.
std::int64_t windows(const OnnxValue& x, const Sliding& s) {
  OnnxGraph& g = *x.graph;
  const std::int64_t steps = g.resolve(x.size(2));
  if (steps >= 0) return windows_over(steps, s.size, s.stride, s.padding).count;
  return s.stride == 1 && s.padding != Padding::valid ? steps : g.open_size("time");
}

// The attributes of an operator that slides.
Config::Map attributes_of(const OnnxValue& x, const Sliding& s, std::int64_t kernel_size) {
  Config::Map all = {{"kernel_shape", Config::List{kernel_size}},
                     {"strides", Config::List{s.stride}}};
  const std::int64_t steps = x.graph->resolve(x.size(2));
  if (steps < 0 && s.depends_on_steps()) {
    all.emplace_back("auto_pad", "SAME_UPPER");  // the smaller half on the left, as in Keras
  } else {
    const Windows w = windows_over(steps < 0 ? s.size : steps, s.size, s.stride, s.padding);
    all.emplace_back("pads", Config::List{w.left, w.right});
  }
  return all;
}

// ONNX's own padding takes steps away where windows lie apart, so that the pads come first:
//   total = max(0, (ceil(steps / stride) - 1) stride + size - steps), half of it on the left
bool must_pad_first(const OnnxValue& x, const Sliding& s) {
  return s.depends_on_steps() && s.stride > s.size && x.graph->resolve(x.size(2)) < 0;
}
OnnxValue padded(const OnnxValue& x, const Sliding& s, double with) {
  OnnxGraph& g = *x.graph;
  const OnnxValue steps = g.sizes({x.size(2)});
  const auto stride = static_cast<double>(s.stride), size = static_cast<double>(s.size);
  const OnnxValue count = (steps + (stride - 1)) / stride;
  const OnnxValue total = maximum((count - 1) * stride + size - steps, 0);
  const OnnxValue left = total / 2;
  const OnnxValue none = g.constant(std::vector<std::int64_t>{0, 0});
  const OnnxValue pads = concatenate({none, left, none, total - left});
  return g.node("Pad", {x, pads, scalar_like(x, with)}, x.type,
                {x.size(0), x.size(1), g.open_size("padded")});
}

OnnxValue slide(const char* op, const OnnxValues& inputs, std::int64_t channels, Sliding s,
                std::int64_t kernel_size, const Config::Map& others, double outside = 0) {
  OnnxValues all = inputs;
  if (must_pad_first(all[0], s)) {
    all[0] = padded(all[0], s, outside);
    s.padding = Padding::valid;
  }
  const OnnxValue& x = all[0];
  Config::Map attributes = attributes_of(x, s, kernel_size);
  attributes.insert(attributes.end(), others.begin(), others.end());
  return x.graph->node(op, all, x.type, {x.size(0), channels, windows(x, s)}, attributes);
}

OnnxValue conv1d(const OnnxCall& c) {
  const std::int64_t taps = integer(c, "kernel_size"), dilation = integer(c, "dilation_rate");
  const OnnxValue kernel = transpose(c.weight("kernel"), {2, 1, 0});  // (filters, channels, taps)
  const OnnxValue y = slide("Conv", {turned(c.inputs[0]), kernel, c.find_weight("bias")},
                            kernel.size(0),
                            {.size = (taps - 1) * dilation + 1, .stride = integer(c, "strides"),
                             .padding = padding_of(c)},
                            taps, {{"dilations", Config::List{dilation}},
                                   {"group", integer(c, "groups")}});
  return activate(c, c.option("activation"), turned(y));
}

Sliding pooling_of(const OnnxCall& c) {
  const std::int64_t size = integer(c, "pool_size");
  const Config strides = c.option("strides");
  return {.size = size, .stride = strides.is_null() ? size : strides.as_int("strides"),
          .padding = padding_of(c)};
}

template <class Pool>
OnnxValue with_channels_first(const OnnxCall& c, Pool pool) {
  return channels_last(c) ? turned(pool(turned(c.inputs[0]))) : pool(c.inputs[0]);
}

OnnxValue max_pooling(const OnnxCall& c) {
  return with_channels_first(c, [&](const OnnxValue& x) {
    const Sliding s = pooling_of(c);
    return slide("MaxPool", {x}, x.size(1), s, s.size, {},
                 std::numeric_limits<float>::lowest());
  });
}

// Steps outside don't count, so that of padded ones their share must be undone.
OnnxValue average_pooling(const OnnxCall& c) {
  return with_channels_first(c, [&](const OnnxValue& x) {
    const Sliding s = pooling_of(c);
    const auto average = [&](const OnnxValue& of) {
      return slide("AveragePool", {of}, of.size(1), s, s.size, {{"count_include_pad", 0}});
    };
    if (!must_pad_first(x, s)) return average(x);
    const OnnxValue ones = broadcast_to(scalar_like(x, 1), {1, 1, x.size(2)});
    return average(x) / average(ones);
  });
}

// sum(x mask) / max(sum(mask), 1) over the steps
OnnxValue global_average(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  const int steps = channels_last(c) ? 1 : 2;
  const bool keepdims = flag(c, "keepdims");
  const OnnxValue mask = c.mask(0, {x.size(0), x.size(steps)});
  if (!mask.defined()) return mean(x, steps, keepdims);
  const OnnxValue counts = cast(mask, x.type);
  const OnnxValue share = counts / maximum(sum(counts, 1, true), 1);
  return sum(x * expand_dims(share, 3 - steps), steps, keepdims);
}

OnnxValue global_max(const OnnxCall& c) {
  return max(c.inputs[0], channels_last(c) ? 1 : 2, flag(c, "keepdims"));
}

}  // namespace

void add_sequence_exporters(OnnxRegistry& r) {
  r["Conv1D"] = one_result(conv1d);
  r["MaxPooling1D"] = one_result(max_pooling);
  r["AveragePooling1D"] = one_result(average_pooling);
  r["GlobalAveragePooling1D"] = one_result(global_average, no_mask);
  r["GlobalMaxPooling1D"] = one_result(global_max);
}

}  // namespace kindling::detail
