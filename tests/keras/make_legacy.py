#!/usr/bin/python3
"""Writes legacy_*.h5 beside itself: whole models as Keras saved them, with inputs and outputs.

    make_legacy.py

Written by hand with h5py, in the layout of Keras's save_model_to_hdf5 (Keras 2.11, and 3.16 for
the siamese model): attributes keras_version, backend, model_config and training_config;
model_weights with layer_names, and each layer's weight_names. The outputs are computed here with
numpy. Needs h5py and numpy.
"""
import json
import pathlib
import struct

import h5py
import numpy as np

here = pathlib.Path(__file__).parent
random = np.random.default_rng(5)


def weight(*shape):
    return random.normal(0, 0.5, shape).astype("f4")


def write_io(name, **tensors):
    """safetensors: a header of JSON, then the elements."""
    header, data = {}, b""
    for key, value in tensors.items():
        key, value = key.replace("_", "."), np.ascontiguousarray(value)
        kind = {"float32": "F32", "int32": "I32"}[str(value.dtype)]
        header[key] = {"dtype": kind, "shape": value.shape,
                       "data_offsets": [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (here / f"{name}.io.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_model(name, config, layers, version="2.11.0"):
    with h5py.File(here / f"{name}.h5", "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["training_config"] = json.dumps({"loss": "mse", "optimizer_config": {}})
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [layer.encode() for layer in layers]
        group.attrs["backend"] = "tensorflow"
        group.attrs["keras_version"] = version
        for layer, weights in layers.items():
            g = group.create_group(layer)
            g.attrs["weight_names"] = [key.encode() for key in weights]
            for key, value in weights.items():
                g.create_dataset(key, data=value)
        group.create_group("top_level_model_weights").attrs["weight_names"] = []


def initializer(name, **config):
    return {"class_name": name, "config": config}


def layer(class_name, name, **config):
    return {"class_name": class_name, "config": {"name": name, "trainable": True,
                                                 "dtype": "float32", **config}}


def dense(name, units, activation, **more):
    return layer("Dense", name, units=units, activation=activation, use_bias=True,
                 kernel_initializer=initializer("GlorotUniform", seed=None),
                 bias_initializer=initializer("Zeros"), kernel_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, **more)


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def functional():
    """A shared embedding on inputs of float32, as Keras 2 made them, and a model in the model."""
    table, kernel, bias = weight(11, 3), weight(2, 3, 4), weight(4)
    k1, b1, k2, b2 = weight(8, 5), weight(5), weight(5, 1), weight(1)

    def called(entry, *nodes):
        return {**entry, "name": entry["config"]["name"], "inbound_nodes": list(nodes)}

    def inputs(name):
        return {"class_name": "InputLayer", "name": name, "inbound_nodes": [],
                "config": {"batch_input_shape": [None, None], "dtype": "float32",
                           "sparse": False, "ragged": False, "name": name}}

    def of(*names, call=0):
        return [[name, call, 0, {}] for name in names]

    embedding = layer("Embedding", "words", batch_input_shape=[None, None], input_dim=11,
                      output_dim=3, embeddings_regularizer=None, activity_regularizer=None,
                      embeddings_initializer=initializer("RandomUniform", minval=-0.05,
                                                         maxval=0.05, seed=None),
                      embeddings_constraint=None, mask_zero=False, input_length=None)
    conv = layer("Conv1D", "conv", filters=4, kernel_size=[2], strides=[1], padding="same",
                 data_format="channels_last", dilation_rate=[1], groups=1, activation="relu",
                 use_bias=True, kernel_initializer=initializer("GlorotUniform", seed=None),
                 bias_initializer=initializer("Zeros"), kernel_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None)
    pool = layer("GlobalMaxPooling1D", "pool", data_format="channels_last", keepdims=False)
    head = {"class_name": "Sequential", "config": {"name": "head", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8],
                                                "dtype": "float32", "sparse": False,
                                                "ragged": False, "name": "head_input"}},
        dense("hidden", 5, "relu", batch_input_shape=[None, 8]), dense("score", 1, "sigmoid")]}}
    config = {"class_name": "Functional", "config": {
        "name": "model", "trainable": True, "layers": [
            inputs("left"), inputs("right"),
            called(embedding, of("left"), of("right")),
            called(conv, of("words"), of("words", call=1)),
            called(pool, of("conv"), of("conv", call=1)),
            called(layer("Concatenate", "both", axis=-1),
                   [["pool", 0, 0, {}], ["pool", 1, 0, {}]]),
            called(layer("Dropout", "dropout", rate=0.5, noise_shape=None, seed=None),
                   [["both", 0, 0, {"training": False}]]),
            # Keras 2 counts a call of the inner model's own before this one.
            called(head, of("dropout"))],
        "input_layers": [["left", 0, 0], ["right", 0, 0]], "output_layers": [["head", 1, 0]]}}
    write_model("legacy_functional", config, {
        "left": {}, "right": {}, "words": {"words/embeddings:0": table},
        "conv": {"conv/kernel:0": kernel, "conv/bias:0": bias}, "pool": {}, "both": {},
        "dropout": {},
        "head": {"hidden/kernel:0": k1, "hidden/bias:0": b1, "score/kernel:0": k2,
                 "score/bias:0": b2}})

    def encoded(ids):
        x = np.pad(table[ids], ((0, 0), (0, 1), (0, 0)))  # same: (2 - 1) / 2 = 0 on the left
        y = sum(x[:, t:t + ids.shape[1]] @ kernel[t] for t in range(2)) + bias
        return relu(y).max(axis=1)

    left, right = (random.integers(0, 11, (3, n)).astype("i4") for n in (6, 4))
    x = np.concatenate([encoded(left), encoded(right)], axis=-1)
    write_io("legacy_functional", input_0=left, input_1=right,
             output_0=sigmoid(relu(x @ k1 + b1) @ k2 + b2).astype("f4"))


def sequential():
    """A Sequential whose first layer says what its input is, and a wrapped recurrent layer."""
    units, wide = 2, 3
    parts = [[weight(4, units), weight(units, units), weight(units)] for _ in range(2)]
    kernel, bias = weight(2 * units, wide), weight(wide)

    def rnn(name, backwards):
        return layer("SimpleRNN", name, return_sequences=False, return_state=False,
                     go_backwards=backwards, stateful=False, unroll=False, units=units,
                     activation="tanh", use_bias=True, dropout=0.0, recurrent_dropout=0.0,
                     kernel_initializer=initializer("GlorotUniform", seed=None),
                     recurrent_initializer=initializer("Orthogonal", gain=1.0, seed=None),
                     bias_initializer=initializer("Zeros"), kernel_regularizer=None,
                     recurrent_regularizer=None, bias_regularizer=None,
                     activity_regularizer=None, kernel_constraint=None,
                     recurrent_constraint=None, bias_constraint=None)

    config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
        layer("Bidirectional", "both", batch_input_shape=[None, None, 4],
              layer=rnn("rnn", False), merge_mode="concat"),
        layer("LeakyReLU", "leaky", alpha=0.25),
        dense("out", wide, "linear")]}}
    write_model("legacy_sequential", config, {
        "both": {f"both/{d}_rnn/simple_rnn_cell/{part}:0": value
                 for d, values in zip(("forward", "backward"), parts)
                 for part, value in zip(("kernel", "recurrent_kernel", "bias"), values)},
        "leaky": {}, "out": {"out/kernel:0": kernel, "out/bias:0": bias}})

    def run(x, k, r, b):
        h = np.zeros((len(x), units))
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ k + h @ r + b)
        return h

    x = random.normal(size=(3, 5, 4)).astype("f4")
    y = np.concatenate([run(x, *parts[0]), run(x[:, ::-1], *parts[1])], axis=-1)
    y = np.where(y > 0, y, 0.25 * y) @ kernel + bias
    write_io("legacy_sequential", input_0=x, output_0=y.astype("f4"))


def siamese():
    """Keras 3: no modules, as in Keras 2, but calls that are objects and are counted from 0."""
    k1, b1, k2, b2 = weight(4, 3), weight(3), weight(6, 2), weight(2)

    def called(entry, *calls):
        return {**entry, "name": entry["config"]["name"], "inbound_nodes": list(calls)}

    def inputs(name):
        return called({"class_name": "InputLayer", "config": {
            "batch_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False,
            "name": name, "optional": False}})

    def of(*results, mask=False):
        tensors = [{"class_name": "__keras_tensor__", "config": {
            "shape": [None, size], "dtype": "float32", "keras_history": [layer, call, 0]}}
            for layer, call, size in results]
        return {"args": tensors if len(tensors) == 1 else [tensors],
                "kwargs": {"mask": None} if mask else {}}

    def dense3(name, units, activation):
        entry = dense(name, units, activation, quantization_config=None)
        entry["config"]["dtype"] = {"module": "keras", "class_name": "DTypePolicy",
                                    "config": {"name": "float32"}, "registered_name": None}
        for key in ("kernel_initializer", "bias_initializer"):
            entry["config"][key].update(module="keras.initializers", registered_name=None)
        return entry

    tower = {"class_name": "Functional", "config": {
        "name": "tower", "trainable": True,
        "layers": [inputs("inside"), called(dense3("hidden", 3, "relu"), of(("inside", 0, 4)))],
        "input_layers": [["inside", 0, 0]], "output_layers": [["hidden", 0, 0]]}}
    config = {"class_name": "Functional", "config": {
        "name": "siamese", "trainable": True, "layers": [
            inputs("left"), inputs("right"),
            called(tower, of(("left", 0, 4), mask=True), of(("right", 0, 4), mask=True)),
            called({"class_name": "Concatenate", "config": {
                "name": "both", "trainable": True, "axis": -1,
                "dtype": {"module": "keras", "class_name": "DTypePolicy",
                          "config": {"name": "float32"}, "registered_name": None}}},
                of(("tower", 0, 3), ("tower", 1, 3))),
            called(dense3("score", 2, "linear"), of(("both", 0, 6)))],
        "input_layers": [["left", 0, 0], ["right", 0, 0]],
        # Where the graph ends, the tower's own call counts.
        "output_layers": [["score", 0, 0], ["tower", 2, 0]]}}
    write_model("legacy_siamese", config, {
        "left": {}, "right": {}, "tower": {"hidden/kernel": k1, "hidden/bias": b1}, "both": {},
        "score": {"score/kernel": k2, "score/bias": b2}}, "3.16.0")

    left, right = (random.normal(size=(3, 4)).astype("f4") for _ in range(2))
    x, y = relu(left @ k1 + b1), relu(right @ k1 + b1)
    write_io("legacy_siamese", input_0=left, input_1=right, output_1=y,
             output_0=(np.concatenate([x, y], axis=-1) @ k2 + b2).astype("f4"))


functional()
sequential()
siamese()
