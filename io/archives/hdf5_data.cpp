#include <kindling/io/archives/hdf5_data.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include <kindling/io/archives/hdf5_chunks.h>
#include <kindling/io/archives/hdf5_types.h>
#include <kindling/io/bytes.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::uint64_t always_allowed = 1 << 20;  // bytes, whatever the file's length

struct Described {
  Type type;
  Shape shape;
  std::uint64_t bytes;  // of all elements
};

Shape shape_of(const std::vector<std::uint64_t>& sizes, std::uint64_t element,
               const std::string& what) {
  if (sizes.size() > Shape::max_rank) {
    fail("{}: at most {} axes are supported, got {}", what, Shape::max_rank, sizes.size());
  }
  std::uint64_t left = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) /
                       element;
  std::vector<std::int64_t> all;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] > left) fail("{} is too large, its axis {} is {}", what, axis, sizes[axis]);
    if (sizes[axis] > 0) left /= sizes[axis];
    all.push_back(static_cast<std::int64_t>(sizes[axis]));
  }
  return Shape(all);
}

Described described(const std::vector<Message>& messages, const std::string& what) {
  const Message* type = find(messages, Kind::datatype);
  const Message* space = find(messages, Kind::dataspace);
  if (type == nullptr || space == nullptr) fail("{} is neither a group nor a dataset", what);
  if (find(messages, Kind::external_files) != nullptr) {
    fail("{} is kept in another file, which is not read", what);
  }
  Cursor type_body = type->body, space_body = space->body;
  const Type read = type->shared ? Type{Type::other, 1} : type_in(type_body);
  const auto sizes = space->shared ? std::nullopt : sizes_in(space_body);
  if (!sizes) fail("{} has no elements", what);
  const Shape shape = shape_of(*sizes, read.size, what);
  return {read, shape, static_cast<std::uint64_t>(shape.elements()) * read.size};
}

// Where the elements are.
struct Layout {
  enum Kind { compact = 0, contiguous = 1, chunked = 2 } kind = compact;
  Cursor body;  // of a compact one the elements
  std::uint64_t address = nowhere, size = 0;
};

Layout layout_of(const std::vector<Message>& messages, const std::string& what) {
  const Message* message = find(messages, Kind::layout);
  if (message == nullptr || message->shared) fail("{} does not say where its elements are", what);
  Cursor body = message->body;
  const std::uint8_t version = body.u8(), kind = body.u8();
  if (version < 3 || version > 4) {
    fail("{}: versions 3 and 4 of its layout are read, got {}", what, version);
  }
  if (kind == 3) fail("{} is a virtual dataset, which is not read", what);
  if (kind == 2 && version == 4) {
    fail("{} is kept in chunks as files for libver \"latest\" do; write it with h5py's default",
         what);
  }
  if (kind > 3) body.damaged();
  if (kind == 0) {
    const std::uint16_t size = body.u16();
    return {Layout::compact, body.part(size), nowhere, size};
  }
  if (kind == 2) return {Layout::chunked, body};
  const std::uint64_t address = body.u64(), size = body.u64();
  return {Layout::contiguous, body, address, size};
}

// The elements' bytes, as the file has them.
std::string bytes_of(const std::vector<Message>& messages, const Described& dataset,
                     const std::string& what) {
  Layout layout = layout_of(messages, what);
  if (layout.kind == Layout::chunked) {
    return unpacked(layout.body, find(messages, Kind::filters), dataset.shape, dataset.type.size,
                    what);
  }
  Cursor elements = layout.kind == Layout::compact
                        ? layout.body
                        : Cursor(layout.body.source(), layout.address, layout.size, "a dataset");
  return std::string(elements.take(dataset.bytes));
}

std::uint64_t element(const char* at, const Type& type) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < type.size; ++i) {
    const std::size_t place = type.big_endian ? type.size - 1 - i : i;
    value |= std::uint64_t{static_cast<unsigned char>(at[place])} << (8 * i);
  }
  return value;
}

float as_float(std::uint64_t bits, std::uint64_t size) {
  if (size == 2) return float_of_half(static_cast<std::uint16_t>(bits));
  if (size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return static_cast<float>(std::bit_cast<double>(bits));
}

std::int32_t as_int(std::uint64_t bits, const Type& type, const std::string& what) {
  const std::uint64_t sign = std::uint64_t{1} << (8 * type.size - 1);
  const auto value = static_cast<std::int64_t>(type.is_signed ? (bits ^ sign) - sign : bits);
  const bool fits = std::in_range<std::int32_t>(value) && (type.is_signed || value >= 0);
  if (!fits) {
    if (!type.is_signed) fail("{}: whole numbers have at most 32 bits, got {}", what, bits);
    fail("{}: whole numbers have at most 32 bits, got {}", what, value);
  }
  return static_cast<std::int32_t>(value);
}

bool is_number(const Type& type) {
  return type.kind == Type::floats || type.kind == Type::integers || type.kind == Type::booleans;
}

DType dtype_of(const Type& type) {
  return type.kind == Type::floats     ? DType::float32
         : type.kind == Type::integers ? DType::int32
                                       : DType::boolean;
}

}  // namespace

Dataset checked_dataset(const std::vector<Message>& messages, const std::string& what) {
  const Described dataset = described(messages, what);
  const Layout layout = layout_of(messages, what);
  const std::uint64_t length = layout.body.source().bytes.size();
  if (dataset.bytes > always_allowed && dataset.bytes / most_expansion > length) {
    fail("{} takes {} bytes, more than {} times the {} of the file", what, dataset.bytes,
         most_expansion, length);
  }
  if (layout.kind == Layout::chunked) {
    check_chunks(layout.body, dataset.shape, dataset.type.size, what);
  } else if (dataset.bytes > 0 && is_number(dataset.type)) {
    const std::uint64_t stored =
        layout.kind == Layout::contiguous && layout.address == nowhere ? 0 : layout.size;
    if (stored != dataset.bytes) {
      fail("{} takes {} bytes, the file has {} for it", what, dataset.bytes, stored);
    }
    if (layout.kind == Layout::contiguous &&
        (layout.address > length || stored > length - layout.address)) {
      fail("{} lies beyond the end of the file", what);
    }
  }
  return {dataset.shape, dtype_of(dataset.type), is_number(dataset.type)};
}

Tensor read_elements(const std::vector<Message>& messages, const std::string& what) {
  const Dataset checked = checked_dataset(messages, what);
  if (!checked.readable) {
    fail("{} is of a type that is not read; floats, whole numbers and bool are", what);
  }
  Tensor result = Tensor::empty(checked.shape, checked.dtype);
  if (result.elements() == 0) return result;
  const Described dataset = described(messages, what);
  const Type& type = dataset.type;
  const std::string bytes = bytes_of(messages, dataset, what);
  const auto count = static_cast<std::size_t>(result.elements());
  if (checked.dtype == DType::float32 && type.size == 4 && !type.big_endian &&
      std::endian::native == std::endian::little) {
    std::memcpy(result.mutable_floats().data(), bytes.data(), bytes.size());
    return result;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t bits = element(bytes.data() + i * type.size, type);
    if (checked.dtype == DType::float32) {
      result.mutable_floats()[i] = as_float(bits, type.size);
    } else if (checked.dtype == DType::int32) {
      result.mutable_ints()[i] = as_int(bits, type, what);
    } else {
      if (bits > 1) fail("{}: a bool is 0 or 1, got {}", what, bits);
      result.mutable_bools()[i] = bits == 1;
    }
  }
  return result;
}

}  // namespace kindling::hdf5
