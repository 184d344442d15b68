// Datasets that are kept in chunks, each of which may go through filters.
#pragma once

#include <string>

#include <kindling/io/archives/hdf5_headers.h>
#include <kindling/tensor/shape.h>

namespace kindling::hdf5 {

// `layout` says how large chunks are and where.
void check_chunks(Cursor layout, const Shape& shape, std::uint64_t element,
                  const std::string& what);

// The elements' bytes, row-major. Takes no more memory than they need and one chunk. `filters` may
// be null.
std::string unpacked(Cursor layout, const Message* filters, const Shape& shape,
                     std::uint64_t element, const std::string& what);

}  // namespace kindling::hdf5
