// Types and sizes of what an HDF5 file holds.
#pragma once

#include <optional>
#include <vector>

#include <kindling/io/archives/hdf5_cursor.h>

namespace kindling::hdf5 {

struct Type {
  enum Class { floats, integers, booleans, fixed_text, loose_text, other } kind = other;
  std::uint64_t size = 0;  // bytes of an element
  bool big_endian = false, is_signed = false;
};

// Of floats only those of IEEE with 2, 4 and 8 bytes, of whole numbers those without gaps, of
// enumerations h5py's bool are anything but `other`.
Type type_in(Cursor& body);

// The sizes of a dataset or an attribute; none for a scalar, nothing for one that has no elements.
std::optional<std::vector<std::uint64_t>> sizes_in(Cursor& body);

}  // namespace kindling::hdf5
