// Written by the library, quiet and one thread at a time.
#include <kindling/io/archives/hdf5.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include <hdf5.h>

#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

// A handle and what closes it. Negative if making it failed.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id() = default;
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  bool ok() const { return id_ >= 0; }
  operator hid_t() const { return id_; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

// While one lives, the library prints nothing and no other thread is in it (Debian's can't have
// two). What the program around us set is put back.
class Quiet {
 public:
  Quiet() : lock_(mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  static std::recursive_mutex& mutex() {
    static std::recursive_mutex one;
    return one;
  }
  std::scoped_lock<std::recursive_mutex> lock_;
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

// Access to a file that is only in memory.
Id in_memory() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  constexpr std::size_t grows_by = 1 << 16;
  H5Pset_fapl_core(access, grows_by, 0);
  return access;
}

// The library takes two open files of one name for the same.
std::string next_file_name() {
  static std::atomic<std::uint64_t> next{0};
  return fmt::format("kindling {}", next.fetch_add(1));
}

void check(herr_t status) {
  if (status < 0) fail("HDF5: a file in memory cannot be written");
}
Id made(hid_t id, Id::Close close) {
  check(id < 0 ? -1 : 0);
  return {id, close};
}

// Bytes that are FALSE or TRUE, as h5py has it.
Id boolean_type() {
  Id type = made(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  constexpr signed char no = 0, yes = 1;
  check(H5Tenum_insert(type, "FALSE", &no));
  check(H5Tenum_insert(type, "TRUE", &yes));
  return type;
}

// Without the time of writing, so that the same numbers give the same bytes.
Id timeless() {
  Id properties = made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  check(H5Pset_obj_track_times(properties, false));
  return properties;
}

}  // namespace

struct Writer::Impl {
  Id file, parents;
};

Writer::Writer() : impl_(std::make_unique<Impl>()) {
  const Quiet quiet;
  const Id access = in_memory();
  impl_->file = made(H5Fcreate(next_file_name().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access),
                     H5Fclose);
  impl_->parents = made(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  check(H5Pset_create_intermediate_group(impl_->parents, 1));
}

Writer::~Writer() {
  const Quiet quiet;
  impl_.reset();
}

void Writer::note(const std::string& path, bool is_group) {
  const auto above = static_cast<std::size_t>(std::ranges::count(path, '/'));
  if (above + (is_group ? 1 : 0) >= most_depth) {
    fail("{}: groups are nested deeper than {} levels", in_quotes(path), most_depth);
  }
  if ((objects_ += is_group ? 2 : 1) > most_objects) {  // with the group above it
    fail("{}: at most {} groups and datasets are written", in_quotes(path), most_objects);
  }
}

void Writer::group(const std::string& path, const std::string& name) {
  note(path, true);
  const Quiet quiet;
  const Id group = made(H5Gcreate2(impl_->file, path.c_str(), impl_->parents, H5P_DEFAULT,
                                   H5P_DEFAULT), H5Gclose);
  if (name.empty()) return;
  const Id type = made(H5Tcopy(H5T_C_S1), H5Tclose);
  check(H5Tset_size(type, H5T_VARIABLE));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  const Id space = made(H5Screate(H5S_SCALAR), H5Sclose);
  const Id attribute = made(H5Acreate2(group, "name", type, space, H5P_DEFAULT, H5P_DEFAULT),
                            H5Aclose);
  const char* text = name.c_str();
  check(H5Awrite(attribute, type, static_cast<const void*>(&text)));
}

void Writer::dataset(const std::string& path, const Tensor& value) {
  note(path, false);
  const Quiet quiet;
  std::vector<hsize_t> sizes;
  for (const std::int64_t size : value.shape()) sizes.push_back(static_cast<hsize_t>(size));
  const Id space = made(value.rank() == 0 ? H5Screate(H5S_SCALAR)
                                          : H5Screate_simple(value.rank(), sizes.data(), nullptr),
                        H5Sclose);
  const Id booleans = boolean_type(), properties = timeless();
  const DType dtype = value.dtype();
  const hid_t type = dtype == DType::float32 ? H5T_IEEE_F32LE
                     : dtype == DType::int32 ? H5T_STD_I32LE
                                             : hid_t{booleans};
  const hid_t memory = dtype == DType::float32 ? H5T_NATIVE_FLOAT
                       : dtype == DType::int32 ? H5T_NATIVE_INT32
                                               : hid_t{booleans};
  const void* elements = dtype == DType::float32 ? static_cast<const void*>(value.floats().data())
                         : dtype == DType::int32 ? static_cast<const void*>(value.ints().data())
                                                 : static_cast<const void*>(value.bools().data());
  const Id dataset = made(H5Dcreate2(impl_->file, path.c_str(), type, space, impl_->parents,
                                     properties, H5P_DEFAULT), H5Dclose);
  if (value.elements() == 0) return;
  check(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements));
}

void Writer::dataset(const std::string& path, std::int64_t value) {
  note(path, false);
  const Quiet quiet;
  const Id space = made(H5Screate(H5S_SCALAR), H5Sclose), properties = timeless();
  const Id dataset = made(H5Dcreate2(impl_->file, path.c_str(), H5T_STD_I64LE, space,
                                     impl_->parents, properties, H5P_DEFAULT), H5Dclose);
  check(H5Dwrite(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
}

std::string Writer::bytes() {
  const Quiet quiet;
  check(H5Fflush(impl_->file, H5F_SCOPE_GLOBAL));
  const ssize_t size = H5Fget_file_image(impl_->file, nullptr, 0);
  check(size < 0 ? -1 : 0);
  std::string image(static_cast<std::size_t>(size), '\0');
  check(H5Fget_file_image(impl_->file, image.data(), image.size()) < 0 ? -1 : 0);
  return image;
}

}  // namespace kindling::hdf5
