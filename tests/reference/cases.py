"""Cases in the layout of tests/golden/FORMAT.md, kind "layer", computed in float64 by PyTorch."""
import json
import struct

import numpy as np
import torch


class Cases:
    """Collects cases and writes them as a safetensors file."""

    def __init__(self, family, reference, seed):
        self.metadata = {"family": family, "reference": reference}
        self.cases, self.tensors = [], {}
        self.generator = np.random.default_rng(seed)

    def normal(self, *shape, deviation=1.0):
        """Random numbers that float32 represents exactly, for autograd to follow."""
        numbers = self.generator.normal(scale=deviation, size=shape).astype(np.float32)
        return torch.tensor(numbers.astype(np.float64), requires_grad=True)

    def coins(self, *shape, heads=0.7):
        return torch.tensor(self.generator.random(shape) < heads)

    def add(self, class_name, config, inputs, weights, outputs, masks=(), call=None, note=""):
        """Adds a case. `outputs` must hang on `inputs` and `weights` (by name); the cotangents are
        drawn here."""
        name = f"{len(self.cases):03d}"
        self.cases.append({"id": name, "kind": "layer", "class": class_name, "config": config,
                           "call": call or {}, "inputs": len(inputs), "outputs": len(outputs),
                           "note": note})
        loss = 0
        for i, output in enumerate(outputs):
            self._keep(f"{name}/output.{i}", output)
            cotangent = self.normal(*output.shape).detach()
            self._keep(f"{name}/cotangent.{i}", cotangent)
            loss = loss + (output * cotangent).sum()
        leaves = {f"input.{i}": x for i, x in enumerate(inputs)}
        leaves |= {f"weight.{w}": x for w, x in weights.items()}
        for leaf, x in leaves.items():
            self._keep(f"{name}/{leaf}", x)
            if x.dtype == torch.bool:
                continue
            gradient, = torch.autograd.grad(loss, x, retain_graph=True, allow_unused=True)
            if gradient is None:
                gradient = torch.zeros_like(x)
            self._keep(f"{name}/grad.{leaf}", gradient)
        for i, mask in enumerate(masks):
            if mask is not None:
                self._keep(f"{name}/mask.{i}", mask)

    def _keep(self, name, tensor):
        array = tensor.detach().numpy()
        self.tensors[name] = array if array.dtype == np.bool_ else array.astype("<f4")

    def write(self, path):
        header = {"__metadata__": {**self.metadata, "cases": json.dumps(self.cases)}}
        data = b""
        # The floats first: they stay aligned.
        for name, array in sorted(self.tensors.items(), key=lambda item: item[1].dtype == np.bool_):
            begin = len(data)
            data += array.tobytes()
            header[name] = {"dtype": "BOOL" if array.dtype == np.bool_ else "F32",
                            "shape": list(array.shape), "data_offsets": [begin, len(data)]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + data)
        print(f"{path}: {len(self.cases)} cases")
