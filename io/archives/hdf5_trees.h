// B-trees of an HDF5 file, version 1: where a group's links are, and where a dataset's chunks.
#pragma once

#include <vector>

#include <kindling/io/archives/hdf5_cursor.h>

namespace kindling::hdf5 {

// The addresses of the nodes that hold links.
std::vector<std::uint64_t> leaves_of_group(Source& source, std::uint64_t tree);

struct Chunk {
  std::uint64_t address = nowhere;
  std::uint32_t size = 0;         // as it is stored
  std::uint32_t left_out = 0;     // bits: filters that it did not go through
  std::vector<std::uint64_t> at;  // its first element
};

// Fails beyond `most`. `rank`: of the dataset.
std::vector<Chunk> chunks_of(Source& source, std::uint64_t tree, std::size_t rank,
                             std::size_t most);

}  // namespace kindling::hdf5
