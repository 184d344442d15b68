// Models that go through every layer and option: what tests/onnx checks file by file, and
// tests/interop runs in ONNX Runtime.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include <kindling/train/model.h>

namespace kindling {

struct OnnxCase {
  std::string name;
  Model model;
  std::int64_t least_steps = 1;  // of open sizes but the batch
  std::int64_t ids = 9;          // int32 inputs are below this; a third of them is 0
};

std::vector<OnnxCase> onnx_cases();

// By kind.
std::vector<OnnxCase> documented_cases();
std::vector<OnnxCase> layer_cases();
std::vector<OnnxCase> merge_cases();
std::vector<OnnxCase> attention_cases();
std::vector<OnnxCase> recurrent_cases();

// A case whose weights, biases too, are random.
OnnxCase onnx_case(const std::string& name, const OneOrMore& inputs, const OneOrMore& outputs);

// Random inputs for a case; open sizes of one name in the exported graph are equal.
Tensors random_inputs(const OnnxCase& c, std::mt19937_64& random);

// Inputs: ids (batch, steps), vectors (batch, steps, channels), and ids' vectors with a mask.
SymbolicTensor ids_of(const std::string& name);
SymbolicTensor sequence_of(const std::string& name, std::int64_t channels = 5);
SymbolicTensor masked(const SymbolicTensor& ids, std::int64_t channels = 5);

}  // namespace kindling
