#!/usr/bin/python3
"""The text-similarity model of examples/text_similarity in PyTorch, to compare kindling with.

Same tokens, vocabulary, batches, model, initial distributions, loss and optimizer, option names and
defaults; only the random numbers differ. It needs PyTorch 1.13 or later and NumPy: on Debian 12
`apt-get install python3-torch python3-numpy`, then run it with /usr/bin/python3.

    text_similarity_torch.py --data train.csv --validation dev.csv --score-max 5 --min-count 1 \\
        --vectors glove.100d.txt --batch-size 32 --seed 1 2 3 4 5
    text_similarity_torch.py --data train.tsv --validation dev.tsv --json

A file is CSV (RFC 4180), or TSV if its name ends in .tsv: two texts and a score a line; a header is
optional. If the training scores are 0 and 1 only, the loss is binary cross-entropy and the metric
the area under the ROC curve (exact, by ranks); else mean squared error and Pearson's correlation.
An epoch's seconds are those of its training, batches included. It does not stop early: reported are
the last epoch and the best one (chosen on --validation). As in Keras, padding reaches the
convolution, as row 0 of the embedding; the masks are for attention and pooling.

To compare speed, give PyTorch its best. Without the first setting its threads wait for each other
in a loop, 25 times slower on two cores when another program runs; without the others it gets fresh
memory from the system at every step:

    OMP_WAIT_POLICY=passive MALLOC_MMAP_MAX_=0 MALLOC_TOP_PAD_=1000000000 \\
        MALLOC_TRIM_THRESHOLD_=4000000000 text_similarity_torch.py ...
"""
import argparse
import collections
import csv
import functools
import io
import json
import math
import re
import sys
import time
import unicodedata

SPECIAL = ["[PAD]", "[UNK]"]
IGNORED = re.compile(  # Unicode's Default_Ignorable_Code_Point
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
BUCKET_BATCHES = 50  # shuffled examples are sorted by length this many batches at a time


def fail(message):
    sys.exit(f"text_similarity_torch: {message}")


try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional
    from torch.nn.utils.rnn import pad_sequence
except ImportError as missing:
    fail(f"{missing}; on Debian: apt-get install python3-torch python3-numpy; /usr/bin/python3")


def tokenize(text):  # data/tokens.h
    if text.isascii():
        return re.findall("[a-z0-9]+", text.lower())
    text = "".join(c.lower()[0] for c in text.replace("\u200b", " "))
    text = unicodedata.normalize("NFC", IGNORED.sub("", text))
    kinds = "".join(unicodedata.category(c)[0] for c in text)
    tokens = [text[m.start():m.end()] for m in re.finditer("[LN][LNM]*", kinds)]
    return [re.sub("(?<=.)\u03c3$", "\u03c2", token) for token in tokens]


def read_text(path):
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: {getattr(error, 'strerror', None) or f'is not UTF-8, {error}'}")


def read_pairs(path, score_max):
    """A list of (tokens, tokens, score in [0, 1]): data/delimited.h."""
    form = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if path.lower().endswith(".tsv") else {}
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True, **form)
    pairs, line = [], 0
    try:
        for record in filter(None, reader):
            line = reader.line_num  # where the record ends
            if len(record) < 3:
                fail(f"{path}:{line}: at least 3 columns are needed, got {len(record)}")
            first, second, score = (column.strip() for column in record[:3])
            if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", score, re.IGNORECASE):
                if line == 1 and score and score[0] not in "+-.0123456789":
                    continue  # a header
                fail(f"{path}:{line}: the score must be a number, got \"{score}\"")
            if not 0 <= float(score) <= score_max:
                fail(f"{path}:{line}: the score must be in [0, {score_max:g}], got {score}; "
                     "--score-max sets the range")
            pairs.append((tokenize(first), tokenize(second), float(score) / score_max))
            if not pairs[-1][0] or not pairs[-1][1]:
                fail(f"{path}:{line}: a text has no letter or digit")
    except csv.Error as error:
        fail(f"{path}:{reader.line_num}: {error}")
    return pairs or fail(f"{path}: has no pairs")


def make_vocabulary(pairs, max_tokens, min_count):
    """Words to ids, the most frequent first: data/vocabulary.h."""
    counts = collections.Counter(t for first, second, _ in pairs for t in first + second)
    words = [word for word, count in counts.items() if count >= min_count]
    words.sort(key=lambda word: (-counts[word], word.encode()))
    words = words[:max_tokens - len(SPECIAL)] if max_tokens else words
    return {word: id for id, word in enumerate(SPECIAL + words)}


def read_vectors(path):
    """Words to vectors, and their dimension: data/word_vectors.h."""
    vectors, dim = {}, 0
    for number, line in enumerate(read_text(path).split("\n"), 1):
        line = line.rstrip(" \r")
        if number == 1:
            counts = re.fullmatch(r"\d+ (\d+)", line)  # word2vec begins with them
            dim = int(counts[1]) if counts else line.count(" ")
        if line and not (number == 1 and counts):
            word, *numbers = line.rsplit(" ", max(dim, 1))
            try:
                vectors.setdefault(word, np.array(numbers, dtype=np.float32))
            except ValueError:
                numbers = []
            if len(numbers) != dim or not np.isfinite(vectors[word]).all():
                fail(f"{path}:{number}: must be a word and {dim or 'its'} finite numbers")
    return (vectors, dim) if vectors else fail(f"{path}: has no vectors")


class Batches:
    """Ids padded to the longest text, texts of like length together: data/text_batches.h."""

    def __init__(self, pairs, vocabulary, options, shuffle):
        limit = options.max_length or None
        self.texts = [[[vocabulary.get(t, 1) for t in text[:limit]] for text in pair[:2]]
                      for pair in pairs]
        self.scores = np.array([score for _, _, score in pairs], dtype=np.float32)
        self.lengths = np.array([[len(a) + len(b), len(a)] for a, b in self.texts])
        self.batch_size, self.shuffle = options.batch_size, shuffle

    def plan(self, generator):
        size = len(self.texts)
        order = generator.permutation(size) if self.shuffle else np.arange(size)
        window = BUCKET_BATCHES * self.batch_size if self.shuffle else size
        windows = [order[i:i + window] for i in range(0, size, window)]
        windows = [w[np.lexsort((self.lengths[w, 1], self.lengths[w, 0]))] for w in windows]
        batches = [rows[i:i + self.batch_size] for rows in windows
                   for i in range(0, len(rows), self.batch_size)]
        order = generator.permutation(len(batches)) if self.shuffle else range(len(batches))
        return [batches[i] for i in order]

    def batches(self, generator=None):
        for rows in self.plan(generator):
            sides = [[torch.tensor(self.texts[row][side]) for row in rows] for side in (0, 1)]
            first, second = (pad_sequence(texts, batch_first=True) for texts in sides)
            yield first, second, torch.from_numpy(self.scores[rows])


def glorot(layer):
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Model(nn.Module):
    def __init__(self, options, vocabulary, vectors):
        super().__init__()
        self.embedding = nn.Embedding(len(vocabulary), options.depth)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        for word in vocabulary.keys() & vectors.keys() - set(SPECIAL):
            self.embedding.weight.data[vocabulary[word]] = torch.from_numpy(vectors[word])
        self.embedding.weight.requires_grad_(not options.freeze_vectors)
        self.cnn = glorot(nn.Conv1d(options.depth, options.filters, options.kernel_size))
        left = (options.kernel_size - 1) // 2
        self.padding = (left, options.kernel_size - 1 - left)
        limit = math.sqrt(3 / options.filters)
        self.scale = nn.Parameter(torch.empty(options.filters).uniform_(-limit, limit))
        self.hidden = glorot(nn.Linear(2 * options.filters, options.hidden))
        self.score = glorot(nn.Linear(options.hidden, 1))
        self.dropout, self.mask = nn.Dropout(options.dropout), not options.no_mask

    def encode(self, ids):  # (batch, steps) -> (batch, steps, filters)
        x = self.dropout(self.embedding(ids)).transpose(1, 2)
        return self.cnn(functional.pad(x, self.padding)).transpose(1, 2).contiguous()

    def forward(self, first, second):
        q, v = self.encode(first), self.encode(second)
        # The tanh in place and the sum over channels as a product: fewer tensors of four axes.
        scores = (q.unsqueeze(2) + v.unsqueeze(1)).tanh_() @ self.scale  # (batch, Tq, Tv)
        if self.mask:
            scores = scores - 1e9 * (second == 0).unsqueeze(1).float()
        attended = scores.softmax(-1) @ v
        if self.mask:
            mask = (first != 0).unsqueeze(2).float()
            means = [(x * mask).sum(1) / mask.sum(1) for x in (q, attended)]
        else:
            means = [q.mean(1), attended.mean(1)]
        hidden = torch.relu(self.hidden(self.dropout(torch.cat(means, 1))))
        return torch.sigmoid(self.score(hidden)).squeeze(1)


def pearson(target, prediction):
    constant = target.std() == 0 or prediction.std() == 0
    return 0.0 if constant else float(np.corrcoef(target, prediction)[0, 1])


def auc(target, prediction):
    """Mann and Whitney's statistic, with mean ranks for ties."""
    positive = target > 0.5
    count, others = int(positive.sum()), int((~positive).sum())
    _, inverse, times = np.unique(prediction, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[inverse]
    above = ranks[positive].sum() - count * (count + 1) / 2
    return float(above / (count * others)) if count and others else 0.0


def evaluate(model, batches, loss_of, graded):
    model.eval()
    with torch.no_grad():
        parts = [(target, model(first, second)) for first, second, target in batches.batches()]
    target, prediction = (torch.cat(column) for column in zip(*parts))
    loss = float(loss_of(prediction, target))
    target, prediction = target.double().numpy(), prediction.double().numpy()
    if graded:
        return {"loss": loss, "pearson": pearson(target, prediction)}
    right = float(((prediction > 0.5) == (target > 0.5)).mean())
    return {"loss": loss, "auc": auc(target, prediction), "accuracy": right}


def run(options, seed, train, validation, vocabulary, vectors, graded, report):
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    model, epochs = Model(options, vocabulary, vectors), []
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad],
                                 lr=options.learning_rate, eps=1e-7)
    loss_of = functional.mse_loss if graded else functional.binary_cross_entropy
    for epoch in range(1, options.epochs + 1):
        model.train()
        start, total = time.perf_counter(), 0.0
        for first, second, target in train.batches(generator):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(first, second), target)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(target)
        seconds = time.perf_counter() - start
        epochs.append({"epoch": epoch, "seconds": seconds, "train_loss": total / len(train.texts),
                       **evaluate(model, validation, loss_of, graded)})
        report(f"seed {seed}  " + "  ".join(f"{k} {v:.4g}" for k, v in epochs[-1].items()))
    return {"seed": seed, "epochs": epochs}


def parse_options():
    parser = argparse.ArgumentParser(
        description="Trains the text-similarity model in PyTorch, to compare kindling with.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False)
    option = parser.add_argument
    for name, text in (("--data", "training pairs, CSV or TSV"), ("--validation", "the same")):
        option(name, required=True, metavar="FILE", help=text)
    option("--vectors", metavar="FILE", help="start the embedding from them (sets --depth)")
    for name, text in (("--freeze-vectors", "do not train the embedding"),
                       ("--vector-words", "words that only --vectors has are known too"),
                       ("--no-mask", "padding takes part in attention and pooling"),
                       ("--json", "print the result as JSON")):
        option(name, action="store_true", help=text)
    option("--seed", type=int, nargs="+", default=[1], help="one run for each")
    numbers = {  # the default and the least
        "score-max": (1.0, 1e-9), "epochs": (6, 1), "batch-size": (128, 1), "depth": (100, 1),
        "filters": (100, 1), "kernel-size": (4, 1), "hidden": (64, 1), "dropout": (0.0, 0),
        "learning-rate": (1e-3, 0), "max-tokens": (0, 0), "min-count": (2, 1),
        "max-length": (64, 0), "threads": (2, 1)}
    for name, (default, least) in numbers.items():
        option("--" + name, type=type(default), default=default, help=f"at least {least:g}")
    options = parser.parse_args()
    for name, (_, least) in numbers.items():
        if not getattr(options, name.replace("-", "_")) >= least:
            parser.error(f"--{name} must be at least {least:g}")
    if options.dropout >= 1 or options.max_tokens in (1, 2) or min(options.seed) < 0:
        parser.error("--dropout must be below 1, --max-tokens 0 or at least 3, --seed at least 0")
    if (options.freeze_vectors or options.vector_words) and not options.vectors:
        parser.error("--freeze-vectors and --vector-words need --vectors")
    return options


def summary(values):
    return {"mean": np.mean(values), "std": np.std(values, ddof=1) if len(values) > 1 else 0.0}


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    report = functools.partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)
    train, validation = (read_pairs(path, options.score_max)
                         for path in (options.data, options.validation))
    graded = any(score not in (0, 1) for _, _, score in train)
    if not graded and any(score not in (0, 1) for _, _, score in validation):
        fail(f"{options.validation}: scores must be 0 or 1, as those of {options.data}")
    vocabulary, vectors = make_vocabulary(train, options.max_tokens, options.min_count), {}
    if options.vectors:
        vectors, options.depth = read_vectors(options.vectors)
    for word in vectors if options.vector_words else ():
        vocabulary.setdefault(word, len(vocabulary))
    report(f"{len(train)} pairs to train on, {len(validation)} to validate, {len(vocabulary)} "
           f"words, {len(vocabulary.keys() & vectors.keys())} with vectors")
    data = [Batches(pairs, vocabulary, options, pairs is train) for pairs in (train, validation)]
    runs = [run(options, seed, *data, vocabulary, vectors, graded, report)
            for seed in options.seed]
    metric = "pearson" if graded else "auc"
    last = summary([each["epochs"][-1][metric] for each in runs])
    best = summary([max(epoch[metric] for epoch in each["epochs"]) for each in runs])
    seconds = np.mean([sum(epoch["seconds"] for epoch in each["epochs"]) for each in runs])
    report(f"{metric} of the last epoch {last['mean']:.4f} +- {last['std']:.4f} over {len(runs)} "
           f"seeds, of the best {best['mean']:.4f} +- {best['std']:.4f}; training took "
           f"{seconds:.1f} s a run")
    if options.json:
        print(json.dumps({metric: last["mean"], "last": last, "best": best, "runs": runs,
                          "train_seconds": seconds, "pairs": len(validation),
                          "torch": torch.__version__, "options": vars(options)}, indent=2))


if __name__ == "__main__":
    main()
