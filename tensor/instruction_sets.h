// Which vector instructions this process computes with. Sums are ordered by the width of vectors,
// so that the same numbers on another set differ in their last bits.
#pragma once

#include <string>

#pragma GCC visibility push(default)
namespace kindling {

// The kernels' and OpenBLAS's: "AVX3_ZEN4, OpenBLAS Zen".
std::string instruction_sets();

}  // namespace kindling
#pragma GCC visibility pop
