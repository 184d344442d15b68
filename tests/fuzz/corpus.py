#!/usr/bin/python3
"""Makes the files that the fuzzers begin with: tests/fuzz/corpus/NAME/. Needs numpy and h5py.

The same files each time, with numpy 1.24.
"""
import io
import json
import pathlib
import struct
import zipfile

import h5py
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

# Configs of Keras's: those of tests/keras without what goes without saying, and all that they lack.
UNSAID = {"module", "registered_name", "build_config", "compile_config", "dtype",
          "kernel_initializer", "bias_initializer", "recurrent_initializer",
          "embeddings_initializer"}


def said(value):
    if isinstance(value, dict):
        return {k: said(v) for k, v in value.items() if k not in UNSAID and v is not None}
    return [said(v) for v in value] if isinstance(value, list) else value


def layer(class_name, name, *inputs, call=None, **options):
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [x, 0, 0]}}
               for x in inputs]
    calls = [{"args": tensors[:1] if len(tensors) == 1 else [tensors], "kwargs": call or {}}]
    return {"class_name": class_name, "name": name, "config": {"name": name, **options},
            "inbound_nodes": calls if inputs else []}


def functional(name, *layers):
    return {"class_name": "Functional", "name": name, "config": {
        "name": name, "layers": [layer("InputLayer", "x", batch_shape=[None, 4, 4]), *layers],
        "input_layers": ["x", 0, 0], "output_layers": [[layers[-1]["name"], 0, 0]]}}


def save_config(name, config):
    save("keras_config", name, json.dumps(config, separators=(",", ":")))


for path in sorted((corpus.parent.parent / "keras").glob("*.keras")):
    save_config(path.stem, said(json.loads(zipfile.ZipFile(path).read("config.json"))))
inner = functional("f", layer("Dense", "d", "x", units=4))
inner["inbound_nodes"] = layer("", "", "x")["inbound_nodes"]
save_config("nested", functional("m", inner, layer("Add", "a", "f", "x")))
save_config("wrapped", functional(
    "m", layer("Bidirectional", "b", "x", merge_mode="sum", layer=layer(
        "LSTM", "l", units=2, return_sequences=True)),
    layer("TimeDistributed", "t", "b", layer=layer("Dense", "d", units=1))))
save_config("masked", functional(
    "m", layer("Masking", "k", "x", mask_value=0), layer("GRU", "g", "k", units=2),
    layer("NotEqual", "n", "g"), layer("Activation", "s", "g", activation="softmax")))
# Read, but not written: Keras keeps no call that is always training.
save_config("in_training", functional(
    "m", layer("Dropout", "d", "x", call={"training": True}, rate=0.5)))
save_config("images", functional(
    "m", layer("Reshape", "r", "x", target_shape=[4, 4, 1]),
    layer("Conv2D", "c", "r", filters=2, kernel_size=[2, 2], padding="same", activation="relu"),
    layer("BatchNormalization", "n", "c"), layer("MaxPooling2D", "p", "n", pool_size=2),
    layer("ZeroPadding2D", "z", "p", padding=[[1, 0], [0, 1]]), layer("Flatten", "f", "z"),
    layer("Dropout", "d", "f", rate=0.5)))
save_config("sequential", {"class_name": "Sequential", "config": {"name": "s", "layers": [
    layer("InputLayer", "x", batch_shape=[None, 4]),
    layer("Dense", "d", units=2, activation={"class_name": "function", "config": "relu"}, dtype={
        "class_name": "DTypePolicy", "config": {"name": "float32"}}, kernel_initializer={
            "class_name": "Constant", "config": {"value": 1}}, kernel_regularizer={
                "class_name": "L2", "config": {"l2": 0.1}})]}})
save_config("keras_2", {"class_name": "Functional", "config": {
    "name": "m", "layers": [
        {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
         "config": {"name": "x", "batch_input_shape": [None, 4], "dtype": "float32"}},
        {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2},
         "inbound_nodes": [[["x", 0, 0, {}]]]}],
    "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}})


# HDF5 files, in the layout that h5py chooses and in the newer one.
for version in ["earliest", "latest"]:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=version) as file:
        group = file.create_group("a/vars")
        group.attrs["name"] = "a"
        group.attrs["n"] = 3
        file.attrs["layer_names"] = ["a", "b"]
        group["0"] = np.float32([[1, 2]])
        group["1"] = np.array([True])
    save("keras_hdf5", version, buffer.getvalue())
buffer = io.BytesIO()
with h5py.File(buffer, "w") as file:
    file.create_dataset("c", data=np.arange(9, dtype="f8"), chunks=(4,), compression="gzip",
                        shuffle=True, fletcher32=True)
save("keras_hdf5", "chunks", buffer.getvalue())


# Whole models of Keras 2's.
def dense(name, units, **more):
    return {"class_name": "Dense", "config": {"name": name, "units": units, **more}}


def save_legacy(name, config, layers, parts=False):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = np.bytes_("2.11.0")
        file.attrs["model_config"] = np.bytes_(json.dumps(config, separators=(",", ":")))
        group = file.create_group("model_weights")
        names = [layer.encode() for layer in layers]
        for i, part in enumerate(names if parts else []):
            group.attrs[f"layer_names{i}"] = [part]
        if not parts:
            group.attrs["layer_names"] = names
        for layer, weights in layers.items():
            inside = group.create_group(layer)
            inside.attrs["weight_names"] = [key.encode() for key in weights]
            for key, value in weights.items():
                inside[key] = value
    save("keras_legacy", name, buffer.getvalue())


weights = {"k": {"k:0": np.zeros((2, 1), "f4"), "b:0": np.zeros(1, "f4")}}
chain = {"class_name": "Sequential", "config": {"name": "s", "layers": [
    dense("k", 1, batch_input_shape=[None, 2])]}}
save_legacy("chain", chain, weights)
save_legacy("parts", {"class_name": "Functional", "config": {
    "name": "m", "layers": [
        {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
         "config": {"name": "x", "batch_input_shape": [None, 2], "dtype": "float32"}},
        {**dense("k", 1), "name": "k", "inbound_nodes": [[["x", 0, 0, {}]]]}],
    "input_layers": [["x", 0, 0]], "output_layers": [["k", 0, 0]]}}, {"x": {}, **weights}, True)
