#!/usr/bin/env python3
"""Training steps and predictions of the documented model in PyTorch, with the weights and the data
of `train_step --export`. Prints JSON like train_step's, and how far its predictions are from
kindling's.

Forms: eager, as a user writes it; script, the same through TorchScript; tuned, as fast as we could
make it with PyTorch's own operations: one 4-D tensor, changed in place forward and backward."""
import argparse
import json
import resource
import statistics
import struct
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    types = {"F32": torch.float32, "I32": torch.int32}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


class Scores(torch.autograd.Function):
    """sum(scale * tanh(q + k)): tanh is kept once, and the way back goes over it in place."""

    @staticmethod
    def forward(ctx, query, key, scale):
        pairs = query.unsqueeze(2) + key.unsqueeze(1)
        pairs.tanh_()
        ctx.save_for_backward(pairs, scale)
        return torch.matmul(pairs, scale)

    @staticmethod
    def backward(ctx, gradient):
        pairs, scale = ctx.saved_tensors
        flat = pairs.view(-1, pairs.shape[-1])
        for_scale = torch.mv(flat.t(), gradient.reshape(-1))
        pairs.mul_(pairs).neg_().add_(1).mul_(scale).mul_(gradient.unsqueeze(-1))
        return pairs.sum(2), pairs.sum(1), for_scale


class Model(nn.Module):
    """Keras's padding "same" with 4 taps is 1 step before and 2 after."""

    def __init__(self, w):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(w["embedding"].clone(), freeze=False)
        taps, depth, filters = w["kernel"].shape
        self.cnn = nn.Conv1d(depth, filters, taps)
        self.scale = nn.Parameter(w["scale"].clone())
        self.hidden = nn.Linear(*w["hidden_kernel"].shape)
        self.score = nn.Linear(*w["score_kernel"].shape)
        with torch.no_grad():
            self.cnn.weight.copy_(w["kernel"].permute(2, 1, 0))
            self.cnn.bias.copy_(w["bias"])
            self.hidden.weight.copy_(w["hidden_kernel"].t())
            self.hidden.bias.copy_(w["hidden_bias"])
            self.score.weight.copy_(w["score_kernel"].t())
            self.score.bias.copy_(w["score_bias"])

    def encode(self, ids: Tensor) -> Tensor:
        x = F.pad(self.embedding(ids).transpose(1, 2), (1, 2))
        return self.cnn(x).transpose(1, 2)

    def scores(self, query: Tensor, value: Tensor) -> Tensor:
        pairs = torch.tanh(query.unsqueeze(2) + value.unsqueeze(1))
        return torch.sum(self.scale * pairs, dim=-1)

    def forward(self, queries: Tensor, values: Tensor) -> Tensor:
        query, value = self.encode(queries), self.encode(values)
        attended = torch.matmul(torch.softmax(self.scores(query, value), dim=-1), value)
        joined = torch.cat([query.mean(1), attended.mean(1)], dim=-1)
        return torch.sigmoid(self.score(torch.relu(self.hidden(joined))))


class TunedModel(Model):
    def encode(self, ids):
        return super().encode(ids).contiguous()

    def scores(self, query, value):
        if torch.is_grad_enabled():
            return Scores.apply(query, value, self.scale)
        return torch.matmul((query.unsqueeze(2) + value.unsqueeze(1)).tanh_(), self.scale)


def attention_ms(batch, steps, form, seconds):
    """The attention operation alone, forward and backward, at depth 100."""
    query, key, value, gradient = (torch.randn(batch, steps, 100) for _ in range(4))
    scale = torch.randn(100) * 0.1
    leaves = [x.requires_grad_() for x in (query, key, value, scale)]

    def run():
        if form == "tuned":
            scores = Scores.apply(query, key, scale)
        else:
            scores = torch.sum(scale * torch.tanh(query.unsqueeze(2) + key.unsqueeze(1)), dim=-1)
        torch.matmul(torch.softmax(scores, dim=-1), value).backward(gradient)
        for leaf in leaves:
            leaf.grad = None

    return median_ms(seconds, run)


def median_ms(seconds, call):
    for _ in range(3):
        call()
    times = []
    while sum(times) < seconds or len(times) < 5:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="?", help="a file of train_step --export")
    parser.add_argument("--attention", metavar="BATCHxSTEPS", help="measure this operation alone")
    parser.add_argument("--form", choices=["eager", "script", "tuned"], default="eager")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--onnx", help="write the model to this file and end")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.attention:
        batch, steps = map(int, args.attention.split("x"))
        milliseconds = attention_ms(batch, steps, args.form, args.seconds)
        print(json.dumps({"attention_ms": milliseconds}))
        return
    tensors = read_safetensors(args.inputs)
    model = (TunedModel if args.form == "tuned" else Model)(tensors)
    queries, values = tensors["queries"], tensors["values"]
    if args.onnx:
        torch.onnx.export(model.eval(), (queries, values), args.onnx, opset_version=17,
                          input_names=["queries", "values"], output_names=["scores"])
        return
    if args.form == "script":
        model = torch.jit.script(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)

    def train():
        optimizer.zero_grad()
        F.binary_cross_entropy(model(queries, values), tensors["labels"]).backward()
        optimizer.step()

    def infer():
        with torch.no_grad():
            return model(queries, values)

    difference = (infer() - tensors["predictions"]).abs().max().item()
    infer_ms = median_ms(args.seconds, infer)
    print(json.dumps({"train_ms": median_ms(args.seconds, train), "infer_ms": infer_ms,
                      "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                      "difference": difference}))


if __name__ == "__main__":
    main()
