#!/usr/bin/python3
"""Losses by PyTorch's autograd and metrics by loops in numpy, both in float64, written straight
from their definitions as cases for golden_check (tests/golden/FORMAT.md):

    tests/reference/losses_and_metrics.py     # writes losses_and_metrics.safetensors beside it
"""
import json
import pathlib
import struct

import numpy as np
import torch

rng = np.random.default_rng(7)
cases, tensors = [], {}


def f32(x):
    return np.asarray(x, np.float32).astype(np.float64)


def uniform(*shape, low=0.0, high=1.0):
    return f32(rng.uniform(low, high, shape))


def normal(*shape):
    return f32(rng.normal(size=shape) * 2)


def one_hot(n, classes):
    return np.eye(classes)[rng.integers(classes, size=n)]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return f32(e / e.sum(-1, keepdims=True))


def add(kind, name, config, values, **fields):
    case = {"id": "%03d" % len(cases), "kind": kind, "class": name, "config": config, **fields}
    cases.append(case)
    for key, value in values.items():
        if value is not None:
            tensors[case["id"] + "/" + key] = np.asarray(value)


# Losses ------------------------------------------------------------------------------------------

EPS = 1e-7


def log_probabilities(p, logits, axis):
    if logits:
        return torch.log_softmax(p, axis)
    return torch.log((p / p.sum(axis, keepdim=True)).clamp(EPS, 1 - EPS))


def categorical(y, p, logits=False, smooth=0.0, axis=-1, alpha=1.0, gamma=0.0):
    y = y * (1 - smooth) + smooth / p.shape[axis]
    log_p = log_probabilities(p, logits, axis)
    return -(alpha * (1 - log_p.exp()) ** gamma * y * log_p).sum(axis)


def sparse(y, p, ignore=None, logits=False, axis=-1):
    kept = y != ignore if ignore is not None else torch.ones_like(y, dtype=torch.bool)
    ids = torch.where(kept, y, torch.zeros_like(y)).long().unsqueeze(axis)
    picked = log_probabilities(p, logits, axis).gather(axis, ids).squeeze(axis)
    return torch.where(kept, -picked, torch.zeros_like(picked)), kept


def binary_focal(y, p, logits=False, smooth=0.0, alpha=None, gamma=2.0):
    y = y * (1 - smooth) + smooth / 2
    p = torch.sigmoid(p) if logits else p
    q = p.clamp(EPS, 1 - EPS)
    loss = -(y * torch.log(q) + (1 - y) * torch.log(1 - q))
    loss = loss * (1 - (y * p + (1 - y) * (1 - p))) ** gamma
    if alpha is not None:
        loss = loss * (y * alpha + (1 - y) * (1 - alpha))
    return loss.mean(-1)


def loss(name, config, y, p, values, weight=None, mask=None):
    """values(y, p): a value an example, and a mask of those or None."""
    pred = torch.tensor(p, requires_grad=True)
    v, own = values(torch.tensor(y), pred)
    counts = torch.ones_like(v)
    masks = [torch.tensor(m) for m in (mask,) if m is not None]
    masks += [own] if own is not None else []
    for m in masks:
        counts = counts * m
    if weight is not None:
        w = torch.tensor(weight)
        while w.ndim < v.ndim:
            w = w.unsqueeze(-1)
        v, weights = v * w, counts * w
    else:
        weights = counts
    v = v * counts
    reduction = config.get("reduction", "sum_over_batch_size")
    total = {"none": v, "sum": v.sum(), "mean_with_sample_weight": v.sum() / weights.sum(),
             "sum_over_batch_size": v.sum() / counts.sum()}[reduction]
    total.sum().backward()
    add("loss", name, config,
        {"y_true": y, "y_pred": p, "sample_weight": weight, "mask": mask,
         "loss": np.atleast_1d(total.detach().numpy()), "grad.y_pred": pred.grad.numpy()})


def plain(formula):
    return lambda y, p: (formula(y, p), None)


labels, probabilities, logits = one_hot(6, 4), softmax(normal(6, 4)), normal(6, 4)
binary = np.asarray(rng.integers(2, size=(5, 3)), np.float64)
chances, scores = uniform(5, 3, low=0.02, high=0.98), normal(5, 3)
CFC, BFC = "CategoricalFocalCrossentropy", "BinaryFocalCrossentropy"
loss(CFC, {}, labels, probabilities, plain(lambda y, p: categorical(y, p, alpha=.25, gamma=2)))
loss(CFC, {"from_logits": True, "gamma": 1.5, "alpha": 0.6}, labels, logits,
     plain(lambda y, p: categorical(y, p, True, alpha=.6, gamma=1.5)))
loss(CFC, {"from_logits": True, "gamma": 0.0, "label_smoothing": 0.1, "reduction": "none"}, labels,
     logits, plain(lambda y, p: categorical(y, p, True, .1, alpha=.25, gamma=0)))
loss(CFC, {"axis": 1}, np.moveaxis(one_hot(6, 4).reshape(2, 3, 4), 2, 1),
     np.moveaxis(softmax(normal(2, 3, 4)), 2, 1),
     plain(lambda y, p: categorical(y, p, axis=1, alpha=.25, gamma=2)))
loss(BFC, {}, binary, chances, plain(binary_focal))
loss(BFC, {"apply_class_balancing": True, "alpha": 0.3, "gamma": 0.5}, binary, chances,
     plain(lambda y, p: binary_focal(y, p, alpha=.3, gamma=.5)), weight=uniform(5))
loss(BFC, {"from_logits": True, "label_smoothing": 0.2}, binary, scores,
     plain(lambda y, p: binary_focal(y, p, True, .2)))
loss(BFC, {"from_logits": True, "apply_class_balancing": True, "gamma": 3.0}, binary, scores,
     plain(lambda y, p: binary_focal(y, p, True, alpha=.25, gamma=3)))
SCE = "SparseCategoricalCrossentropy"
ids = np.asarray(rng.integers(-1, 4, size=(3, 5)), np.int32)
ids[0, :2] = -1, 2
loss(SCE, {"from_logits": True, "ignore_class": -1}, ids, normal(3, 5, 4),
     lambda y, p: sparse(y, p, -1, True))
loss(SCE, {"from_logits": True, "ignore_class": 2, "reduction": "none"}, np.abs(ids),
     normal(3, 5, 4), lambda y, p: sparse(y, p, 2, True))
loss(SCE, {"ignore_class": -1}, ids, softmax(normal(3, 5, 4)), lambda y, p: sparse(y, p, -1),
     weight=uniform(3), mask=rng.integers(2, size=(3, 5)) > 0)
loss(SCE, {"axis": 1, "reduction": "sum"}, np.abs(ids),
     np.moveaxis(softmax(normal(3, 5, 4)), 2, 1), plain(lambda y, p: sparse(y, p, axis=1)[0]))
y, p = uniform(4, 3, low=0.2, high=3), uniform(4, 3, low=0.2, high=3)
loss("MeanAbsolutePercentageError", {}, y, p,
     plain(lambda y, p: 100 * ((y - p) / y).abs().mean(-1)))
loss("MeanSquaredLogarithmicError", {}, y, p,
     plain(lambda y, p: ((y.log1p() - p.log1p()) ** 2).mean(-1)))
loss("MeanSquaredError", {"reduction": "mean_with_sample_weight"}, y, p,
     plain(lambda y, p: ((y - p) ** 2).mean(-1)), weight=uniform(4))
loss("MeanAbsoluteError", {"reduction": "mean_with_sample_weight"}, normal(4, 3, 2),
     normal(4, 3, 2), plain(lambda y, p: (y - p).abs().mean(-1)), weight=uniform(4),
     mask=rng.integers(2, size=(4, 3)) > 0)
loss("LogCosh", {}, f32([[0, 40], [1e3, -1]]), f32([[1e-3, -80], [-1e3, 0.5]]),
     plain(lambda y, p: (p - y + torch.nn.functional.softplus(-2 * (p - y)) -
                         np.log(2)).mean(-1)))
for name, power in (("Hinge", 1), ("SquaredHinge", 2)):
    loss(name, {}, binary, scores,
         plain(lambda y, p: ((1 - (2 * y - 1) * p).clamp(min=0) ** power).mean(-1)))
    loss(name, {}, 2 * binary - 1, scores,
         plain(lambda y, p: ((1 - y * p).clamp(min=0) ** power).mean(-1)))
loss("CategoricalHinge", {}, labels, logits,
     plain(lambda y, p: (1 + ((1 - y) * p).max(-1)[0] - (y * p).sum(-1)).clamp(min=0)))
loss("CosineSimilarity", {"axis": 1}, normal(2, 4, 3), normal(2, 4, 3),
     plain(lambda y, p: -torch.nn.functional.cosine_similarity(y, p, dim=1)))


# Metrics -----------------------------------------------------------------------------------------


def metric(name, config, y, p, result, weight=None, mask=None):
    n = len(p)
    add("metric", name, config,
        {"y_true": y, "y_pred": p, "sample_weight": weight, "mask": mask,
         "result": np.asarray([result])}, batches=[n - n // 3, n // 3])


def counts(y, positive, w):
    return [(w * a).sum() for a in (y * positive, (1 - y) * positive, (1 - y) * ~positive,
                                    y * ~positive)]  # tp, fp, tn, fn


def divide(a, b):
    return a / b if b != 0 else 0.0


def correlation(a, b, w=None):
    w = np.ones_like(a) if w is None else w
    a, b = a - np.average(a, weights=w), b - np.average(b, weights=w)
    return (w * a * b).sum() / np.sqrt((w * a * a).sum() * (w * b * b).sum())


def ranks(x):
    return np.asarray([((x > v).sum() + (x >= v).sum()) / 2 for v in x])


def concordance(a, b):
    return (2 * ((a - a.mean()) * (b - b.mean())).mean() /
            (a.var() + b.var() + (a.mean() - b.mean()) ** 2))


def reciprocal_rank(y, p):
    return max([1 / (p >= s).sum() for s, r in zip(p, y) if r]) if y.any() else None


def average_precision(y, p):
    return np.mean([(y[p >= s] != 0).sum() / (p >= s).sum() for s in p[y != 0]]) if y.any() else None


def queries(rule, y, p, keep, w):
    pairs = [(rule(a[k], b[k]), v) for a, b, k, v in zip(y, p, keep, w)]
    pairs = [(r, v) for r, v in pairs if r is not None]
    return sum(r * v for r, v in pairs) / sum(v for _, v in pairs)


n, classes = 24, 4
y = np.asarray(rng.integers(2, size=(n, classes)), np.float64)
p = f32(np.clip(0.3 * y + rng.uniform(0, 0.7, (n, classes)), 0, 1))
w = uniform(n)
every = w[:, None] * np.ones(classes)
names = ["TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"]
for name, count in zip(names, counts(y, p > 0.4, every)):
    metric(name, {"thresholds": 0.4}, y, p, count, w)
top = np.argsort(np.argsort(-p, -1), -1) < 2
tp, fp, tn, fn = counts(y, top, every)
metric("Precision", {"top_k": 2}, y, p, tp / (tp + fp), w)
metric("Recall", {"top_k": 2}, y, p, tp / (tp + fn), w)
tp, fp, tn, fn = counts(y[:, 2], p[:, 2] > 0.5, w)
metric("Precision", {"class_id": 2}, y, p, tp / (tp + fp), w)
metric("Recall", {"class_id": 2}, y, p, tp / (tp + fn), w)

largest = p == p.max(-1, keepdims=True)
for beta, threshold, positive in ((1, None, largest), (1, 0.6, p > 0.6), (2, None, largest)):
    per = [counts(y[:, c], positive[:, c], w) for c in range(classes)]
    f = [(1 + beta ** 2) * tp / ((1 + beta ** 2) * tp + beta ** 2 * fn + fp)
         for tp, fp, tn, fn in per]
    support = [tp + fn for tp, fp, tn, fn in per]
    config = {"threshold": threshold, **({"beta": float(beta)} if beta != 1 else {})}
    name = "F1Score" if beta == 1 else "FBetaScore"
    metric(name, {"average": "macro", **config}, y, p, np.mean(f), w)
    metric(name, {"average": "weighted", **config}, y, p, np.average(f, weights=support), w)

thresholds = np.linspace(0, 1, 50)
at = [counts(y, p > t if t > 0 else p >= 0, every) for t in thresholds]
rates = {"sensitivity": [divide(c[0], c[0] + c[3]) for c in at],
         "specificity": [divide(c[2], c[2] + c[1]) for c in at],
         "precision": [divide(c[0], c[0] + c[1]) for c in at]}
rates["recall"] = rates["sensitivity"]
for rate, bound in (("sensitivity", "specificity"), ("specificity", "sensitivity"),
                    ("precision", "recall"), ("recall", "precision")):
    best = max([r for r, b in zip(rates[rate], rates[bound]) if b >= 0.7])
    metric(rate.title() + "At" + bound.title(), {bound: 0.7, "num_thresholds": 50}, y, p, best, w)


def area(y, p, thresholds=200):
    """Pairs of the same bucket counted half."""
    bucket = np.maximum(np.ceil(p * (thresholds - 1)), 1)
    pairs = bucket[y == 1][:, None] - bucket[y == 0][None]
    return (np.sign(pairs) / 2 + 0.5).mean()


metric("AUC", {"multi_label": True}, y, p, np.mean([area(y[:, c], p[:, c])
                                                    for c in range(classes)]))
x = normal(n, classes)
metric("AUC", {"from_logits": True}, y, x, area(y.ravel(), 1 / (1 + np.exp(-x.ravel()))))

hot = one_hot(n, classes)
truth = hot.argmax(-1)
order = np.argsort(-x, -1)
metric("CategoricalAccuracy", {}, hot, x, np.average(order[:, 0] == truth, weights=w), w)
metric("TopKCategoricalAccuracy", {"k": 3}, hot, x,
       np.average((order[:, :3] == truth[:, None]).any(-1), weights=w), w)
metric("SparseCategoricalAccuracy", {}, truth.astype(np.int32), x,
       np.average(order[:, 0] == truth, weights=w), w)
metric("Accuracy", {}, y, np.round(p), (y == np.round(p)).mean())

y, p = normal(n, 3), normal(n, 3)
p = f32(p * 0.5 + y + 100)
y = f32(y + 100)
every = w[:, None] * np.ones(3)
residual, spread = (every * (y - p) ** 2).sum(0), np.asarray(
    [(w * (y[:, c] - np.average(y[:, c], weights=w)) ** 2).sum() for c in range(3)])
r2 = 1 - residual / spread
metric("R2Score", {}, y, p, r2.mean(), w)
metric("R2Score", {"class_aggregation": "variance_weighted_average"}, y, p,
       np.average(r2, weights=spread), w)
met = (w > 0).sum()  # Keras counts examples that weigh something
metric("R2Score", {"num_regressors": 2}, y, p, 1 - (1 - r2.mean()) * (met - 1) / (met - 3), w)
metric("RootMeanSquaredError", {}, y, p, np.sqrt(np.average((y - p) ** 2, weights=every)), w)
metric("LogCoshError", {}, y, p, np.log(np.cosh(p - y)).mean())
metric("Sum", {}, y, p, (every * p).sum(), w)
metric("MeanAbsolutePercentageError", {}, y, p, 100 * np.average(np.abs((y - p) / y),
                                                                 weights=every), w)
metric("MeanSquaredLogarithmicError", {}, y, p,
       np.average((np.log1p(y) - np.log1p(p)) ** 2, weights=every), w)

y, p = normal(n, 8), normal(n, 8)
p = f32(p + y)
every = w[:, None] * np.ones(8)
metric("PearsonCorrelation", {}, y, p, np.average([correlation(a, b) for a, b in zip(y, p)],
                                                  weights=w), w)
metric("PearsonCorrelation", {"axis": 1}, y[:, :, None], p[:, :, None],
       np.mean([correlation(a, b) for a, b in zip(y, p)]))
metric("PearsonCorrelation", {"over_all": True}, y, p,
       correlation(y.ravel(), p.ravel(), every.ravel()), w)
metric("ConcordanceCorrelation", {}, y, p, np.mean([concordance(a, b) for a, b in zip(y, p)]))
keep = rng.uniform(size=(n, 8)) < 0.8
metric("PearsonCorrelation", {}, y, p,
       np.mean([correlation(a[k], b[k]) for a, b, k in zip(y, p, keep)]), None, keep)
tied, tied_p = np.round(y), np.round(p)
metric("SpearmanCorrelation", {}, tied, tied_p,
       np.mean([correlation(ranks(a), ranks(b)) for a, b in zip(tied, tied_p)]))
metric("SpearmanCorrelation", {"over_all": True}, tied, tied_p,
       correlation(ranks(tied.ravel()), ranks(tied_p.ravel())))

y = np.asarray(rng.uniform(size=(n, 6)) < 0.3, np.float64)
p = normal(n, 6)
p = f32(p + 2 * y)
keep = rng.uniform(size=(n, 6)) < 0.7
for name, rule in (("MeanReciprocalRank", reciprocal_rank),
                   ("MeanAveragePrecision", average_precision)):
    metric(name, {}, y, p, queries(rule, y, p, np.ones_like(keep), w), w)
    metric(name, {}, y, p, queries(rule, y, p, keep, np.ones(n)), None, keep)
    metric(name, {}, y, p, queries(rule, y, p, keep, np.ones(n)), np.float64(keep))


# As safetensors ----------------------------------------------------------------------------------

types = {"float64": ("F32", np.float32), "int32": ("I32", np.int32), "int64": ("I32", np.int32),
         "bool": ("BOOL", np.bool_)}
header = {"__metadata__": {"family": "losses_and_metrics", "reference": "PyTorch and numpy, float64",
                           "cases": json.dumps(cases)}}
blob = b""
for name, value in tensors.items():
    dtype, to = types[str(value.dtype)]
    data = np.ascontiguousarray(value).astype(to).tobytes()
    header[name] = {"dtype": dtype, "shape": list(value.shape),
                    "data_offsets": [len(blob), len(blob) + len(data)]}
    blob += data
head = json.dumps(header).encode()
head += b" " * (-len(head) % 8)
path = pathlib.Path(__file__).parent / "losses_and_metrics.safetensors"
path.write_bytes(struct.pack("<Q", len(head)) + head + blob)
print(path, len(cases), "cases")
