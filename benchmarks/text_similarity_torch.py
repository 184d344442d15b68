#!/usr/bin/python3
"""The text-similarity model of examples/text_similarity in PyTorch, to compare with.

Same tokens, vocabulary, batches, model, initial distributions, loss and optimizer as kindling, and
the same option names. It needs PyTorch 1.13 or later and NumPy: on Debian 12
`apt-get install python3-torch python3-numpy`, and then Debian's /usr/bin/python3.

    text_similarity_torch.py --data train.csv --validation dev.csv --score-max 5 \\
        --vectors glove.100d.txt --epochs 10 --seed 1 2 3 4 5 --threads 2
    text_similarity_torch.py --data train.tsv --validation dev.tsv --json

A file is CSV (RFC 4180), or TSV if its name ends in .tsv: two texts and a score a line, a header is
optional. If the training scores are 0 and 1 only, the loss is binary cross-entropy and the metric
the area under the ROC curve (exact, by ranks); else it is mean squared error and Pearson's
correlation. An epoch's seconds are those of its training alone: making the batches, the steps.

As in Keras, each text's padding reaches the convolution (as the trained row 0 of the embedding) and
the masks are for attention and pooling. --no-mask is the literal page: no masks at all.

PyTorch spends most of a step on fresh pages of memory. glibc keeps them from step to step with
MALLOC_TOP_PAD_=1000000000 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_MAX_=0
in the environment: a fairer opponent where speed is what is compared.
"""
import argparse
import collections
import csv
import io
import json
import math
import os
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
    sys.exit(f"{os.path.basename(sys.argv[0])}: {message}")


def tokenize(text):
    """Lower case, NFC, runs of letters, marks and digits: data/tokens.h."""
    if text.isascii():
        return re.findall("[a-z0-9]+", text.lower())
    text = "".join(c.lower()[0] for c in text.replace("\u200b", " "))
    text = unicodedata.normalize("NFC", IGNORED.sub("", text))
    tokens, inside = [], False
    for c in text:
        kind = unicodedata.category(c)[0]
        kept = kind in "LN" or (kind == "M" and inside)
        if kept and not inside:
            tokens.append("")
        if kept:
            tokens[-1] += c
        inside = kept
    return [t[:-1] + "ς" if len(t) > 1 and t.endswith("σ") else t for t in tokens]


def read_text(path):
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except UnicodeDecodeError as error:
        fail(f"{path}: is not UTF-8, at byte {error.start}")


def records(path):
    """(line, columns) of each record of a CSV or TSV file."""
    text = read_text(path)
    if path.lower().endswith(".tsv"):
        for number, line in enumerate(text.split("\n"), 1):
            if line.rstrip("\r"):
                yield number, line.rstrip("\r").split("\t")
        return
    reader, number = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for record in reader:
            if record:
                yield number, record
            number = reader.line_num + 1
    except csv.Error as error:
        fail(f"{path}:{number}: {error}")


def read_pairs(path, score_max):
    """A list of (tokens, tokens, score in [0, 1])."""
    pairs = []
    for index, (line, record) in enumerate(records(path)):
        place = f"{path}:{line}"
        if len(record) < 3:
            fail(f"{place}: at least 3 columns are needed, got {len(record)}")
        first, second, score = (column.strip() for column in record[:3])
        try:
            number = float(score)
        except ValueError:
            if index == 0 and score and score[0] not in "+-.0123456789":
                continue  # a header
            fail(f"{place}: the score must be a number, got \"{score}\"")
        if not 0 <= number <= score_max:
            fail(f"{place}: the score must be in [0, {score_max:g}], got {score}; "
                 "--score-max sets the range")
        pairs.append((tokenize(first), tokenize(second), number / score_max))
        for which, text, tokens in zip(("first", "second"), (first, second), pairs[-1]):
            if not tokens:
                fail(f"{place}: the {which} text has no letter or digit, got \"{text}\"")
    if not pairs:
        fail(f"{path}: has no pairs")
    return pairs


def make_vocabulary(pairs, max_tokens, min_count):
    """Words to ids, the most frequent first: data/vocabulary.h."""
    counts = collections.Counter(t for a, b, _ in pairs for t in a + b)
    words = [w for w in counts if counts[w] >= min_count]
    words.sort(key=lambda w: (-counts[w], w.encode()))
    if max_tokens:
        words = words[:max_tokens - len(SPECIAL)]
    return {word: id for id, word in enumerate(SPECIAL + words)}


def read_vectors(path):
    """Words to vectors of a text file of GloVe, word2vec or fastText: data/word_vectors.h."""
    vectors, dim, header = {}, None, None
    for number, line in enumerate(read_text(path).split("\n"), 1):
        line = line.rstrip(" \r")
        if dim is None:
            header = re.fullmatch(r"(\d+) (\d+)", line)
            dim = int(header[2]) if header else line.count(" ")
            if dim < 1:
                fail(f"{path}:1: must be a word and its vector, got \"{line[:60]}\"")
            if header:
                continue
        fields = line.rsplit(" ", dim)
        if line and len(fields) != dim + 1:
            fail(f"{path}:{number}: must be a word and {dim} numbers, got {len(fields)} fields")
        if line and fields[0] not in vectors:
            try:
                vectors[fields[0]] = np.array(fields[1:], dtype=np.float32)
            except ValueError:
                fail(f"{path}:{number}: a vector's numbers must be numbers")
            if not np.isfinite(vectors[fields[0]]).all():
                fail(f"{path}:{number}: a vector's numbers must be finite")
    return vectors, dim


class Batches:
    """Batches of ids, padded to their longest text, texts of like length together."""

    def __init__(self, pairs, vocabulary, options, shuffle):
        limit = options.max_length or None
        self.texts = [[[vocabulary.get(t, 1) for t in text[:limit]] for text in pair[:2]]
                      for pair in pairs]
        self.scores = np.array([pair[2] for pair in pairs], dtype=np.float32)
        self.lengths = np.array([[len(a) + len(b), len(a)] for a, b in self.texts])
        self.batch_size, self.shuffle = options.batch_size, shuffle

    def __len__(self):
        return math.ceil(len(self.texts) / self.batch_size)

    def plan(self, generator):
        def by_length(rows):
            return rows[np.lexsort((self.lengths[rows, 1], self.lengths[rows, 0]))]
        size = len(self.texts)
        order = generator.permutation(size) if self.shuffle else np.arange(size)
        window = BUCKET_BATCHES * self.batch_size if self.shuffle else size
        order = np.concatenate([by_length(order[i:i + window]) for i in range(0, size, window)])
        batches = [order[i:i + self.batch_size] for i in range(0, size, self.batch_size)]
        return [batches[i] for i in generator.permutation(len(batches))] if self.shuffle else batches

    def padded(self, rows, side):
        ids = np.zeros((len(rows), max(len(self.texts[r][side]) for r in rows)), dtype=np.int64)
        for i, r in enumerate(rows):
            ids[i, :len(self.texts[r][side])] = self.texts[r][side]
        return torch.from_numpy(ids)

    def batches(self, generator=None):
        for rows in self.plan(generator):
            yield self.padded(rows, 0), self.padded(rows, 1), torch.from_numpy(self.scores[rows])


def make_model(options, vocabulary, vectors):
    def glorot(layer):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(len(vocabulary), options.depth)
            nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
            for word, id in vocabulary.items():
                if word in vectors and id >= len(SPECIAL):
                    self.embedding.weight.data[id] = torch.from_numpy(vectors[word])
            self.embedding.weight.requires_grad_(not options.freeze_vectors)
            self.cnn = glorot(nn.Conv1d(options.depth, options.filters, options.kernel_size))
            limit = math.sqrt(3 / options.filters)
            self.scale = nn.Parameter(torch.empty(options.filters).uniform_(-limit, limit))
            self.hidden = glorot(nn.Linear(2 * options.filters, options.hidden))
            self.score = glorot(nn.Linear(options.hidden, 1))
            self.dropout = nn.Dropout(options.dropout)

        def encode(self, ids):  # (batch, T) -> (batch, T, filters)
            left = (options.kernel_size - 1) // 2
            x = functional.pad(drop(self, self.embedding(ids), 'e').transpose(1, 2),
                               (left, options.kernel_size - 1 - left))
            return self.cnn(x).transpose(1, 2).contiguous()

        def forward(self, first, second):
            q, v = self.encode(first), self.encode(second)
            # In place, and the sum over channels as a product: one tensor less of four axes each.
            scores = (q.unsqueeze(2) + v.unsqueeze(1)).tanh_() @ self.scale  # (batch, Tq, Tv)
            steps = torch.full((len(q), 1), float(q.shape[1]))
            if not options.no_mask:
                q_mask = (first != 0).unsqueeze(2).float()
                steps = q_mask.sum(1)
                scores = scores - 1e9 * (second == 0).unsqueeze(1).float()
            attended = scores.softmax(-1) @ v
            if not options.no_mask:
                q, attended = q * q_mask, attended * q_mask
            x = torch.cat([q.sum(1) / steps, attended.sum(1) / steps], 1)
            x = drop(self, torch.relu(self.hidden(drop(self, x, 'c'))), 'h')
            return torch.sigmoid(self.score(x)).squeeze(1)

    def drop(m, x, where):
        return m.dropout(x) if where in os.environ.get('DROP_AT', 'c') else x
    return Model()


def pearson(target, prediction):
    if target.std() == 0 or prediction.std() == 0:
        return 0.0
    return float(np.corrcoef(target, prediction)[0, 1])


def auc(target, prediction):
    """The area under the ROC curve: Mann and Whitney's statistic, with mean ranks for ties."""
    positive = target > 0.5
    count = int(positive.sum())
    if count in (0, len(target)):
        return 0.0
    _, inverse, times = np.unique(prediction, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[inverse]
    return float((ranks[positive].sum() - count * (count + 1) / 2)
                 / (count * (len(target) - count)))


def evaluate(model, batches, loss_of, graded):
    model.eval()
    with torch.no_grad():
        parts = [(target, model(a, b)) for a, b, target in batches.batches()]
    target, prediction = (torch.cat(column) for column in zip(*parts))
    result = {"loss": float(loss_of(prediction, target))}
    target, prediction = target.double().numpy(), prediction.double().numpy()
    if graded:
        return {**result, "pearson": pearson(target, prediction)}
    accuracy = float(((prediction > 0.5) == target).mean())
    return {**result, "auc": auc(target, prediction), "accuracy": accuracy}


def run(options, seed, train, validation, vocabulary, vectors, graded, report):
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    model = make_model(options, vocabulary, vectors)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=options.learning_rate, eps=1e-7)
    loss_of = functional.mse_loss if graded else functional.binary_cross_entropy
    epochs = []
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
        report("seed {}  ".format(seed) + "  ".join(
            f"{key} {value:.4g}" for key, value in epochs[-1].items()))
    return {"seed": seed, "epochs": epochs}


def parse_options():
    def number(kind, low, high=math.inf):
        def parse(text):
            value = kind(text)
            if not low <= value <= high:
                raise argparse.ArgumentTypeError(f"must be at least {low} and at most {high:g}")
            return value
        parse.__name__ = kind.__name__
        return parse
    parser = argparse.ArgumentParser(
        description="The text-similarity model in PyTorch, to compare kindling with.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False)
    option = parser.add_argument
    option("--data", required=True, metavar="FILE", help="training pairs, CSV or TSV")
    option("--validation", required=True, metavar="FILE", help="pairs to measure with")
    option("--score-max", type=number(float, 1e-9), default=1, help="the score that becomes 1")
    option("--vectors", metavar="FILE", help="start the embedding from these, GloVe's format")
    option("--freeze-vectors", action="store_true", help="do not train the embedding")
    option("--vector-words", action="store_true",
           help="words of --vectors that the training texts lack get an id too")
    option("--epochs", type=number(int, 1), default=3)
    option("--batch-size", type=number(int, 1), default=128)
    option("--depth", type=number(int, 1), default=100, help="of the embedding")
    option("--filters", type=number(int, 1), default=100)
    option("--kernel-size", type=number(int, 1), default=4)
    option("--hidden", type=number(int, 1), default=64, help="units of the hidden layer")
    option("--dropout", type=number(float, 0, 1), default=0, help="before the hidden layer")
    option("--learning-rate", type=number(float, 0), default=1e-3)
    option("--max-tokens", type=number(int, 0), default=20000,
           help="words of the vocabulary with the two special ones, 0: all")
    option("--min-count", type=number(int, 1), default=1, help="rarer words are unknown")
    option("--max-length", type=number(int, 0), default=0, help="words of a text, 0: all")
    option("--no-mask", action="store_true", help="padding takes part, as on Keras's page")
    option("--seed", type=number(int, 0), nargs="+", default=[1], help="one run for each")
    option("--threads", type=number(int, 1), default=2)
    option("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    if options.max_tokens in (1, 2):
        parser.error("--max-tokens must be at least 3, or 0 for no limit")
    if (options.freeze_vectors or options.vector_words) and not options.vectors:
        parser.error("--freeze-vectors and --vector-words need --vectors")
    return options


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)

    def report(line):
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)
    train = read_pairs(options.data, options.score_max)
    validation = read_pairs(options.validation, options.score_max)
    graded = any(score not in (0, 1) for _, _, score in train)
    if not graded and any(score not in (0, 1) for _, _, score in validation):
        fail(f"{options.validation}: scores must be 0 or 1, as those of {options.data}")
    vocabulary = make_vocabulary(train, options.max_tokens, options.min_count)
    vectors, dim = read_vectors(options.vectors) if options.vectors else ({}, options.depth)
    if dim != options.depth:
        fail(f"{options.vectors}: has vectors of {dim} numbers, --depth is {options.depth}")
    if options.vector_words:
        for word in vectors:
            vocabulary.setdefault(word, len(vocabulary))
    found = sum(word in vectors for word in vocabulary)
    report(f"{len(train)} pairs to train on, {len(validation)} to measure with, vocabulary "
           f"{len(vocabulary)}" + (f", {found} with vectors" if vectors else ""))
    data = [Batches(pairs, vocabulary, options, shuffle)
            for pairs, shuffle in ((train, True), (validation, False))]
    runs = [run(options, seed, *data, vocabulary, vectors, graded, report)
            for seed in options.seed]
    metric = "pearson" if graded else "auc"
    final = [each["epochs"][-1][metric] for each in runs]
    best = [max(epoch[metric] for epoch in each["epochs"]) for each in runs]
    seconds = [sum(epoch["seconds"] for epoch in each["epochs"]) for each in runs]
    result = {"metric": metric, metric: float(np.mean(final)), "spread": float(np.std(final)),
              "best": float(np.mean(best)), "best_spread": float(np.std(best)),
              "train_seconds": float(np.mean(seconds)), "pairs": len(validation),
              "vocabulary": len(vocabulary), "torch": torch.__version__,
              "options": vars(options), "runs": runs}
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        print(f"{metric} after the last epoch: mean {result[metric]:.4f}, spread "
              f"{result['spread']:.4f} over {len(runs)} seeds (best epochs: {result['best']:.4f}, "
              f"{result['best_spread']:.4f}); training took {result['train_seconds']:.1f} s a run")


try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError as error:
    fail(f"{error}; on Debian: apt-get install python3-torch python3-numpy, and /usr/bin/python3")

if __name__ == "__main__":
    main()
