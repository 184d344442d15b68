#!/usr/bin/env python3
"""Compiles a file that includes kindling.h and one that includes libtorch's header, in turns, and
prints the least time, which other programs on the machine disturb least, and the most memory of
each. libtorch (Debian's libtorch-dev) is left out
where it isn't installed."""
import argparse
import os
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TORCH = ["/usr/include/torch/csrc/api/include", "/usr/include"]
PROGRAMS = {
    "kindling": "#include <kindling/kindling.h>\nint main() { return kindling::zeros({1}).rank(); }\n",
    "libtorch": "#include <torch/torch.h>\nint main() { return torch::zeros({1}).dim(); }\n",
}


def compile_once(compiler, source, folders):
    """Seconds of the compiler and the resident memory of its largest process in MB."""
    command = [compiler, "-std=c++20", "-O2", "-c", source, "-o", os.devnull]
    start = time.perf_counter()
    pid = os.posix_spawnp(compiler, command + [f"-I{folder}" for folder in folders], os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"compile_time: {source} does not compile")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT, os.path.join(folder, "kindling"))
        folders = {"kindling": [folder], "libtorch": TORCH}
        if not os.path.exists(os.path.join(TORCH[0], "torch/torch.h")):
            print("libtorch is left out: libtorch-dev is not installed")
            del folders["libtorch"]
        results = {name: [] for name in folders}
        for name in folders:
            with open(os.path.join(folder, name + ".cpp"), "w", encoding="ascii") as file:
                file.write(PROGRAMS[name])
        for _ in range(args.runs):
            for name, include in folders.items():
                source = os.path.join(folder, name + ".cpp")
                results[name].append(compile_once(args.compiler, source, include))
    best = {name: (min(s for s, _ in runs), max(m for _, m in runs))
            for name, runs in results.items()}
    for name, (seconds, memory) in best.items():
        print(f"{name:9} {seconds:6.2f} s  {memory:5.0f} MB")
    if len(best) == 2:
        ours, theirs = best["kindling"], best["libtorch"]
        print(f"libtorch / kindling: time {theirs[0] / ours[0]:.1f}, memory {theirs[1] / ours[1]:.1f}")


if __name__ == "__main__":
    main()
