#!/usr/bin/python3
"""Archives that kindling writes are laid out as Keras's are.

    check_keras_structure.py build/release/bin/keras_again tests/keras

Each archive of Keras's in the folder is read by kindling and written again; then members, configs
(every key, their order, every value) and HDF5 files (groups, attributes, dtypes, shapes, layout,
elements) are compared with Keras's own. Needs h5py. Ends with 1 at the first difference.
"""
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import h5py
import numpy as np

program = pathlib.Path(sys.argv[1]).resolve()
archives = sorted(pathlib.Path(sys.argv[2]).glob("*.keras"))
folder = pathlib.Path(tempfile.mkdtemp())

def same(what, a, b):
    if a != b:
        sys.exit(f"{what}: Keras has {a!r}, kindling {b!r}")


def pairs(text):
    """JSON with the order of its keys, without what only tells equal objects apart."""
    return json.loads(text, object_pairs_hook=lambda p: [
        "object", *([k, v] for k, v in p if k != "shared_object_id")])


def compare(path, a, b):
    """Two JSON values, part by part, so that the first difference is named."""
    if isinstance(a, list) and isinstance(b, list):
        if a[:1] == ["object"]:
            same(f"{path}: keys", [p[0] for p in a[1:]], [p[0] for p in b[1:]])
            for (key, x), (_, y) in zip(a[1:], b[1:]):
                compare(f"{path}.{key}", x, y)
        else:
            same(f"{path}: length", len(a), len(b))
            for i, (x, y) in enumerate(zip(a, b)):
                compare(f"{path}[{i}]", x, y)
    else:
        same(path, a, b)
        same(f"{path}: kind", type(a), type(b))


def attributes(obj):
    found = {}
    for name in obj.attrs:
        attribute = obj.attrs.get_id(name)
        kind = attribute.get_type()
        found[name] = (obj.attrs[name], attribute.shape, kind.is_variable_str(), kind.get_cset())
    return found


def contents(file):
    found = {"/": ("group", attributes(file))}

    def visit(path, obj):
        if isinstance(obj, h5py.Group):
            found[path] = ("group", attributes(obj))
        else:
            layout = obj.id.get_create_plist().get_layout()
            found[path] = ("dataset", attributes(obj), obj.dtype.str, obj.shape, layout,
                           obj.compression, obj.maxshape, np.asarray(obj).tobytes())
    file.visititems(visit)
    return found


def superblock(file_bytes):
    """Versions and sizes of addresses; the tree's K; no flags; where it begins."""
    return file_bytes[:32].hex()


def compare_hdf5(what, theirs, ours):
    same(f"{what}: superblock", superblock(theirs), superblock(ours))
    a, b = (contents(h5py.File(io.BytesIO(x), "r")) for x in (theirs, ours))
    same(f"{what}: paths", sorted(a), sorted(b))
    for path in a:
        same(f"{what}: {path}", a[path], b[path])


for archive in archives:
    again = folder / archive.name
    subprocess.run([program, archive, again], check=True, stderr=subprocess.DEVNULL)
    theirs, ours = zipfile.ZipFile(archive), zipfile.ZipFile(again)
    same("members", theirs.namelist(), ours.namelist())
    for a, b in zip(theirs.infolist(), ours.infolist()):
        same(f"{a.filename}: how it is packed", a.compress_type, b.compress_type)

    a, b = (json.loads(z.read("metadata.json")) for z in (theirs, ours))
    same("metadata", list(a), list(b))
    same("keras_version", a["keras_version"], b["keras_version"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d", b["date_saved"]), b["date_saved"]

    a, b = (pairs(z.read("config.json")) for z in (theirs, ours))
    compare(archive.name, a, b)
    compare_hdf5(archive.name, theirs.read("model.weights.h5"), ours.read("model.weights.h5"))

    weights = archive.with_suffix(".weights.h5")
    subprocess.run([program, archive, folder / "w.weights.h5"], check=True,
                   stderr=subprocess.DEVNULL)
    compare_hdf5(weights.name, weights.read_bytes(), (folder / "w.weights.h5").read_bytes())
    print(f"{archive.name}: members, config and HDF5 as Keras has them")

if not archives:
    sys.exit("no archives")
