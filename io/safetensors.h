// safetensors: named tensors in one file, as other frameworks read and write them too.
//
//   write_safetensors("weights.safetensors", {{"dense/kernel", kernel}, {"dense/bias", bias}});
//   TensorFile file = read_safetensors("weights.safetensors");
//   Tensor kernel = file.at("dense/kernel");
//
// The file: 8 bytes, the header's length N, little-endian; N bytes of JSON, at most 100,000,000,
// {name: {"dtype", "shape", "data_offsets": [begin, end]}, ..} with texts of any kind under
// "__metadata__"; then the elements, row-major, from the first byte to the last without a gap.
// Written are F32, I32 and BOOL. Read are also F16, BF16 and F64, as float32, and I8, I16, I64, U8,
// U16, U32 and U64, as int32, which a warning says: F64 is rounded, and a number that doesn't fit
// is an error.
//
// Reading is strict: what doesn't fit is refused before memory is taken for it.
//   w.safetensors: is cut short, the header is 96 bytes, got 20
//   w.safetensors: header:1:40: key "dtype" stands twice in one object
//   w.safetensors: tensor "k": dtype "F8_E4M3" is not supported, one of F16, BF16, F32, F64, I8,
//     I16, I32, I64, U8, U16, U32, U64, BOOL is needed
//   w.safetensors: tensor "k": element 5 is 3000000000, int32 is in [-2147483648, 2147483647]
//   w.safetensors: tensor "k": at most 6 axes are supported, got 7
//   w.safetensors: tensor "k": F32 (2, 3) takes 24 bytes, got data_offsets [0, 20]
//   w.safetensors: tensor "k": begins at byte 8 of the data, inside tensor "a", which ends at 24
//   w.safetensors: has no tensor "k"
//
// Source: https://github.com/huggingface/safetensors, section Format.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
using Metadata = std::map<std::string, std::string>;

struct TensorFile {
  std::string name;      // what messages start with
  NamedTensors tensors;  // in the order of the header
  Metadata metadata;

  bool contains(const std::string& tensor) const;
  const Tensor& at(const std::string& tensor) const;  // fails if there is none
};

// The file is mapped into memory (MappedFile in io/file.h), so that only its tensors are held.
TensorFile read_safetensors(const std::string& path);

// The same from a file's bytes; `name` is what messages start with.
TensorFile parse_safetensors(std::string_view bytes, const std::string& name);

// A file's bytes: the same for the same tensors. Their order is kept, but that masks come last, so
// that all elements are aligned. The metadata gets "format": "pt", which some readers ask for,
// unless it has a format already. Fails on two tensors of one name and on undefined ones.
std::string safetensors_bytes(const NamedTensors& tensors, Metadata metadata = {});

// The same into a file, which is replaced in one step (io/file.h).
void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       Metadata metadata = {});

}  // namespace kindling
#pragma GCC visibility pop
