// LSTM, GRU and SimpleRNN: ONNX's own operators where they compute the same, a Scan over the steps
// where there is a mask or another activation.
#include <kindling/io/onnx/exporters.h>

#include <kindling/tensor/fail.h>

namespace kindling::detail {
namespace {

struct Weights {
  OnnxValue kernel, recurrent_kernel;          // (channels, gates units), (units, gates units)
  OnnxValue input_bias = {}, state_bias = {};  // (gates units,), undefined for none
};

struct Cell {
  const char* op;
  int gates;
  std::size_t states;
  std::vector<std::size_t> order;  // of ONNX's gates among Keras's
  Config::Map attributes = {};
  // What the inputs add to each gate, what the state adds, and the states -> the states after.
  using Inner = std::function<OnnxValue(std::size_t gate, const OnnxValue& h)>;
  OnnxValues (*step)(const OnnxCall& c, const OnnxValues& x, const Inner& inner,
                     const OnnxValues& states);
};

OnnxValue activation(const OnnxCall& c, const OnnxValue& x) {
  return activate(c, c.option("activation"), x);
}
OnnxValue gate(const OnnxCall& c, const OnnxValue& x) {
  return activate(c, c.option("recurrent_activation"), x);
}

// c = f c + i g;  h = o activation(c)
OnnxValues lstm_step(const OnnxCall& call, const OnnxValues& x, const Cell::Inner& inner,
                     const OnnxValues& states) {
  const auto sum = [&](std::size_t g) { return x[g] + inner(g, states[0]); };
  const OnnxValue kept = gate(call, sum(1)) * states[1];
  const OnnxValue c = kept + gate(call, sum(0)) * activation(call, sum(2));
  return {gate(call, sum(3)) * activation(call, c), c};
}

// h = z h + (1 - z) n
OnnxValues gru_step(const OnnxCall& call, const OnnxValues& x, const Cell::Inner& inner,
                    const OnnxValues& states) {
  const OnnxValue& h = states[0];
  const OnnxValue z = gate(call, x[0] + inner(0, h)), r = gate(call, x[1] + inner(1, h));
  const OnnxValue reset = flag(call, "reset_after") ? r * inner(2, h) : inner(2, r * h);
  return {z * h + (1 - z) * activation(call, x[2] + reset)};
}

OnnxValues simple_step(const OnnxCall& call, const OnnxValues& x, const Cell::Inner& inner,
                       const OnnxValues& states) {
  return {activation(call, x[0] + inner(0, states[0]))};
}

Weights weights_of(const OnnxCall& c) {
  Weights w{.kernel = c.weight("kernel"), .recurrent_kernel = c.weight("recurrent_kernel")};
  const OnnxValue bias = c.find_weight("bias");
  if (bias.defined() && bias.rank() == 2) {  // of a GRU with reset_after
    const OnnxValues rows = split(bias, 2, 0);
    w.input_bias = squeeze(rows[0], 0);
    w.state_bias = squeeze(rows[1], 0);
  } else {
    w.input_bias = bias;
  }
  return w;
}

bool default_activations(const OnnxCall& c) {
  const Config recurrent = c.option("recurrent_activation");
  return c.option("activation").str() == Config("tanh").str() &&
         (recurrent.is_null() || recurrent.str() == Config("sigmoid").str());
}

// Both forms give the outputs of all steps, then each state after the last.
//
// ONNX's operator takes sequences (steps, batch, channels) and weights (1, gates units, ..), its
// gates in an order of its own.
OnnxValues by_operator(const OnnxCall& c, const Cell& cell, const Weights& w, const OnnxValue& x,
                       const OnnxValues& states) {
  OnnxGraph& g = c.graph();
  const std::int64_t units = integer(c, "units");
  const auto ordered = [&](const OnnxValue& gates) {
    if (cell.gates == 1) return gates;
    const OnnxValues parts = split(gates, cell.gates);
    OnnxValues chosen;
    for (const std::size_t gate : cell.order) chosen.push_back(parts[gate]);
    return concatenate(chosen);
  };
  const auto kernel = [&](const OnnxValue& k) {
    return expand_dims(transpose(ordered(k), {1, 0}), 0);
  };
  OnnxValue bias;
  if (w.input_bias.defined()) {
    const OnnxValue none = g.constant(zeros({cell.gates * units}));
    bias = expand_dims(concatenate({ordered(w.input_bias),
                                    w.state_bias.defined() ? ordered(w.state_bias) : none}), 0);
  }
  OnnxValues inputs = {transpose(x, {1, 0, 2}), kernel(w.kernel), kernel(w.recurrent_kernel), bias,
                       OnnxValue()};
  for (const OnnxValue& state : states) inputs.push_back(expand_dims(state, 0));
  const OnnxValue state{.type = x.type, .shape = {1, x.size(0), units}};
  OnnxValues results(1 + cell.states, state);
  results[0].shape = {x.size(1), 1, x.size(0), units};
  Config::Map attributes = cell.attributes;
  attributes.emplace_back("hidden_size", units);
  results = g.node(cell.op, inputs, results, attributes);
  results[0] = transpose(squeeze(results[0], 1), {1, 0, 2});
  for (std::size_t i = 1; i < results.size(); ++i) results[i] = squeeze(results[i], 0);
  return results;
}

// The gates' inputs of all steps at once, the rest step by step; where the mask is false, the
// states stay.
OnnxValues by_steps(const OnnxCall& c, const Cell& cell, const Weights& w, const OnnxValue& x,
                    OnnxValues states, const OnnxValue& mask) {
  if (states.empty()) {
    const OnnxValue zero = scalar_like(x, 0);
    states.assign(cell.states, broadcast_to(zero, {x.size(0), integer(c, "units")}));
  }
  const auto parts = [&](const OnnxValue& value) {
    return cell.gates == 1 ? OnnxValues{value} : split(value, cell.gates);
  };
  const OnnxValues kernels = parts(w.recurrent_kernel);
  const OnnxValues none(kernels.size());
  const OnnxValues biases = w.state_bias.defined() ? parts(w.state_bias) : none;
  const Cell::Inner inner = [&](std::size_t gate, const OnnxValue& h) {
    return dense(h, kernels[gate], biases[gate]);
  };
  OnnxValues sequences = {dense(x, w.kernel, w.input_bias)};
  if (mask.defined()) sequences.push_back(mask);
  const OnnxValues scanned = c.graph().scan(
      states, sequences, [&](const OnnxValues& before, const OnnxValues& now) {
        OnnxValues after = cell.step(c, parts(now[0]), inner, before);
        for (std::size_t i = 0; mask.defined() && i < after.size(); ++i) {
          after[i] = where(expand_dims(now[1], 1), after[i], before[i]);
        }
        return OnnxGraph::Step{after, {after[0]}};
      });
  OnnxValues results = {scanned.back()};
  results.insert(results.end(), scanned.begin(), scanned.end() - 1);
  return results;
}

void refuse_what_onnx_has_not(const OnnxCall& c) {
  refuse_dropout(c, "dropout");
  refuse_dropout(c, "recurrent_dropout");
}

// An ONNX graph keeps nothing from run to run: who runs it gives it the states, and gets the next.
OnnxValues kept_states(const OnnxCall& c, const Cell& cell, std::int64_t batch) {
  OnnxValues states;
  for (std::size_t i = 0; i < cell.states; ++i) {
    states.push_back(c.graph().input(fmt::format("{}_state_{}", c.layer.name(), i),
                                     OnnxType::float32, {batch, integer(c, "units")}));
  }
  return states;
}

// Whether a step, or one before it, counts.
OnnxValue begun(const OnnxValue& mask) {
  const OnnxValue counts = cast(mask, OnnxType::float32);
  const OnnxValue axis = mask.graph->scalar(1, OnnxType::int64);
  return not_equal(mask.graph->node("CumSum", {counts, axis}, counts.type, counts.shape), 0);
}

OnnxValues recurrent(const OnnxCall& c, const Cell& cell) {
  refuse_what_onnx_has_not(c);
  OnnxValue x = c.inputs[0], mask = c.mask(0, {x.size(0), x.size(1)});
  for (std::size_t i = 1; i < c.inputs.size(); ++i) c.graph().same(x.size(0), c.inputs[i].size(0));
  if (flag(c, "go_backwards")) {
    x = flip(x, 1);
    if (mask.defined()) mask = flip(mask, 1);
  }
  OnnxValues states(c.inputs.begin() + 1, c.inputs.end());
  const bool stateful = flag(c, "stateful");
  if (stateful && states.empty()) states = kept_states(c, cell, x.size(0));
  const Weights w = weights_of(c);
  OnnxValues results = !mask.defined() && default_activations(c)
                           ? by_operator(c, cell, w, x, states)
                           : by_steps(c, cell, w, x, states, mask);
  for (std::size_t i = 1; stateful && i < results.size(); ++i) {
    c.graph().output_last(fmt::format("{}_next_state_{}", c.layer.name(), i - 1), results[i]);
  }
  const bool sequences = flag(c, "return_sequences");
  if (!sequences) results[0] = results[1];
  const bool zeros = flag(c, "zero_output_for_mask");
  if (mask.defined() && (zeros || !states.empty())) {
    const OnnxValue has_output = zeros ? mask : begun(mask);
    const OnnxValue counts = sequences ? expand_dims(has_output, 2) : last(has_output, 1);
    results[0] = where(counts, results[0], scalar_like(x, 0));
  }
  if (!flag(c, "return_state")) results.resize(1);
  return results;
}

OnnxValue recurrent_mask(const OnnxCall& c) {
  return flag(c, "return_sequences") ? c.masks[0] : OnnxValue();
}

}  // namespace

void add_recurrent_exporters(OnnxRegistry& r) {
  const auto add = [&](const char* name, OnnxValues (*call)(const OnnxCall&)) {
    r[name] = {.call = call, .compute_mask = recurrent_mask};
  };
  add("LSTM", [](const OnnxCall& c) {
    return recurrent(c, {.op = "LSTM", .gates = 4, .states = 2, .order = {0, 3, 1, 2},
                         .step = lstm_step});
  });
  add("GRU", [](const OnnxCall& c) {
    const Config after = Config(flag(c, "reset_after") ? 1 : 0);
    return recurrent(c, {.op = "GRU", .gates = 3, .states = 1, .order = {0, 1, 2},
                         .attributes = {{"linear_before_reset", after}}, .step = gru_step});
  });
  add("SimpleRNN", [](const OnnxCall& c) {
    return recurrent(c, {.op = "RNN", .gates = 1, .states = 1, .order = {0}, .step = simple_step});
  });
}

}  // namespace kindling::detail
