#!/usr/bin/python3
"""Writes hdf5/*.h5 beside itself: sound HDF5 files of what is not read.

    make_hdf5.py

Needs h5py and numpy.
"""
import json
import pathlib

import h5py
import numpy as np

here = pathlib.Path(__file__).parent / "hdf5"
one = np.float32([1])


def made(name, **options):
    return h5py.File(here / f"{name}.h5", "w", **options)


with made("soft_link") as file:
    file["layers/dense"] = h5py.SoftLink("/other")
with made("external_link") as file:
    file["layers/dense"] = h5py.ExternalLink("/etc/passwd", "/")
with made("external_data") as file:
    file.create_dataset("kernel", (4,), "f4", external=[("/etc/passwd", 0, 16)])
with made("virtual", libver="latest") as file:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("kernel", layout)
with made("linked_twice") as file:
    file["kernel"] = one
    file["copy"] = file["kernel"]
with made("cycle", libver="latest") as file:
    file.create_group("a/b")
    file["a/b/c"] = file["a"]
with made("named_type") as file:
    file["float"] = np.dtype("f4")
with made("of_named_type", libver="latest") as file:
    file["t"] = np.dtype("f4")
    file.create_dataset("kernel", data=one, dtype=file["t"])
    del file["t"]
with made("seven_axes", libver="latest") as file:
    file["kernel"] = np.zeros((1,) * 7, "f4")
with made("no_elements", libver="latest") as file:
    file["kernel"] = h5py.Empty("f4")
with made("huge") as file:
    file.create_dataset("kernel", (2 ** 31,), "f4", chunks=(2 ** 20,))
with made("many_chunks") as file:
    file.create_dataset("kernel", (70_000,), "f4", chunks=(1,))
with made("large_chunks") as file:
    file.create_dataset("kernel", (1, 1, 1), "f4", maxshape=(None,) * 3, chunks=(1024, 1024, 1000))
with made("no_chunk") as file:
    kernel = file.create_dataset("kernel", (4,), "f4", chunks=(4,), maxshape=(None,))
    kernel[:] = 1
    kernel.resize((8,))
with made("bomb") as file:
    file.create_dataset("kernel", data=np.zeros(10 ** 6, "f4"), compression="gzip",
                        chunks=(10 ** 6,))
with made("lzf") as file:
    file.create_dataset("kernel", data=np.zeros(16, "f4"), compression="lzf")
with made("packed") as file:
    file.create_dataset("kernel", data=np.arange(64, dtype="f4"), compression="gzip", shuffle=True,
                        fletcher32=True, chunks=(64,))
with made("text", libver="latest") as file:
    file["kernel"] = "1"
with made("complex", libver="latest") as file:
    file["kernel"] = np.complex64([1])
with made("deep", libver="latest") as file:
    file.create_group("/".join("g" * 64))
with made("many_links", libver="latest") as file:
    for i in range(9):
        file.create_group(str(i))
with made("latest_chunks", libver="latest") as file:
    file.create_dataset("kernel", data=np.zeros(4, "f4"), chunks=(2,))
with made("large_number", libver="latest") as file:
    file["kernel"] = np.array([2 ** 40])

# A whole model of Keras 2's, sound, for test_keras_archive.cpp to damage.
with made("legacy") as file:
    dense = {"name": "d", "units": 3, "batch_input_shape": [None, 4], "activation": "sigmoid"}
    file.attrs["keras_version"] = np.bytes_("2.11.0")
    file.attrs["model_config"] = np.bytes_(json.dumps({"class_name": "Sequential", "config": {
        "name": "s", "layers": [{"class_name": "Dense", "config": dense}]}}))
    weights = file.create_group("model_weights")
    weights.attrs["layer_names"] = np.bytes_(["d"])
    weights.create_group("d").attrs["weight_names"] = np.bytes_(["d/kernel:0", "d/bias:0"])
    weights["d/d/kernel:0"] = np.zeros((4, 3), "f4")
    weights["d/d/bias:0"] = np.zeros(3, "f4")
