#!/usr/bin/python3
"""Writes kinds.h5 and kinds_latest.h5 beside itself: every way that h5py keeps numbers and texts.

    make_hdf5.py

An element is what test_hdf5.cpp works out from its place. Needs h5py and numpy.
"""
import pathlib

import h5py
import numpy as np

here = pathlib.Path(__file__).parent


def numbers(*shape, dtype="f4"):
    return (np.arange(np.prod(shape)).reshape(shape) - 3).astype(dtype)


def write(name, **options):
    with h5py.File(here / name, "w", **options) as file:
        for dtype in ("f2", "f4", "f8", ">f2", ">f4", ">f8", "i1", "i2", "i4", "i8", ">i2", ">i8"):
            file[f"plain {dtype}"] = numbers(2, 3, dtype=dtype)
        for dtype in ("u1", "u2", "u4", "u8", ">u4"):
            file[f"plain {dtype}"] = (numbers(2, 3) + 3).astype(dtype)
        file["bool"] = np.array([True, False, True])
        file["scalar"] = np.float32(-3)
        file["empty"] = np.zeros((0, 3), "f4")
        file["a/b/c/d"] = numbers(4)
        file["too large"] = np.array([1, 2 ** 31])
        file["text"] = "no number"
        if not options:
            file.create_dataset("chunks", data=numbers(7, 11, 3), chunks=(2, 4, 3))
            file.create_dataset("many chunks", data=numbers(900, dtype="i4"), chunks=(7,))
            file.create_dataset("packed", data=numbers(50, 20), chunks=(16, 16),
                                compression="gzip", shuffle=True, fletcher32=True)
            file.create_dataset("checked", data=numbers(7, dtype="i1"), chunks=(3,),
                                fletcher32=True)
            file.create_dataset("lzf", data=numbers(50), chunks=(16,), compression="lzf")
            file.attrs["long"] = "x" * 5000
        group = file["a"]
        group.attrs["name"] = "größe"
        group.attrs["fixed"] = [b"one", b"three", b""]
        group.attrs["loose"] = np.array(["one", "three", ""], dtype=h5py.string_dtype())
        group.attrs["none"] = []
        group.attrs["number"] = -5
        group.attrs["unsigned"] = np.uint16(65535)
        group.attrs["float"] = 1.5


write("kinds.h5")
write("kinds_latest.h5", libver="latest")
