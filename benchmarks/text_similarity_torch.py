#!/usr/bin/python3
"""The text-similarity model of examples/text_similarity in PyTorch, to compare kindling with.

Same tokens, vocabulary, batches, model, initial distributions, loss, optimizer and names of options;
the random numbers differ, and a few defaults (--dropout, --min-count and --learning-rate are 0, 2 and
1e-3 here). It needs PyTorch 1.13 or later and NumPy: on Debian 12
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

Settings to be fair in speed: threads that don't spin (25 times slower on two cores if another
program runs), and memory that isn't returned to the system after every step:

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
            is_number = re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", score, re.IGNORECASE)
            if line == 1 and not is_number and score[:1] not in "+-.0123456789":
                continue  # a header
            if not is_number or not 0 <= float(score) <= score_max:
                fail(f"{path}:{line}: the score must be a number in [0, {score_max:g}] "
                     f"(--score-max), got \"{score}\"")
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
    return {word: id for id, word in enumerate((SPECIAL + words)[:max_tokens or None])}


def read_vectors(path):
    """Words to vectors, and their dimension: data/word_vectors.h."""
    lines, vectors = read_text(path).split("\n"), {}
    counts = re.fullmatch(r"\d+ (\d+) *\r?", lines[0])  # word2vec begins with them
    dim = int(counts[1]) if counts else lines[0].rstrip(" \r").count(" ")
    for number, line in enumerate(lines, 1):
        if number == 1 and counts or not line.rstrip(" \r"):
            continue
        word, *numbers = line.rstrip(" \r").rsplit(" ", dim)
        try:
            vectors.setdefault(word, np.array(numbers, dtype=np.float32))
        except ValueError:
            numbers = []
        if not dim or len(numbers) != dim or not np.isfinite(vectors[word]).all():
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
            first, second = (nn.utils.rnn.pad_sequence(side, batch_first=True) for side in sides)
            yield first, second, torch.from_numpy(self.scores[rows])


class Model(nn.Module):
    def __init__(self, options, vocabulary, vectors):
        super().__init__()
        self.embedding = nn.Embedding(len(vocabulary), options.depth)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        for word in vocabulary.keys() & vectors.keys() - set(SPECIAL):
            self.embedding.weight.data[vocabulary[word]] = torch.from_numpy(vectors[word])
        self.embedding.weight.requires_grad_(not options.freeze_vectors)
        self.cnn = nn.Conv1d(options.depth, options.filters, options.kernel_size)
        left = (options.kernel_size - 1) // 2
        self.padding = (left, options.kernel_size - 1 - left)
        self.scale = nn.Parameter((torch.rand(options.filters) * 2 - 1)
                                  * math.sqrt(3 / options.filters))
        self.hidden = nn.Linear(2 * options.filters, options.hidden)
        self.score = nn.Linear(options.hidden, 1)
        self.dropout, self.no_mask = nn.Dropout(options.dropout), options.no_mask
        for layer in (self.cnn, self.hidden, self.score):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def encode(self, ids):  # (batch, steps) -> (batch, steps, filters)
        x = self.dropout(self.embedding(ids)).transpose(1, 2)
        return self.cnn(functional.pad(x, self.padding)).transpose(1, 2).contiguous()

    def forward(self, first, second):
        q, v = self.encode(first), self.encode(second)
        # The tanh in place and the sum over channels as a product: fewer tensors of four axes.
        scores = (q.unsqueeze(2) + v.unsqueeze(1)).tanh_() @ self.scale  # (batch, Tq, Tv)
        q_mask, v_mask = (((ids != 0) | self.no_mask).unsqueeze(2).float()
                          for ids in (first, second))
        attended = (scores - 1e9 * (1 - v_mask).transpose(1, 2)).softmax(-1) @ v
        means = [(x * q_mask).sum(1) / q_mask.sum(1) for x in (q, attended)]
        hidden = torch.relu(self.hidden(self.dropout(torch.cat(means, 1))))
        return torch.sigmoid(self.score(hidden)).squeeze(1)


def auc(target, prediction):
    """How many of the pairs of a 1 and a 0 are in order, ties half."""
    ones, zeros = prediction[target > 0.5], np.sort(prediction[target <= 0.5])
    below = sum(np.searchsorted(zeros, ones, side).sum() for side in ("left", "right")) / 2
    return below / (len(ones) * len(zeros)) if len(ones) and len(zeros) else 0.0


def evaluate(model, batches, loss_of, graded):
    model.eval()
    with torch.no_grad():
        parts = [(target, model(first, second)) for first, second, target in batches.batches()]
    target, prediction = (torch.cat(column) for column in zip(*parts))
    loss = float(loss_of(prediction, target))
    target, prediction = target.double().numpy(), prediction.double().numpy()
    if graded:
        with np.errstate(invalid="ignore"):  # of equal numbers: 0
            return {"loss": loss, "pearson": np.nan_to_num(np.corrcoef(target, prediction))[0, 1]}
    return {"loss": loss, "auc": auc(target, prediction),
            "accuracy": np.mean((prediction > 0.5) == (target > 0.5))}


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
            total += loss.item() * len(target) / len(train.texts)
        epochs.append({"epoch": epoch, "seconds": time.perf_counter() - start, "train_loss": total,
                       **evaluate(model, validation, loss_of, graded)})
        report(f"seed {seed}  " + "  ".join(f"{k} {v:.4g}" for k, v in epochs[-1].items()))
    return {"seed": seed, "epochs": epochs}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False,
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    option = parser.add_argument
    for name in ("--data", "--validation"):
        option(name, required=True, metavar="FILE", help="pairs, CSV or TSV")
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


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    report = functools.partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)
    train = read_pairs(options.data, options.score_max)
    validation = read_pairs(options.validation, options.score_max)
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
    scores = [[epoch[metric] for epoch in each["epochs"]] for each in runs]
    last, best = ({"mean": np.mean(values), "std": np.std(values, ddof=min(1, len(runs) - 1))}
                  for values in ([each[-1] for each in scores], [max(each) for each in scores]))
    seconds = sum(epoch["seconds"] for each in runs for epoch in each["epochs"]) / len(runs)
    report(f"{metric} of the last epoch {last['mean']:.4f} +- {last['std']:.4f}, of the best "
           f"{best['mean']:.4f} +- {best['std']:.4f} ({len(runs)} seeds), {seconds:.1f} s a run")
    if options.json:
        print(json.dumps({metric: last["mean"], "last": last, "best": best, "runs": runs,
                          "train_seconds": seconds, "pairs": len(validation),
                          "torch": torch.__version__, "options": vars(options)}, indent=2))


if __name__ == "__main__":
    main()
