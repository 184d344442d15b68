#!/usr/bin/python3
"""Writes recurrent.safetensors: recurrent layers computed by PyTorch in float64.

    /usr/bin/python3 tests/reference/recurrent.py

Each layer is a loop over steps as Keras describes it, differentiated by PyTorch; where torch.nn
has the same layer (no mask, the usual activations), that is run too and must agree to 1e-12.
The layout is that of tests/golden/FORMAT.md.
"""
import json
import os
import struct

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
random = np.random.default_rng(20)
ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu,
               "linear": lambda x: x}
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
cases, tensors = [], {}


def numbers(*shape, scale=1.0):
    """Of float64, but exactly what float32 can hold."""
    x = (random.standard_normal(shape) * scale).astype(np.float32).astype(np.float64)
    return torch.tensor(x, requires_grad=True)


def weights_of(kind, config, channels):
    units, width = config["units"], GATES[kind] * config["units"]
    made = {"kernel": numbers(channels, width, scale=0.5),
            "recurrent_kernel": numbers(units, width, scale=0.5)}
    if config.get("use_bias", True):
        two = kind == "GRU" and config.get("reset_after", True)
        made["bias"] = numbers(*([2] if two else []), width, scale=0.5)
    return made


def step(kind, config, x, states, w):
    act = ACTIVATIONS[config.get("activation", "tanh")]
    gate = ACTIVATIONS[config.get("recurrent_activation", "sigmoid")]
    h, units, bias = states[0], config["units"], w.get("bias", torch.zeros(1))
    kernel, recurrent = w["kernel"], w["recurrent_kernel"]
    if kind == "SimpleRNN":
        return [act(x @ kernel + h @ recurrent + bias)]
    if kind == "LSTM":
        i, f, g, o = (x @ kernel + h @ recurrent + bias).expand(-1, 4 * units).split(units, -1)
        c = gate(f) * states[1] + gate(i) * act(g)
        return [gate(o) * act(c), c]
    if config.get("reset_after", True):
        ours, theirs = (bias[0], bias[1]) if bias.ndim == 2 else (bias, bias)
        xz, xr, xh = (x @ kernel + ours).split(units, -1)
        hz, hr, hh = (h @ recurrent + theirs).split(units, -1)
        z, r = gate(xz + hz), gate(xr + hr)
        candidate = act(xh + r * hh)
    else:
        xz, xr, xh = (x @ kernel + bias).split(units, -1)
        rz, rr, rh = recurrent.split(units, -1)
        z, r = gate(xz + h @ rz), gate(xr + h @ rr)
        candidate = act(xh + (r * h) @ rh)
    return [z * h + (1 - z) * candidate]


def run(kind, config, x, states, mask, w):
    """All results, as Keras orders them."""
    if not states:
        states = [torch.zeros(x.shape[0], config["units"])] * (2 if kind == "LSTM" else 1)
    order = range(x.shape[1])
    outputs = []
    for t in reversed(order) if config.get("go_backwards") else order:
        new = step(kind, config, x[:, t], states, w)
        if mask is not None:
            keep = torch.tensor(mask[:, t:t + 1])
            new = [torch.where(keep, a, b) for a, b in zip(new, states)]
        states = new
        zeroed = mask is not None and config.get("zero_output_for_mask")
        outputs.append(torch.where(keep, states[0], torch.zeros(1)) if zeroed else states[0])
    y = torch.stack(outputs, 1) if config.get("return_sequences") else outputs[-1]
    return [y] + (states if config.get("return_state") else [])


def torch_agrees(kind, config, x, states, w, results):
    plain = all(config.get(k, v) == v for k, v in
                {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True,
                 "reset_after": True, "go_backwards": False, "return_sequences": True}.items())
    if not plain or kind == "SimpleRNN" or "return_sequences" not in config:
        return
    layer = getattr(torch.nn, kind)(x.shape[2], config["units"], batch_first=True)
    bias = w["bias"] if kind == "GRU" else torch.stack([w["bias"], torch.zeros_like(w["bias"])])
    for name, value in (("weight_ih_l0", w["kernel"].T), ("weight_hh_l0", w["recurrent_kernel"].T),
                        ("bias_ih_l0", bias[0]), ("bias_hh_l0", bias[1])):
        if kind == "GRU":  # its gates stand in the order r, z, n
            z, r, h = value.split(config["units"], 0)
            value = torch.cat([r, z, h])
        getattr(layer, name).data = value.detach().clone()
    start = [s.detach()[None] for s in states]
    y, _ = layer(x.detach(), (tuple(start) if kind == "LSTM" else start[0]) if start else None)
    assert torch.max(torch.abs(y - results[0])) < 1e-12, (kind, config)


def store(class_name, config, inputs, mask, weights, results, note):
    cotangents = [numbers(*y.shape) for y in results]
    sum((y * c).sum() for y, c in zip(results, cotangents)).backward()
    case = f"{len(cases):03d}"
    cases.append({"id": case, "kind": "layer", "class": class_name, "config": config,
                  "call": {"training": False}, "inputs": len(inputs), "outputs": len(results),
                  "note": note})
    put = lambda name, value: tensors.update({f"{case}/{name}": value})
    if mask is not None:
        put("mask.0", mask)
    for i, x in enumerate(inputs):
        put(f"input.{i}", x.detach().numpy())
        put(f"grad.input.{i}", x.grad.numpy())
    for name, w in weights.items():
        put(f"weight.{name}", w.detach().numpy())
        put(f"grad.weight.{name}", w.grad.numpy())
    for i, (y, c) in enumerate(zip(results, cotangents)):
        put(f"output.{i}", y.detach().numpy())
        put(f"cotangent.{i}", c.detach().numpy())


def masked(batch, steps, anywhere=False):
    if anywhere:
        mask = random.random((batch, steps)) < 0.6
    else:
        mask = np.arange(steps) < random.integers(1, steps + 1, (batch, 1))
    mask[-1] = False
    return mask


def case(kind, config, shape=(3, 6, 5), mask=None, states=False, note=""):
    config = {"units": 4, **config}
    x = numbers(*shape)
    w = weights_of(kind, config, shape[2])
    given = [numbers(shape[0], config["units"]) for _ in range(2 if kind == "LSTM" else 1)]
    given = given if states else []
    results = run(kind, config, x, given, mask, w)
    if mask is None:
        torch_agrees(kind, config, x, given, w, results)
    store(kind, config, [x, *given], mask, w, results, note)


def bidirectional(kind, config, merge, mask=None, states=False, note=""):
    config = {"units": 3, **config}
    x = numbers(2, 5, 4)
    halves, weights, given = [], {}, []
    for name, backwards in (("forward", False), ("backward", True)):
        w = weights_of(kind, config, 4)
        own = [numbers(2, 3) for _ in range(2 if kind == "LSTM" else 1)] if states else []
        given += own
        weights.update({f"{name}_inner/{k}": v for k, v in w.items()})
        zeroed = {"zero_output_for_mask": config.get("return_sequences", False)}
        halves.append(run(kind, {**config, **zeroed, "go_backwards": backwards}, x, own, mask, w))
    a, b = halves[0][0], halves[1][0]
    b = b.flip(1) if config.get("return_sequences") else b
    merged = {"concat": lambda: [torch.cat([a, b], -1)], "sum": lambda: [a + b],
              "mul": lambda: [a * b], "ave": lambda: [(a + b) / 2], None: lambda: [a, b]}[merge]()
    inner = {"class_name": kind, "config": {"name": "inner", **config}}
    store("Bidirectional", {"layer": inner, "merge_mode": merge}, [x, *given], mask, weights,
          merged + halves[0][1:] + halves[1][1:], note)


def time_distributed():
    x, w = numbers(2, 3, 5, 4), weights_of("LSTM", {"units": 3}, 4)
    mask = masked(6, 5).reshape(2, 3, 5)
    (y,) = run("LSTM", {"units": 3}, x.reshape(6, 5, 4), [], mask.reshape(6, 5), w)
    inner = {"class_name": "LSTM", "config": {"name": "inner", "units": 3}}
    store("TimeDistributed", {"layer": inner}, [x], mask, {f"inner/{k}": v for k, v in w.items()},
          [y.reshape(2, 3, 3)], "a layer that takes the inner mask")


sequences, everything = {"return_sequences": True}, {"return_sequences": True, "return_state": True}
for kind, variant in (("LSTM", {}), ("GRU", {}), ("GRU", {"reset_after": False}),
                      ("SimpleRNN", {})):
    case(kind, {**variant}, note="the last step")
    case(kind, {**variant, **sequences, "units": 19}, shape=(18, 9, 7), note="blocks of odd size")
    case(kind, {**variant, **sequences}, mask=masked(3, 6), note="padded at the end")
    case(kind, {**variant, **sequences, "go_backwards": True}, mask=masked(3, 6), note="backwards")
    case(kind, {**variant, **everything}, mask=masked(3, 6, True), note="masked anywhere, states")
    case(kind, {**variant, **everything}, states=True, note="from given states")
    case(kind, {**variant, "zero_output_for_mask": True, **sequences}, mask=masked(3, 6, True))
    case(kind, {**variant, "use_bias": False, "return_state": True}, note="no bias")
    case(kind, {**variant, "activation": "relu"}, mask=masked(3, 6), note="another activation")
case("LSTM", {"recurrent_activation": "linear", **sequences}, note="another recurrent activation")
for merge in ("concat", "sum", "mul", "ave", None):
    bidirectional("LSTM", {}, merge)
    bidirectional("GRU", everything, merge, mask=masked(2, 5), states=True, note="masked, states")
bidirectional("LSTM", everything, "concat", states=True)
time_distributed()

KINDS = {"float64": ("F32", np.float32), "bool": ("BOOL", np.bool_)}
header, data = {"__metadata__": {"family": "recurrent", "reference": f"PyTorch {torch.__version__}",
                                 "cases": json.dumps(cases)}}, b""
for name in sorted(tensors):
    dtype, stored = KINDS[str(tensors[name].dtype)]
    raw = np.ascontiguousarray(tensors[name].astype(stored)).tobytes()
    header[name] = {"dtype": dtype, "shape": list(tensors[name].shape),
                    "data_offsets": [len(data), len(data) + len(raw)]}
    data += raw
head = json.dumps(header).encode()
head += b" " * (-len(head) % 8)
with open(os.path.splitext(os.path.abspath(__file__))[0] + ".safetensors", "wb") as out:
    out.write(struct.pack("<Q", len(head)) + head + data)
print(f"{len(cases)} cases, {len(tensors)} tensors")
