#!/usr/bin/env python3
"""Runs the documented model, from the same weights, in kindling and in its peers, in turns, and
writes the medians to docs/performance.md. A peer that isn't installed is left out, by name.

    apt-get install libbenchmark-dev python3-torch libtorch-dev nodejs
    npm install --ignore-scripts onnxruntime-node     # into ./node_modules
    cmake --preset release -DKINDLING_BENCHMARKS=ON && cmake --build --preset release
    benchmarks/compare.py --python /usr/bin/python3 [--node-modules FOLDER]"""
import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(ROOT, "benchmarks", "peers")
SHAPES = ["32x32", "64x64", "16x256"]
ATTENTION = ["32x128", "8x512"]
LIBTORCH = ["-I/usr/include/torch/csrc/api/include", "-ltorch", "-ltorch_cpu", "-lc10"]
# Two pools of threads that spin would fight for the cores; one arena that keeps what is freed
# spares the tuned form most page faults.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}
TUNED = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "4000000000",
         "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "268435456"}


def run(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, **ENVIRONMENT, **(environment or {})})
    if done.returncode != 0:
        raise SystemExit(f"compare: {' '.join(command)}\n{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def openblas_kernels(of):
    """OpenBLAS takes those for this make of processor, or, for None, the ones it finds best."""
    before = os.environ.pop("OPENBLAS_CORETYPE", None)
    if of is not None:
        os.environ["OPENBLAS_CORETYPE"] = of
    try:
        yield
    finally:
        os.environ.pop("OPENBLAS_CORETYPE", None)
        if before is not None:
            os.environ["OPENBLAS_CORETYPE"] = before


def works(command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class Peers:
    """What can be run here: name -> (shape -> {"train_ms", "infer_ms", ...})."""

    def __init__(self, args, folder):
        self.args, self.folder, self.missing, self.all = args, folder, [], {}
        self.step = os.path.join(args.build, "bin", "train_step")
        run([self.step, "--export", folder])
        self.all["kindling"] = self.kindling
        torch = [args.python, os.path.join(PEERS, "torch_step.py")]
        if works([args.python, "-c", "import torch"]):
            for form in ["eager", "script", "tuned"]:
                self.all[f"PyTorch, {form}"] = self.python(torch, form)
        else:
            self.missing.append("PyTorch (python3-torch)")
        self.add_libtorch()
        self.add_onnx(torch)

    def inputs(self, shape):
        return os.path.join(self.folder, shape + ".safetensors")

    def common(self, threads=None):
        return ["--threads", str(threads or self.args.threads), "--seconds",
                str(self.args.seconds)]

    def step_of(self, shape, threads=None):
        return json.loads(run([self.step, "--json", "--shape", shape, *self.common(threads)]))

    def kindling(self, shape):
        return self.step_of(shape)["results"][0]

    def python(self, torch, form):
        extra = TUNED if form == "tuned" else {}
        return lambda shape: json.loads(
            run([*torch, self.inputs(shape), "--form", form, *self.common()], extra))

    def add_libtorch(self):
        program = os.path.join(self.folder, "libtorch_step")
        source = os.path.join(PEERS, "libtorch_step.cpp")
        if not os.path.exists("/usr/include/torch/csrc/api/include/torch/torch.h"):
            self.missing.append("libtorch (libtorch-dev)")
            return
        print("building the libtorch program", file=sys.stderr)
        run(["g++", "-std=c++17", "-O2", source, "-o", program, *LIBTORCH])
        self.all["libtorch"] = lambda shape: json.loads(
            run([program, self.inputs(shape), str(self.args.threads), str(self.args.seconds)]))

    def add_onnx(self, torch):
        node = {"NODE_PATH": self.args.node_modules}
        found = os.path.exists(os.path.join(self.args.node_modules, "onnxruntime-node"))
        if not found or "PyTorch, eager" not in self.all or not works(["node", "--version"]):
            self.missing.append("ONNX Runtime (npm's onnxruntime-node, and PyTorch to export)")
            return
        for shape in SHAPES:
            run([*torch, self.inputs(shape), "--onnx", os.path.join(self.folder, shape + ".onnx")])
        self.all["ONNX Runtime"] = lambda shape: json.loads(
            run(["node", os.path.join(PEERS, "onnx_step.js"),
                 os.path.join(self.folder, shape + ".onnx"), self.inputs(shape),
                 str(self.args.threads), str(self.args.seconds)], node))


def attention(peers, args):
    """Milliseconds of the attention operation alone, by peer and shape: medians."""
    def kindling(shape):
        batch, steps = shape.split("x")
        name = f"additive_attention/batch:{batch}/steps:{steps}/threads:{args.threads}/back:1/"
        return kernels(args, f"^{name}")[0][0]["real_time"]

    def torch(form):
        script = [args.python, os.path.join(PEERS, "torch_step.py"), "--form", form]
        return lambda shape: json.loads(
            run([*script, "--attention", shape, *peers.common()],
                TUNED if form == "tuned" else {}))["attention_ms"]

    measures = {"kindling": kindling}
    for form in ["eager", "tuned"]:
        if f"PyTorch, {form}" in peers.all:
            measures[f"PyTorch, {form}"] = torch(form)
    results = {}
    for shape in ATTENTION:
        runs = {name: [] for name in measures}
        for _ in range(args.rounds):
            for name, measure in measures.items():
                print("attention", shape, name, file=sys.stderr)
                runs[name].append(measure(shape))
        results.update({(name, shape): statistics.median(each) for name, each in runs.items()})
    return results


def kernels(args, pattern):
    """What Google Benchmark says of the kernels whose names match, and the peak of memory in MB."""
    command = [os.path.join(args.build, "bin", "kernels"), f"--benchmark_filter={pattern}",
               "--benchmark_format=json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"compare: {' '.join(command)}: status {status}")
    return json.loads(out)["benchmarks"], usage.ru_maxrss / 1024


def scaling(args):
    """Attention there and back on one core: time a pair and channel, by the sequences' length."""
    rows = {}
    runs = [kernels(args, "additive_attention/.*threads:1/back:1/|elementwise/division")[0]
            for _ in range(args.rounds)]
    for each in zip(*runs):
        name, key = each[0]["name"], "time/element"
        if name.startswith("additive"):
            batch, steps = (int(part.split(":")[1]) for part in name.split("/")[1:3])
            name, key = (batch, steps), "time/pair_channel"
        rows[name] = min(run[key] for run in each) * 1e9
    _, peak = kernels(args, "additive_attention/batch:1/steps:8192/")
    division = rows.pop("elementwise/division")
    shapes = sorted(rows, key=lambda shape: (shape[1], shape[0]))
    least = "one run" if args.rounds == 1 else f"the least of {args.rounds} runs"
    return f"""| attention on one core, batch x steps | {" | ".join(f"{b}x{t}" for b, t in shapes)} |
{"|---" * (len(shapes) + 1)}|
| ns a pair and channel, there and back | {" | ".join(f"{rows[s]:.2f}" for s in shapes)} |

Depth 100, {least}; a vector division took {division:.3f} ns an element then, too. With
1x8192 alone the program had a peak of {peak:.0f} MB (`/usr/bin/time -v
build/release/bin/kernels --benchmark_filter=additive_attention/batch:1/steps:8192/`)."""


def row(title, cells):
    return f"| {title} | {' | '.join(cells)} |"


def head(title, columns):
    return [row(title, columns), "|---" * (1 + len(columns)) + "|"]


def attention_table(results):
    lines = head("attention alone, forward and backward", ATTENTION)
    for name in dict.fromkeys(name for name, _ in results):
        cells = [f"{results[name, shape]:.1f} ms" +
                 ("" if name == "kindling" else
                  f" ({results[name, shape] / results['kindling', shape]:.0f}x)")
                 for shape in ATTENTION]
        lines.append(row(name, cells))
    return "\n".join(lines)


def medians(measures, rounds):
    results = {}
    for shape in SHAPES:
        runs = {name: [] for name in measures}
        for _ in range(rounds):
            for name, measure in measures.items():
                print(shape, name, file=sys.stderr)
                runs[name].append(measure(shape))
        for name, each in runs.items():
            keys = set().union(*each)
            results[shape, name] = {key: statistics.median(r[key] for r in each) for key in keys
                                    if key != "shape"}
            if results[shape, name].get("difference", 0) > 1e-5:
                raise SystemExit(f"compare: {name} predicts something else at {shape}")
    return results


def table(results, key, title):
    lines = head(title, SHAPES)
    for name in dict.fromkeys(name for _, name in results):
        cells = []
        for shape in SHAPES:
            ours, theirs = results[shape, "kindling"][key], results[shape, name].get(key)
            ratio = "" if name == "kindling" or theirs is None else f" ({theirs / ours:.1f}x)"
            cells.append("" if theirs is None else f"{theirs:.1f} ms{ratio}")
        if any(cells):
            lines.append(row(name, cells))
    return "\n".join(lines)


def on_one_thread(peers, rounds):
    """By shape: a step's share of the limit and its time; and whose kernels OpenBLAS took."""
    runs = {shape: [peers.step_of(shape, threads=1) for _ in range(rounds)]
            for shape in SHAPES}
    medians_of = {shape: {key: statistics.median(r["results"][0][key] for r in runs[shape])
                          for key in ["fraction_of_limit", "train_ms"]} for shape in SHAPES}
    return medians_of, runs[SHAPES[0]][0]["openblas"]


def of_limit(results, single, threads):
    """A table's head and its rows on the share of the limit and on threads."""
    ours = {shape: results[shape, "kindling"] for shape in SHAPES}
    share = "training step's share of the machine's limit (`benchmarks/machine_limit.h`)"
    times = f"a step on one thread, times as long as on {threads}"
    return "\n".join([
        *head("kindling", SHAPES),
        row(share, (f"{ours[shape]['fraction_of_limit']:.2f}" for shape in SHAPES)),
        row("the same on one thread",
            (f"{single[shape]['fraction_of_limit']:.2f}" for shape in SHAPES)),
        row(times, (f"{single[shape]['train_ms'] / ours[shape]['train_ms']:.2f}"
                    for shape in SHAPES))])


def held(peers, kernel, args):
    """Kindling beside the fastest peers once more, without OpenBLAS's use of AVX-512, if it has any."""
    of = "Haswell"
    with openblas_kernels(of):
        if kernel == of or peers.step_of(SHAPES[0])["openblas"] != of:
            return ""
        measures = {name: peers.all[name] for name in ["kindling", "PyTorch, tuned", "ONNX Runtime"]
                    if name in peers.all}
        results = medians(measures, args.rounds)
        single, _ = on_one_thread(peers, args.rounds)
    return f"""With OpenBLAS held to its kernels for {of} (`OPENBLAS_CORETYPE={of}`); the limit, too, is that
of their rate:

{table(results, "train_ms", "training step")}

{table(results, "infer_ms", "prediction")}

{of_limit(results, single, args.threads)}"""


def machine(args, peers):
    """The processor, its widest vectors, and the versions of the peers."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        about = dict(re.findall(r"^(.*?)\s*: (.*)$", file.read(), re.MULTILINE))
    model = about.get("model name", "an unknown processor")
    flags = about.get("flags", "").split()
    vectors = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2"))
                    if flag in flags), None)
    if vectors:
        model += f" with {vectors}"
    versions = []
    if "PyTorch, eager" in peers.all:
        version = run([args.python, "-c", "import torch; print(torch.__version__)"]).strip()
        versions.append(f"PyTorch {version}")
    if "ONNX Runtime" in peers.all:
        package = os.path.join(args.node_modules, "onnxruntime-node", "package.json")
        with open(package, encoding="utf-8") as file:
            versions.append(f"ONNX Runtime {json.load(file)['version']}")
    return ", ".join([model, *versions])


def page(peers, results, alone, lengths, single, kernel, slower, args):
    rounds = "One round" if args.rounds == 1 else f"Medians of {args.rounds} rounds in turns"
    memory = (f"{results[shape, 'kindling']['peak_mb']:.0f} MB" for shape in SHAPES)
    faults = (f"{results[shape, 'kindling']['page_faults']:.1f}" for shape in SHAPES)
    left_out = ("Left out, because not installed: " + ", ".join(peers.missing) + ".\n\n"
                if peers.missing else "")
    return f"""# Performance

The documented model (vocabulary 20,000, depth 128, filters 100, kernel 4, Dense 64 and 1), batch x
steps, {args.threads} threads, from the same weights, with random ids; Adam and binary cross-entropy in
training steps. Kindling goes through 16 batches, its peers repeat the first, for which all predict
the same within 1e-5. {rounds}; in brackets, how many times as long as
kindling's. Written by `benchmarks/compare.py` on
{machine(args, peers)}.

{table(results, "train_ms", "training step")}

{table(results, "infer_ms", "prediction")}

{attention_table(alone)}

{lengths}

{of_limit(results, single, args.threads)}
{row("peak memory of the whole program", memory)}
{row("page faults a training step", faults)}

The limit counts a division a pair, of which kindling's attention takes half, and all products of the
convolution's definition, of which its Winograd form takes half (`tensor/kernels/winograd.h`), so that
a share may be above 1; of the embedding's table only the rows that a step looks up, though Adam as
Keras defines it moves all. Kindling's Adam has the same result without going through the whole table
at each step (`optim/deferred_rows.h`); PyTorch's goes through it.

{left_out}PyTorch "tuned" keeps the 4-D tensor once and changes it in place, with one allocator arena
that gives nothing back (`benchmarks/peers/torch_step.py`). All of PyTorch ran with
`OMP_WAIT_POLICY=passive`, which helps it on few cores. OpenBLAS, kindling's and PyTorch's, took
its kernels for {kernel}.

{slower}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--python", default="python3", help="one that has torch")
    parser.add_argument("--node-modules", default=os.path.join(ROOT, "node_modules"))
    parser.add_argument("--threads", type=int, choices=[1, 2], default=2)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "performance.md"))
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds is at least 1")
    if not os.path.exists(os.path.join(args.build, "bin", "train_step")):
        parser.error(f"{args.build} has no bin/train_step: build with -DKINDLING_BENCHMARKS=ON")
    if not works([args.python, "--version"]):
        parser.error(f"--python: {args.python} does not run")
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(args, folder)
        with openblas_kernels(None):
            results = medians(peers.all, args.rounds)
            alone = attention(peers, args)
            lengths = scaling(args)
            single, kernel = on_one_thread(peers, args.rounds)
        slower = held(peers, kernel, args)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(page(peers, results, alone, lengths, single, kernel, slower, args))
    print(open(args.output, encoding="utf-8").read())


if __name__ == "__main__":
    main()
