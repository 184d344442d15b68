#include <kindling/io/archives/hdf5_chunks.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include <kindling/io/archives/hdf5_trees.h>
#include <kindling/io/archives/inflate.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::size_t most_chunks = 1 << 16;

// Filters, in the one order that h5py has.
struct Pipeline {
  bool shuffle = false, deflate = false, checksum = false;
};

Pipeline pipeline_of(const Message* message, const std::string& what) {
  Pipeline pipeline;
  if (message == nullptr) return pipeline;
  Cursor body = message->body;
  const std::uint8_t version = body.u8(), count = body.u8();
  if (version < 1 || version > 2 || message->shared) body.damaged();
  if (version == 1) body.skip(6);
  for (unsigned i = 0; i < count; ++i) {
    const std::uint16_t filter = body.u16();
    const std::uint64_t name = version == 1 || filter >= 256 ? body.u16() : 0;
    body.skip(2);
    const std::uint64_t values = body.u16();
    body.skip(version == 1 ? (name + 7) / 8 * 8 : name);
    body.skip(4 * (values + (version == 1 ? values % 2 : 0)));
    const bool first = !pipeline.deflate && !pipeline.checksum;
    if (filter == 2 && first && !pipeline.shuffle) {
      pipeline.shuffle = true;
    } else if (filter == 1 && first) {
      pipeline.deflate = true;
    } else if (filter == 3 && !pipeline.checksum) {
      pipeline.checksum = true;
    } else {
      fail("{} goes through filter {}; shuffle, deflate and fletcher32 are known, once each and in "
           "this order", what, filter);
    }
  }
  return pipeline;
}

struct Grid {
  std::vector<std::uint64_t> whole, part, count;  // along each axis
  std::uint64_t chunks = 1, bytes = 0;            // how many, of one
  std::uint64_t tree = nowhere;
};

Grid grid_of(Cursor layout, const Shape& shape, std::uint64_t element, const std::string& what) {
  Grid grid;
  const std::uint8_t rank = layout.u8();
  grid.tree = layout.u64();
  if (rank != shape.rank() + 1 || rank < 2) layout.damaged();
  grid.bytes = element;
  for (const std::int64_t size : shape) {
    const auto whole = static_cast<std::uint64_t>(size);
    const std::uint64_t part = layout.u32();
    if (part == 0) layout.damaged();
    grid.whole.push_back(whole);
    grid.part.push_back(part);
    grid.count.push_back(whole / part + (whole % part != 0 ? 1 : 0));
    if (grid.count.back() > most_chunks || (grid.chunks *= grid.count.back()) > most_chunks) {
      fail("{} is kept in more than {} chunks", what, most_chunks);
    }
    constexpr std::uint64_t most_bytes = std::uint64_t{1} << 32;  // of the format
    if (grid.bytes > most_bytes / part) fail("{} is kept in chunks larger than 4 GiB", what);
    grid.bytes *= part;
  }
  if (layout.u32() != element) layout.damaged();
  // At the edges they reach beyond it, and of a small one that may grow h5py's do by far.
  const std::uint64_t bytes = static_cast<std::uint64_t>(shape.elements()) * element;
  constexpr std::uint64_t always_allowed = 1 << 20, most_padding = 64;
  if (grid.chunks * grid.bytes > std::max(always_allowed, most_padding * bytes)) {
    fail("{} takes {} bytes, its chunks {}", what, bytes, grid.chunks * grid.bytes);
  }
  return grid;
}

// Fletcher's sum of 16-bit words, as HDF5 has it.
std::uint32_t fletcher32(std::string_view bytes) {
  std::uint32_t first = 0, second = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = static_cast<unsigned char>(bytes[i]);
    const unsigned low = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0u;
    first = (first + ((unsigned{high} << 8) | low)) % 65535;
    second = (second + first) % 65535;
  }
  return (second << 16) | first;
}

// First bytes of all elements, then second ones .. -> elements.
std::string unshuffled(const std::string& bytes, std::size_t element) {
  std::string plain(bytes.size(), '\0');
  const std::size_t count = bytes.size() / element;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < element; ++b) plain[i * element + b] = bytes[b * count + i];
  }
  return plain;
}

std::string unpacked_chunk(std::string_view stored, const Pipeline& pipeline, const Grid& grid,
                           std::size_t element, const std::string& what) {
  if (pipeline.checksum) {
    constexpr std::size_t size = 4;
    if (stored.size() < size) fail("{} has a chunk without its checksum", what);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum |= std::uint32_t{static_cast<unsigned char>(stored[stored.size() - size + i])} << (8 * i);
    }
    stored.remove_suffix(size);
    // 0 and 65535 are the same to it.
    const auto same = [](std::uint32_t a, std::uint32_t b) { return a % 65535 == b % 65535; };
    const std::uint32_t found = fletcher32(stored);
    if (!same(sum >> 16, found >> 16) || !same(sum & 0xffff, found & 0xffff)) {
      fail("{} has a chunk that its checksum does not fit", what);
    }
  }
  std::string bytes;
  if (!pipeline.deflate) bytes = stored;
  else bytes.resize(grid.bytes);
  if (bytes.size() != grid.bytes ||
      (pipeline.deflate &&
       inflate_into(bytes, stored, Deflated::in_zlib_frame) != bytes.size())) {
    fail("{} has a chunk that does not unpack to {} bytes", what, grid.bytes);
  }
  return pipeline.shuffle ? unshuffled(bytes, element) : bytes;
}

// Copies a chunk's rows, as far as they lie inside.
void place(const std::string& chunk, const std::vector<std::uint64_t>& at, const Grid& grid,
           std::uint64_t element, std::string& all) {
  const std::size_t rank = at.size(), last = rank - 1;
  std::vector<std::uint64_t> index(rank, 0);  // of a row in the chunk
  const std::uint64_t row = std::min(grid.part[last], grid.whole[last] - at[last]) * element;
  for (;;) {
    std::uint64_t from = 0, to = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      from = from * grid.part[axis] + index[axis];
      to = to * grid.whole[axis] + at[axis] + index[axis];
    }
    std::memcpy(all.data() + to * element, chunk.data() + from * element, row);
    std::size_t axis = last;
    while (axis > 0) {
      --axis;
      if (++index[axis] < std::min(grid.part[axis], grid.whole[axis] - at[axis])) break;
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (last == 0) return;
  }
}

}  // namespace

void check_chunks(Cursor layout, const Shape& shape, std::uint64_t element,
                  const std::string& what) {
  grid_of(layout, shape, element, what);
}

std::string unpacked(Cursor layout, const Message* filters, const Shape& shape,
                     std::uint64_t element, const std::string& what) {
  const Grid grid = grid_of(layout, shape, element, what);
  const Pipeline pipeline = pipeline_of(filters, what);
  Source& source = layout.source();
  const std::vector<Chunk> chunks = chunks_of(source, grid.tree, grid.whole.size(), most_chunks);
  if (chunks.size() != grid.chunks) {
    fail("{} is kept in {} chunks, the file has {}", what, grid.chunks, chunks.size());
  }
  std::string all(static_cast<std::size_t>(shape.elements()) * element, '\0');
  std::set<std::vector<std::uint64_t>> seen;
  for (const Chunk& chunk : chunks) {
    bool fits = chunk.left_out == 0 && seen.insert(chunk.at).second;
    for (std::size_t axis = 0; axis < chunk.at.size(); ++axis) {
      fits = fits && chunk.at[axis] < grid.whole[axis] && chunk.at[axis] % grid.part[axis] == 0;
    }
    if (!fits) fail("{} has a chunk in a place where none should be", what);
    Cursor stored(source, chunk.address, chunk.size, "a dataset's chunk");
    place(unpacked_chunk(stored.take(chunk.size), pipeline, grid, element, what), chunk.at, grid,
          element, all);
  }
  return all;
}

}  // namespace kindling::hdf5
