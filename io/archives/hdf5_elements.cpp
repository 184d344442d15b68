#include <kindling/io/archives/hdf5_elements.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include <zlib.h>

#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::int64_t always_allowed = 1 << 20;  // bytes, whatever the file's length
constexpr hsize_t most_chunks = 1 << 14;

enum class Kind { floats, integers, booleans };

bool is_one_of(hid_t type, std::initializer_list<hid_t> known) {
  return std::ranges::any_of(known, [&](hid_t k) { return H5Tequal(type, k) > 0; });
}

// Floats of two bytes have no name in the library: sign, 5 bits of exponent, 10 of mantissa.
bool is_half(hid_t type) {
  std::size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  return H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 2 &&
         H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
         sign == 15 && exponent == 10 && exponent_bits == 5 && mantissa == 0 &&
         mantissa_bits == 10 && H5Tget_ebias(type) == 15 && H5Tget_norm(type) == H5T_NORM_IMPLIED &&
         H5Tget_offset(type) == 0 && H5Tget_precision(type) == 16;
}

// h5py's bool: bytes that are FALSE or TRUE.
bool is_boolean(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) {
    return false;
  }
  signed char zero = 1, one = 0;
  return H5Tenum_valueof(type, "FALSE", &zero) >= 0 && H5Tenum_valueof(type, "TRUE", &one) >= 0 &&
         zero == 0 && one == 1;
}

std::optional<Kind> kind_of(hid_t type) {
  if (is_boolean(type)) return Kind::booleans;
  if (is_one_of(type, {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE}) ||
      is_half(type)) {
    return Kind::floats;
  }
  if (is_one_of(type, {H5T_STD_I8LE, H5T_STD_I16LE, H5T_STD_I32LE, H5T_STD_I64LE, H5T_STD_U8LE,
                       H5T_STD_U16LE, H5T_STD_U32LE, H5T_STD_U64LE, H5T_STD_I16BE, H5T_STD_I32BE,
                       H5T_STD_I64BE, H5T_STD_U16BE, H5T_STD_U32BE, H5T_STD_U64BE})) {
    return Kind::integers;
  }
  return std::nullopt;
}

Id type_of(hid_t dataset) { return {H5Dget_type(dataset), H5Tclose}; }

DType dtype_of(Kind kind) {
  return kind == Kind::floats     ? DType::float32
         : kind == Kind::integers ? DType::int32
                                  : DType::boolean;
}

// The sizes of a dataset; its elements times `size` fit a number.
Shape shape_of(hid_t dataset, std::size_t size, const std::string& what) {
  const Id space(H5Dget_space(dataset), H5Sclose);
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (kind == H5S_SCALAR) return {};
  const int rank = H5Sget_simple_extent_ndims(space);
  if (kind != H5S_SIMPLE || rank < 0) fail("{} has no elements", what);
  if (rank > Shape::max_rank) {
    fail("{}: at most {} axes are supported, got {}", what, Shape::max_rank, rank);
  }
  hsize_t dims[Shape::max_rank] = {};
  H5Sget_simple_extent_dims(space, dims, nullptr);
  auto left = static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max()) / size;
  std::vector<std::int64_t> sizes;
  bool empty = false;
  for (int axis = 0; axis < rank; ++axis) {
    if (dims[axis] > left) fail("{} is too large, its axis {} is {}", what, axis, dims[axis]);
    if (dims[axis] > 0) left /= dims[axis];
    empty = empty || dims[axis] == 0;
    sizes.push_back(static_cast<std::int64_t>(dims[axis]));
  }
  return Shape(sizes);
}

void check_bytes(std::int64_t bytes, std::int64_t stored, const std::string& what) {
  if (bytes != stored) {
    fail("{} takes {} bytes, the file has {} for it", what, bytes, stored);
  }
}

void check_within(haddr_t begin, hsize_t size, std::string_view file, const std::string& what) {
  if (begin > file.size() || size > file.size() - begin) {
    fail("{} lies beyond the end of the file", what);
  }
}

// Filters, in the one order that h5py has.
struct Pipeline {
  bool shuffle = false, deflate = false, checksum = false;
};

Pipeline pipeline_of(hid_t properties, const std::string& what) {
  Pipeline pipeline;
  const int count = H5Pget_nfilters(properties);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, settings = 0;
    std::size_t values = 0;
    char name[1] = {};
    const H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags,
                                               &values, nullptr, sizeof name, name, &settings);
    const bool first = !pipeline.deflate && !pipeline.checksum;
    if (filter == H5Z_FILTER_SHUFFLE && first && !pipeline.shuffle) {
      pipeline.shuffle = true;
    } else if (filter == H5Z_FILTER_DEFLATE && first) {
      pipeline.deflate = true;
    } else if (filter == H5Z_FILTER_FLETCHER32 && !pipeline.checksum) {
      pipeline.checksum = true;
    } else {
      fail("{} goes through filter {}; shuffle, deflate and fletcher32 are known, once each and in "
           "this order", what, filter);
    }
  }
  return pipeline;
}

// Whether a deflated chunk becomes exactly so many bytes. The library would let it become any.
bool inflates_to(std::string_view deflated, std::size_t size) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));
  stream.avail_in = static_cast<uInt>(deflated.size());
  std::vector<Bytef> buffer(1 << 16);
  std::size_t made = 0;
  int status = Z_OK;
  while (status == Z_OK && made <= size) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    made += buffer.size() - stream.avail_out;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && made == size;
}

struct Chunks {
  std::size_t bytes;  // of one, unpacked
  hsize_t count;
};

Chunks chunks_of(hid_t properties, const Shape& shape, std::size_t size, const std::string& what) {
  hsize_t dims[Shape::max_rank] = {};
  const int rank = H5Pget_chunk(properties, Shape::max_rank, dims);
  if (rank != shape.rank()) fail("{} is a damaged dataset", what);
  Chunks chunks{size, 1};
  for (int axis = 0; axis < rank; ++axis) {
    const auto whole = static_cast<hsize_t>(shape[axis]);
    const hsize_t part = dims[axis];
    if (part == 0 || part > std::max<hsize_t>(whole, 1024)) {
      fail("{} is kept in chunks larger than itself", what);
    }
    const hsize_t along = whole / part + (whole % part != 0 ? 1 : 0);
    if (along > most_chunks || (chunks.count *= along) > most_chunks) {
      fail("{} is kept in more than {} chunks", what, most_chunks);
    }
    chunks.bytes *= static_cast<std::size_t>(part);
    constexpr std::size_t most_bytes = std::size_t{1} << 32;  // the format's own limit
    if (chunks.bytes >= most_bytes) fail("{} is kept in chunks larger than 4 GiB", what);
  }
  return chunks;
}

// Each chunk is there, in the file, and becomes what it should: no more.
void check_chunks(hid_t dataset, hid_t properties, const Shape& shape, std::size_t size,
                  std::string_view file, const std::string& what) {
  const Chunks chunks = chunks_of(properties, shape, size, what);
  const Pipeline pipeline = pipeline_of(properties, what);
  const Id space(H5Dget_space(dataset), H5Sclose);
  hsize_t count = 0;
  if (H5Dget_num_chunks(dataset, space, &count) < 0 || count != chunks.count) {
    fail("{} is kept in {} chunks, the file has {}", what, chunks.count, count);
  }
  for (hsize_t i = 0; i < count; ++i) {
    hsize_t offset[Shape::max_rank] = {}, stored = 0;
    unsigned left_out = 0;
    haddr_t begin = 0;
    if (H5Dget_chunk_info(dataset, space, i, offset, &left_out, &begin, &stored) < 0) {
      fail("{} is a damaged dataset", what);
    }
    check_within(begin, stored, file, what);
    const std::size_t checksum = pipeline.checksum ? 4 : 0;
    if (left_out != 0 || stored < checksum) fail("{} is a damaged dataset", what);
    const std::string_view packed =
        file.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(stored) - checksum);
    if (pipeline.deflate ? !inflates_to(packed, chunks.bytes) : packed.size() != chunks.bytes) {
      fail("{}: chunk {} must become {} bytes when it is unpacked", what, i, chunks.bytes);
    }
  }
}

template <class T>
std::vector<T> numbers(hid_t dataset, hid_t as, std::size_t count, const std::string& what) {
  std::vector<T> values(count);
  if (H5Dread(dataset, as, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail("{} cannot be read", what);
  }
  return values;
}

}  // namespace

Dataset checked_dataset(hid_t dataset, std::string_view file, const std::string& what) {
  const Id properties(H5Dget_create_plist(dataset), H5Pclose);
  const Id type = type_of(dataset);
  if (!properties.ok() || !type.ok()) fail("{} is a damaged dataset", what);
  if (H5Pget_external_count(properties) != 0) {
    fail("{} is kept in another file, which is not read", what);
  }
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (layout == H5D_VIRTUAL) fail("{} is a virtual dataset, which is not read", what);
  const std::optional<Kind> kind = H5Tcommitted(type) == 0 ? kind_of(type) : std::nullopt;
  if (!kind) fail("{} is of a type that is not read; floats, whole numbers and bool are", what);
  const std::size_t size = H5Tget_size(type);
  const Shape shape = shape_of(dataset, size, what);
  const std::int64_t bytes = shape.elements() * static_cast<std::int64_t>(size);
  const auto length = static_cast<std::int64_t>(file.size());
  if (bytes > always_allowed && bytes / most_expansion > length) {
    fail("{} takes {} bytes, more than {} times the {} of the file", what, bytes, most_expansion,
         length);
  }
  if (layout == H5D_CHUNKED) {
    chunks_of(properties, shape, size, what);
    pipeline_of(properties, what);
  } else if (bytes > 0) {
    check_bytes(bytes, static_cast<std::int64_t>(H5Dget_storage_size(dataset)), what);
    if (layout == H5D_CONTIGUOUS) {
      check_within(H5Dget_offset(dataset), static_cast<hsize_t>(bytes), file, what);
    }
  }
  return {shape, dtype_of(*kind)};
}

Tensor read_elements(hid_t dataset, std::string_view file, const std::string& what) {
  const Dataset checked = checked_dataset(dataset, file, what);
  const Id type = type_of(dataset);
  Tensor result = Tensor::empty(checked.shape, checked.dtype);
  const auto count = static_cast<std::size_t>(result.elements());
  if (count == 0) return result;
  const Id properties(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_layout(properties) == H5D_CHUNKED) {
    check_chunks(dataset, properties, checked.shape, H5Tget_size(type), file, what);
  }
  if (checked.dtype == DType::float32) {
    float* into = result.mutable_floats().data();
    if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, into) < 0) {
      fail("{} cannot be read", what);
    }
  } else if (checked.dtype == DType::int32) {
    const auto values = numbers<std::int64_t>(dataset, H5T_NATIVE_INT64, count, what);
    for (std::size_t i = 0; i < count; ++i) {
      if (!std::in_range<std::int32_t>(values[i])) {
        fail("{}: whole numbers have at most 32 bits, got {}", what, values[i]);
      }
      result.mutable_ints()[i] = static_cast<std::int32_t>(values[i]);
    }
  } else {
    const auto values = numbers<signed char>(dataset, type, count, what);
    for (std::size_t i = 0; i < count; ++i) {
      if (values[i] != 0 && values[i] != 1) fail("{}: a bool is 0 or 1, got {}", what, values[i]);
      result.mutable_bools()[i] = values[i] == 1;
    }
  }
  return result;
}

}  // namespace kindling::hdf5
