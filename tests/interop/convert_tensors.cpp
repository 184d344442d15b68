// convert_tensors IN OUT: reads tensors and writes them, in the formats that the names end in,
// .npy, .npz or .safetensors. For numpy_interop.py, which makes the files and looks at them.
#include <cstdio>
#include <string>

#include <kindling/io/archives/npz.h>
#include <kindling/io/npy.h>
#include <kindling/io/safetensors.h>
#include <kindling/tensor/error.h>

using namespace kindling;

namespace {

NamedTensors read(const std::string& path) {
  if (path.ends_with(".npy")) return {{"x", read_npy(path)}};
  return (path.ends_with(".npz") ? read_npz(path) : read_safetensors(path)).tensors;
}

void write(const std::string& path, const NamedTensors& tensors) {
  if (path.ends_with(".npz")) return write_npz(path, tensors);
  if (path.ends_with(".safetensors")) return write_safetensors(path, tensors);
  write_npy(path, tensors.at(0).second);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: convert_tensors IN OUT\n");
    return 2;
  }
  try {
    write(arguments[2], read(arguments[1]));
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
