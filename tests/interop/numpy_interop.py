#!/usr/bin/python3
"""numpy and PyTorch read what kindling writes, and kindling what they write.

    numpy_interop.py build/release/bin/convert_tensors

Needs numpy; without torch, its part is left out, which the output says. Ends with 1 at the first
difference. safetensors files are written and read here by hand, as its documentation says.
"""
import io
import itertools
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

program = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(tempfile.mkdtemp())
random = np.random.default_rng(1)

SHAPES = [(), (1,), (7,), (0,), (3, 5), (2, 0, 3), (2, 3, 4), (2, 1, 3, 1, 2, 2)]
# What each dtype of numpy becomes.
DTYPES = {"f2": "f4", "f4": "f4", "f8": "f4", "i1": "i4", "i2": "i4", "i4": "i4", "i8": "i4",
          "u1": "i4", "u2": "i4", "u4": "i4", "u8": "i4", "b1": "?"}


def convert(source, target):
    done = subprocess.run([program, source, target], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / target


def refused(source, message):
    done = subprocess.run([program, source, "out.npy"], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 1 and done.stderr.strip() == message, (message, done.stderr)


def array(dtype, shape):
    if dtype.endswith("b1"):
        return random.random(shape) < 0.5
    if dtype[-2] == "f":
        return np.asarray(random.normal(size=shape)).astype(dtype)
    limits = np.iinfo(dtype)
    low, high = max(limits.min, -2**31), min(limits.max, 2**31 - 1)
    return np.asarray(random.integers(low, high, shape, endpoint=True)).astype(dtype)


def same(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def npy_bytes(x, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, x, version)
    return buffer.getvalue()


def write_safetensors(path, arrays):
    words = {"f": "F32", "i": "I32", "b": "BOOL"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, x in arrays.items():
        header[name] = {"dtype": words[x.dtype.kind], "shape": x.shape,
                        "data_offsets": [len(data), len(data) + x.nbytes]}
        data += x.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    content = (folder / path).read_bytes()
    size, = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8:8 + size]), content[8 + size:]
    header.pop("__metadata__", None)
    dtypes = {"F32": "<f4", "I32": "<i4", "BOOL": "?"}
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(data[begin:end], dtypes[entry["dtype"]])
        arrays[name] = flat.reshape(entry["shape"])
    return arrays


def check_npy():
    files = 0
    for word, shape, order, end in itertools.product(DTYPES, SHAPES, "CF", "<>"):
        x = array(end + word, shape)
        (folder / "in.npy").write_bytes(npy_bytes(np.array(x, order=order)))
        expected = np.ascontiguousarray(x.astype(DTYPES[word])).reshape(shape)
        out = convert("in.npy", "out.npy")
        assert same(np.load(out), expected), (word, shape, order, end)
        assert out.read_bytes() == npy_bytes(expected), (word, shape, order, end)
        files += 1
    print(f"npy: {files} files of numpy.save ({len(DTYPES)} dtypes, {len(SHAPES)} shapes, orders C "
          f"and F, both orders of bytes) are read; what is written is numpy.save's, byte for byte")
    for version in [(1, 0), (2, 0), (3, 0)]:
        x = array("f4", (3, 5))
        (folder / "in.npy").write_bytes(npy_bytes(x, version))
        assert same(np.load(convert("in.npy", "out.npy")), x)
    print("npy: versions 1.0, 2.0 and 3.0 are read")
    for x in [np.float32([np.inf, -np.inf, np.nan, -0.0, 1e-45]), np.float16([np.inf, 6e-8, -0.0])]:
        np.save(folder / "in.npy", x)
        assert same(np.load(convert("in.npy", "out.npy")), x.astype(np.float32))
    print("npy: infinities, NaN, -0 and subnormal numbers stay")


def check_npz():
    arrays = {f"{word}/{shape} {order}": np.array(array(word, shape), order=order)
              for word, shape, order in itertools.product(DTYPES, SHAPES, "CF")}
    expected = {name: np.ascontiguousarray(x.astype(DTYPES[name[:2]])).reshape(x.shape)
                for name, x in arrays.items()}
    for save in [np.savez, np.savez_compressed]:
        save(folder / "in.npz", **arrays)
        out = convert("in.npz", "out.npz")
        assert zipfile.ZipFile(out).testzip() is None
        loaded = np.load(out)
        assert loaded.files == list(arrays)
        assert all(same(loaded[name], x) for name, x in expected.items())
        print(f"npz: {len(arrays)} arrays of numpy.{save.__name__} are read, and numpy.load reads "
              "them again")
    np.savez(folder / "in.npz")
    assert np.load(convert("in.npz", "out.npz")).files == []
    print("npz: a file without arrays is read and written")


def check_refusals():
    np.save(folder / "wide.npy", np.array([0, 2**31]))
    refused("wide.npy", "wide.npy: element 1 is 2147483648, int32 is in [-2147483648, 2147483647]")
    np.save(folder / "objects.npy", np.array([None, "x"]))
    refused("objects.npy",
            "objects.npy: holds Python objects (|O), which are not read; numbers are needed")
    np.save(folder / "complex.npy", np.array([1j]))
    refused("complex.npy", 'complex.npy: dtype "<c16" is not supported, one of f2, f4, f8, i1, i2, '
            "i4, i8, u1, u2, u4, u8, b1 is needed")
    print("refused by name: an int64 that does not fit, objects, complex numbers")


def check_safetensors():
    arrays = {f"{word} {shape}": array(word, shape)
              for word, shape in itertools.product(["f4", "i4", "b1"], SHAPES)}
    write_safetensors("in.safetensors", arrays)
    loaded = np.load(convert("in.safetensors", "out.npz"))
    back = read_safetensors(convert("out.npz", "out.safetensors"))
    assert all(same(loaded[name], x) and same(back[name], x) for name, x in arrays.items())
    print(f"safetensors: {len(arrays)} arrays go to npz and back as they were")


def check_torch():
    try:
        import torch
    except ImportError:
        print("PyTorch: is not here, left out")
        return
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    state = {name: x.numpy() for name, x in model.state_dict().items()}
    state["steps"] = torch.arange(3).numpy()  # int64
    state["mask"] = (torch.rand(2, 3) < 0.5).numpy()
    state["half"] = torch.randn(3, 2).half().numpy()
    state["transposed"] = torch.randn(3, 2).t().numpy()
    np.savez(folder / "torch.npz", **state)
    kinds = {"f": "f4", "i": "i4", "b": "?"}
    expected = {name: x.astype(kinds[x.dtype.kind]) for name, x in state.items()}
    through_npz = {name: x for name, x in np.load(convert("torch.npz", "back.npz")).items()}
    through_safetensors = read_safetensors(convert("torch.npz", "back.safetensors"))
    x = torch.randn(7, 5)
    for back in [through_npz, through_safetensors]:
        assert back.keys() == expected.keys()
        for name in expected:
            assert torch.equal(torch.from_numpy(back[name].copy()),
                               torch.from_numpy(expected[name].copy())), name
        other = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        other.load_state_dict({name: torch.from_numpy(back[name].copy())
                               for name in model.state_dict()})
        assert torch.equal(model(x), other(x))
    print(f"PyTorch {torch.__version__}: {len(state)} tensors, of five dtypes and one transposed, "
          "come back through npz and through safetensors; a model with the weights that came back "
          "computes the same bits")


print(f"numpy {np.__version__}")
check_npy()
check_npz()
check_refusals()
check_safetensors()
check_torch()
print("all as it should be")
