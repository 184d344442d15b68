#!/usr/bin/env python3
"""Has python3-onnx check every .onnx file in a folder, shapes worked out: onnx_check.py FOLDER."""
import glob
import os
import sys

import onnx
import onnx.checker

paths = sorted(glob.glob(os.path.join(sys.argv[1], "*.onnx")))
for path in paths:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 17, path
print(f"onnx {onnx.__version__}: {len(paths)} checked")
sys.exit(0 if paths else 1)
