// Weights by name: into a file, and strictly back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <kindling/io/safetensors.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

// What there is for a weight.
struct GivenWeight {
  std::string name;
  Shape shape;
  DType dtype = DType::float32;
};

// Fails unless there is one for each weight, of its shape, and no other but under aliases: 0.1
// wrote weights of a layer in several places once for each. `who` stands in messages:
//   w.safetensors: does not fit the model; missing: a/kernel; extra: b/kernel; wrong shape: ..
void check_weights(const Weights& weights, const std::vector<GivenWeight>& given,
                   const std::string& who);

// Copies read(i) into weight i: all or, if one can't be read, none.
void copy_weights(const Weights& weights, const std::function<Tensor(std::size_t)>& read);

// Copies tensors into weights, all or none: those that check_weights() finds nothing wrong with.
void assign_weights(const Weights& weights, const NamedTensors& tensors, const std::string& who);

void save_weights(const Weights& weights, const std::string& path);
void load_weights(const Weights& weights, const std::string& path);

NamedTensors named_tensors(const Weights& weights);

}  // namespace kindling
#pragma GCC visibility pop
