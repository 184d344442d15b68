// A model's inputs out of files.
#pragma once

#include <string>
#include <vector>

#include <kindling/tensor/tensor.h>

#include "ports.h"

namespace kindling::tools {

// Each of `given` is NAME=FILE, an .npy for one input, or a file alone: an .npy, for the inputs in
// their order, or one .safetensors or .npz with all of them, by their names or as input.0, input.1.
// Fails unless each input is there once, of its shape and its dtype; whole numbers, floats and
// bools take each other's place where no number changes.
Tensors read_inputs(const std::vector<Port>& ports, const std::vector<std::string>& given);

}  // namespace kindling::tools
