#!/usr/bin/python3
"""Makes the files that the fuzzers begin with: tests/fuzz/corpus/NAME/. Needs numpy.

The same files each time, with numpy 1.24.
"""
import io
import json
import pathlib
import struct
import zipfile

import numpy as np

corpus = pathlib.Path(__file__).parent / "corpus"


def save(target, name, content):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        content = content.encode()
    (folder / name).write_bytes(content)


def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(method, arrays):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(name), npy(array), method)
    return buffer.getvalue()


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


save("safetensors", "empty", safetensors({}, b""))
save("safetensors", "three", safetensors(
    {"__metadata__": {"format": "pt"}, "k": entry("F32", [1, 2], 0, 8),
     "i": entry("I32", [], 8, 12), "m": entry("BOOL", [2, 1], 12, 14)},
    np.float32([1, -2]).tobytes() + np.int32(3).tobytes() + b"\1\0"))
save("safetensors", "no_elements", safetensors({"x": entry("F32", [0, 3], 0, 0)}, b""))

for dtype in ["<f2", "<f4", ">f8", "|i1", "<i2", "<i4", "<i8", "|u1", ">u2", "<u4", "<u8", "|b1"]:
    save("npy", dtype.strip("<>|") + ("_big" if dtype[0] == ">" else ""),
         npy(np.array([[1, 0]], dtype)))
save("npy", "fortran", npy(np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3))))
save("npy", "scalar", npy(np.float32(1)))
save("npy", "objects", npy(np.array([None])))
save("npy", "records", npy(np.zeros(1, [("x", "<f4")])))
for version in [2, 3]:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.float32([1, 2]), version=(version, 0))
    save("npy", f"version_{version}", buffer.getvalue())

arrays = {"a.npy": np.float32([1, 2]), "b/c.npy": np.zeros((3, 4), np.int32)}
save("npz", "empty", npz(zipfile.ZIP_STORED, {}))
save("npz", "stored", npz(zipfile.ZIP_STORED, arrays))
save("npz", "deflated", npz(zipfile.ZIP_DEFLATED, arrays))

save("json", "values", '[null, true, false, 0, -1, 1.5, 1e-3, "\\u00e9\\ud83d\\ude00\\n", {}, []]')
save("json", "config", json.dumps(
    {"module": "keras", "class_name": "Functional", "config": {
        "name": "m", "trainable": True, "layers": [
            {"class_name": "Dense", "config": {"units": 3, "activation": "relu"},
             "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {
                 "shape": [None, 2], "dtype": "float32", "keras_history": ["x", 0, 0]}}],
                 "kwargs": {"mask": None}}]}],
        "input_layers": [["x", 0, 0]], "output_layers": ["d", 0, 0]}}))

save("pairs", "plain", "a cat,a dog,1\n")
save("pairs", "quoted", 'a;b;c\n"a ""cat"",\r\nhere";the dog;0.5\r\n')
save("pairs", "header", "one,two,score\na,b,0\n")
save("pairs", "tabs", 'a "cat\tthe dog\t4.5\n')
save("pairs", "line", "a cat\ta dog")

save("word_vectors", "glove", "a 1 2\nb -0.5 1e-3\na b 3 4\n")
save("word_vectors", "fasttext", "2 2\na 1 2 \nb 3 4 \n")
save("word_vectors", "one_number", "1 1\n1 2\n")

save("tokens", "words", "Don't PANIC: it's 42!")
save("tokens", "marks", "Cafe\u0301 CAF\u00c9 a\u0323\u0302 \u1e9e")
save("tokens", "scripts", "\u039f\u0394\u039f\u03a3 \u0130I\u0307 \u6f22\u5b57 \U0001f600\u200d")
