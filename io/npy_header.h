// The header of an npy file: a Python dict of three entries. For source files.
//
// Read is what numpy writes, under Python 2 too (2L for 2), and what means the same to Python:
// entries in any order, texts in either quotes, spaces between, a comma at the end. Anything else
// is an error that says where.
// Source: numpy.lib.format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/tensor/shape.h>

namespace kindling {

struct NpyHeader {
  std::string descr;  // "<f4"
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// `name` is what messages start with.
NpyHeader parse_npy_header(std::string_view text, const std::string& name);

// As numpy writes it.
std::string npy_header(const std::string& descr, const Shape& shape);

}  // namespace kindling
