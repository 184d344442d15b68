// npy: one tensor in a file, as numpy reads and writes it.
//
//   write_npy("scores.npy", scores);          // numpy.load("scores.npy")
//   Tensor ids = read_npy("ids.npy");         // numpy.save("ids.npy", ids)
//
// The file: "\x93NUMPY", two bytes of version, the header's length (2 bytes in version 1, 4 in 2
// and 3, little-endian), the header, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
// with spaces up to a "\n", then the elements.
//
// Read are versions 1, 2 and 3, either order of axes, either order of bytes:
//   f4           float32
//   f2, f8       float32; f8 is rounded, a number beyond float32's range is an error
//   i4           int32
//   i1, i2, i8, u1, u2, u4, u8   int32; a number that doesn't fit is an error
//   b1           bool
// Written is version 1, byte for byte as numpy 1.24 does it, with <f4, <i4 or |b1.
//
// Errors; what doesn't fit is refused before memory is taken for it:
//   x.npy: is no npy file, it starts with "PK\u0003\u0004"
//   x.npy: is cut short, the header is 118 bytes, got 20
//   x.npy: header, byte 11: a key is needed, got "x"
//   x.npy: holds Python objects (|O), which are not read; numbers are needed
//   x.npy: dtype "<c8" is not supported, one of f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, b1 is
//     needed
//   x.npy: at most 6 axes are supported, got 7
//   x.npy: <f4 (2, 3) takes 24 bytes, got 20
//   x.npy: element 5 is 3000000000, int32 is in [-2147483648, 2147483647]
//
// Source: numpy.lib.format, its documentation.
#pragma once

#include <string>
#include <string_view>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

Tensor read_npy(const std::string& path);

// The same from a file's bytes; `name` is what messages start with.
Tensor parse_npy(std::string_view bytes, const std::string& name);

// A file's bytes.
std::string npy_bytes(const Tensor& x);

// The same into a file, which is replaced in one step (io/file.h).
void write_npy(const std::string& path, const Tensor& x);

}  // namespace kindling
#pragma GCC visibility pop
