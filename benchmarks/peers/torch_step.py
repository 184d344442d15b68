#!/usr/bin/env python3
"""Training steps and predictions of the documented model in PyTorch: as a user writes it, and with
--tuned as fast as we could make it without kernels of our own (one 4-D tensor, reused in place).
Prints JSON as train_step --json does. Keras's padding "same" with 4 taps is 1 before and 2 after."""
import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

DEPTH, FILTERS, TAPS, HIDDEN, VOCABULARY = 128, 100, 4, 64, 20000


class Scores(torch.autograd.Function):
    """sum(scale * tanh(q + k)), keeping tanh once and going back over it in place."""

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
    def __init__(self, tuned):
        super().__init__()
        self.tuned = tuned
        self.embedding = nn.Embedding(VOCABULARY, DEPTH)
        self.cnn = nn.Conv1d(DEPTH, FILTERS, TAPS)
        self.scale = nn.Parameter(torch.empty(FILTERS).uniform_(-0.2, 0.2))
        self.hidden = nn.Linear(2 * FILTERS, HIDDEN)
        self.score = nn.Linear(HIDDEN, 1)

    def encode(self, ids):
        x = F.pad(self.embedding(ids).transpose(1, 2), (1, 2))
        encoded = self.cnn(x).transpose(1, 2)
        return encoded.contiguous() if self.tuned else encoded

    def forward(self, queries, values):
        query, value = self.encode(queries), self.encode(values)
        if self.tuned and self.training:
            scores = Scores.apply(query, value, self.scale)
        elif self.tuned:
            scores = torch.matmul((query.unsqueeze(2) + value.unsqueeze(1)).tanh_(), self.scale)
        else:
            pairs = torch.tanh(query.unsqueeze(2) + value.unsqueeze(1))
            scores = torch.sum(self.scale * pairs, dim=-1)
        attended = torch.matmul(torch.softmax(scores, dim=-1), value)
        joined = torch.cat([query.mean(1), attended.mean(1)], dim=-1)
        return torch.sigmoid(self.score(torch.relu(self.hidden(joined))))


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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--shape", default="32x32")
    parser.add_argument("--tuned", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    batch, steps = (int(n) for n in args.shape.split("x"))
    model = Model(args.tuned)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    ids = [torch.randint(VOCABULARY, (2, batch, steps)) for _ in range(16)]
    labels = [torch.randint(2, (batch, 1)).float() for _ in range(16)]
    count = 0

    def train():
        nonlocal count
        i = count % 16
        count += 1
        optimizer.zero_grad()
        F.binary_cross_entropy(model(ids[i][0], ids[i][1]), labels[i]).backward()
        optimizer.step()

    def infer():
        with torch.no_grad():
            model(ids[0][0], ids[0][1])

    model.train()
    train_ms = median_ms(args.seconds, train)
    model.eval()
    print(json.dumps({"shape": args.shape, "train_ms": train_ms,
                      "infer_ms": median_ms(args.seconds, infer),
                      "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
