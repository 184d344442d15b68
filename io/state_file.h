// States in a file: a Config whose leaves may be tensors, bit for bit. The tensors of a safetensors
// file by their paths ("model/weights/dense/kernel"), the rest as JSON in its metadata.
#pragma once

#include <string>

#include <kindling/layers/config.h>

#pragma GCC visibility push(default)
namespace kindling {

// Fails if read_state would refuse a file with this state.
void check_state(const std::string& path, const Config& state);
// Checks it, then replaces the file in one step (io/file.h).
void write_state(const std::string& path, const Config& state);
// Fails on a file that is damaged or holds no state.
Config read_state(const std::string& path);

}  // namespace kindling
#pragma GCC visibility pop
