// Weights by name: into a file, and strictly back.
#pragma once

#include <string>

#include <kindling/io/safetensors.h>
#include <kindling/layers/layer.h>

namespace [[gnu::visibility("default")]] kindling {

// Copies tensors into weights, all or none. `who` stands in messages:
//   w.safetensors: does not fit the model; missing: a/kernel; extra: b/kernel; wrong shape: ..
void assign_weights(const Weights& weights, const NamedTensors& tensors, const std::string& who);

void save_weights(const Weights& weights, const std::string& path);
void load_weights(const Weights& weights, const std::string& path);

NamedTensors named_tensors(const Weights& weights);

}  // namespace kindling
