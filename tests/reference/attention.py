#!/usr/bin/python3
"""Attention and MultiHeadAttention: writes attention.safetensors beside this script.

The formulas are written out; where torch.nn.MultiheadAttention knows the case, it must agree.
"""
import os

import torch

from cases import Cases

cases = Cases("attention", "PyTorch " + torch.__version__ + ", float64", seed=2024)


def and_all(masks):
    masks = [m for m in masks if m is not None]
    if not masks:
        return None
    result = masks[0]
    for m in masks[1:]:
        result = result & m
    return result


def causal_order(queries, keys):
    return (torch.arange(keys)[None, :] <= torch.arange(queries)[:, None])[None]


def attention(score_mode, use_scale, queries, keys, with_key=False, masked=False, causal=False,
              scores=False):
    dim, depth = 5, 3 if with_key else 5
    query, value = cases.normal(2, queries, dim), cases.normal(2, keys, depth)
    inputs = [query, value] + ([cases.normal(2, keys, dim)] if with_key else [])
    key = inputs[-1]
    weights = {}
    if use_scale:
        weights["scale"] = cases.normal()
    if score_mode == "concat":
        weights["concat_score_weight"] = cases.normal()
    scale = weights.get("scale", 1.0)
    if score_mode == "dot":
        raw = scale * query @ key.transpose(1, 2)
    else:
        raw = weights["concat_score_weight"] * torch.tanh(
            scale * (query[:, :, None] + key[:, None])).sum(-1)
    masks = [None, None]
    if masked:
        masks = [cases.coins(2, queries), cases.coins(2, keys)]
        masks[1][:, 0] = True  # no query is left without a value
    seen = and_all([masks[1][:, None, :] if masked else None,
                    causal_order(queries, keys) if causal else None])
    if seen is not None:
        raw = raw - 1e9 * (~seen)
    shown = torch.softmax(raw, -1)
    output = shown @ value
    if masked:
        output = output * masks[0][:, :, None]
    cases.add("Attention", {"use_scale": use_scale, "score_mode": score_mode, "dropout": 0.0},
              inputs, weights, [output, shown] if scores else [output], masks,
              {"use_causal_mask": causal, "return_attention_scores": scores})


def torch_agrees(output, shown, inputs, weights, heads, seen):
    """Compares with torch.nn.MultiheadAttention."""
    dim = inputs[0].shape[2]
    theirs = torch.nn.MultiheadAttention(dim, heads, bias="query/bias" in weights, kdim=dim,
                                         vdim=dim, batch_first=True, dtype=torch.float64)
    names = ["query", "key", "value"]
    with torch.no_grad():
        theirs.in_proj_weight.copy_(
            torch.cat([weights[n + "/kernel"].reshape(dim, dim).T for n in names]))
        theirs.out_proj.weight.copy_(weights["attention_output/kernel"].reshape(dim, dim).T)
        if theirs.in_proj_bias is not None:
            theirs.in_proj_bias.copy_(torch.cat([weights[n + "/bias"].reshape(dim) for n in names]))
            theirs.out_proj.bias.copy_(weights["attention_output/bias"])
    query, value = inputs[:2]
    key = inputs[2] if len(inputs) > 2 else value
    hidden = None
    if seen is not None:
        hidden = ~seen.expand(query.shape[0], query.shape[1], key.shape[1])
        hidden = hidden.repeat_interleave(heads, 0)
    result, scores = theirs(query, key, value, attn_mask=hidden, average_attn_weights=False)
    assert torch.allclose(result, output, atol=1e-12), "torch.nn.MultiheadAttention disagrees"
    assert torch.allclose(scores, shown, atol=1e-12), "torch.nn.MultiheadAttention disagrees"


def multi_head(heads, key_dim, queries, keys, dim=6, value_dim=None, use_bias=True,
               output_shape=None, with_key=False, other_dims=False, masks=(None, None, None),
               pairs=None, causal=False, scores=False, note=""):
    value_channels, key_channels = (dim + 1, dim - 2) if other_dims else (dim, dim)
    if not with_key:
        key_channels = value_channels
    inputs = [cases.normal(2, queries, dim), cases.normal(2, keys, value_channels)]
    if with_key:
        inputs.append(cases.normal(2, keys, key_channels))
    query, value, key = inputs[0], inputs[1], inputs[-1]
    width, out = value_dim or key_dim, output_shape or [dim]
    weights = {}

    def projection(name, *shape, summed=1):
        weights[name + "/kernel"] = cases.normal(*shape, deviation=shape[0] ** -0.5)
        if use_bias:
            weights[name + "/bias"] = cases.normal(*shape[summed:])
        return weights[name + "/kernel"], weights.get(name + "/bias", 0.0)

    def projected(x, name, channels, size):
        kernel, bias = projection(name, channels, heads, size)
        return torch.einsum("btc,chd->bhtd", x, kernel) + (bias[:, None] if use_bias else 0.0)

    q = projected(query, "query", dim, key_dim)
    k = projected(key, "key", key_channels, key_dim)
    v = projected(value, "value", value_channels, width)
    raw = q @ k.transpose(2, 3) / key_dim ** 0.5
    seen = and_all([masks[0][:, :, None] if masks[0] is not None else None,
                    masks[1][:, None, :] if masks[1] is not None else None,
                    masks[2][:, None, :] if masks[2] is not None else None,
                    causal_order(queries, keys) if causal else None, pairs])
    if seen is not None:
        raw = torch.where(seen[:, None], raw, torch.tensor(-1e9, dtype=torch.float64))
    shown = torch.softmax(raw, -1)
    if seen is not None and scores:  # Keras's Softmax gives a query that sees nothing no weights
        shown = shown * seen.any(-1, keepdim=True)[:, None]
    kernel, bias = projection("attention_output", heads, width, *out, summed=2)
    output = torch.tensordot((shown @ v).transpose(1, 2), kernel, 2) + bias
    plain = not other_dims and heads * key_dim == dim and width == key_dim and out == [dim]
    if plain and (seen is None or seen.any(-1).all()):
        torch_agrees(output, shown, inputs, weights, heads, seen)
        note = ("agrees with torch.nn.MultiheadAttention; " + note).strip("; ")
    if pairs is not None:
        inputs = inputs + [pairs]
    config = {"num_heads": heads, "key_dim": key_dim, "value_dim": value_dim, "dropout": 0.0,
              "use_bias": use_bias, "output_shape": output_shape, "attention_axes": None}
    cases.add("MultiHeadAttention", config, inputs, weights, [output, shown] if scores else [output],
              masks, {"use_causal_mask": causal, "return_attention_scores": scores}, note)


for mode in ["dot", "concat"]:
    for use_scale in [False, True]:
        attention(mode, use_scale, 3, 4)
        attention(mode, use_scale, 4, 3, with_key=True, scores=True)
        attention(mode, use_scale, 4, 6, masked=True, scores=True)
        attention(mode, use_scale, 5, 5, with_key=True, masked=True, causal=True)
        attention(mode, use_scale, 6, 3, causal=True, scores=True)

for scores in [False, True]:
    multi_head(2, 3, 4, 5, scores=scores)
    multi_head(3, 2, 4, 4, use_bias=False, causal=True, scores=scores)
    multi_head(1, 6, 5, 3, with_key=True, causal=True, scores=scores)
    multi_head(2, 4, 3, 5, value_dim=3, other_dims=True, with_key=True, scores=scores)
    multi_head(2, 2, 3, 4, output_shape=[5], other_dims=True, use_bias=False, scores=scores)
    some = cases.coins(2, 5)
    some[:, 0] = True
    multi_head(2, 3, 5, 5, masks=(None, some, None), causal=True, scores=scores)
    multi_head(2, 3, 4, 5, masks=(cases.coins(2, 4), some, cases.coins(2, 5)), with_key=True,
               scores=scores, note="masked queries see nothing")
    ordered = cases.coins(2, 5, 5) | torch.eye(5, dtype=torch.bool)
    multi_head(2, 3, 5, 5, pairs=ordered, with_key=True, scores=scores)
multi_head(2, 3, 4, 3, masks=(None, torch.tensor([[False] * 3, [True, False, True]]), None),
           causal=True, note="no value is left in the first sequence")
multi_head(3, 2, 3, 4, output_shape=[2, 3], note="two axes of the result")

cases.write(os.path.join(os.path.dirname(os.path.abspath(__file__)), "attention.safetensors"))
