// Opening an HDF5 file: what it is, and a walk over its groups that trusts nothing.
#include <algorithm>
#include <atomic>
#include <set>

#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/hdf5_elements.h>
#include <kindling/io/archives/hdf5_library.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::size_t most_objects = 1'000'000;
constexpr std::size_t most_depth = 64;

std::string inside(const std::string& group, const std::string& name) {
  return group.empty() ? name : group + "/" + name;
}

std::uint64_t little_endian(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

// The superblock's own words, before the library takes them: where it begins, and where it ends.
void check_superblock(std::string_view bytes, const std::string& name) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  constexpr std::size_t header = 64;
  if (!bytes.starts_with(signature)) fail("{}: is no HDF5 file", name);
  if (bytes.size() < header) fail("{}: is cut short, it is {} bytes long", name, bytes.size());
  const int version = static_cast<unsigned char>(bytes[8]);
  if (version > 3) fail("{}: version {} of HDF5's superblock is not known", name, version);
  const bool old = version < 2;
  const std::size_t sizes = old ? 13 : 9;
  if (bytes[sizes] != 8 || bytes[sizes + 1] != 8) {
    fail("{}: addresses and lengths are of 8 bytes, got {} and {}", name, int{bytes[sizes]},
         int{bytes[sizes + 1]});
  }
  const std::size_t base = old ? (version == 0 ? 24 : 28) : 12;
  const std::uint64_t begin = little_endian(bytes, base);
  const std::uint64_t end = little_endian(bytes, base + 16);
  if (begin != 0) fail("{}: must begin at byte 0, its header says {}", name, begin);
  if (end > bytes.size()) {
    fail("{}: is cut short, its header says {} bytes, got {}", name, end, bytes.size());
  }
}

struct Link {
  std::string name;
  H5L_type_t type;
};

// Called back by the library, so it doesn't throw: 1 stops, and says that there are too many.
herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* into) {
  auto& links = *static_cast<std::vector<Link>*>(into);
  if (links.size() == most_objects) return 1;
  links.push_back({name, info->type});
  return 0;
}

}  // namespace

std::string next_file_name() {
  static std::atomic<std::uint64_t> next{0};
  return fmt::format("kindling {}", next.fetch_add(1));
}

struct File::Impl {
  std::string bytes;
  Id file = {};
};

namespace {

// Group by group, the hard links alone: each object once, and no deeper than it should be.
class Walk {
 public:
  Walk(const std::string& file, std::string_view bytes, std::map<std::string, Dataset>& datasets,
       std::vector<std::string>& groups)
      : file_(file), bytes_(bytes), datasets_(datasets), groups_(groups) {}

  void run(hid_t root) {
    H5O_info_t info;
    if (H5Oget_info2(root, &info, H5O_INFO_BASIC) < 0) damaged();
    seen_.insert(info.addr);
    std::vector<Waiting> waiting = {{"", 0}};
    while (!waiting.empty()) {
      const Waiting group = waiting.back();
      waiting.pop_back();
      groups_.push_back(group.path);
      const Id id(H5Gopen2(root, group.path.empty() ? "/" : group.path.c_str(), H5P_DEFAULT),
                  H5Gclose);
      if (!id.ok()) damaged();
      for (const Link& link : links(id)) visit(id, group, link, waiting);
    }
  }

 private:
  struct Waiting {
    std::string path;
    std::size_t depth;
  };

  [[noreturn]] void damaged() const { fail("{}: is a damaged HDF5 file", file_); }

  std::vector<Link> links(hid_t group) const {
    std::vector<Link> all;
    hsize_t next = 0;
    const herr_t status = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &next, collect_link, &all);
    if (status < 0) damaged();
    if (status > 0) too_many();
    return all;
  }
  [[noreturn]] void too_many() const {
    fail("{}: at most {} groups and datasets are read", file_, most_objects);
  }

  void visit(hid_t group, const Waiting& parent, const Link& link, std::vector<Waiting>& waiting) {
    const std::string path = inside(parent.path, link.name);
    const std::string what = file_ + ": " + in_quotes(path);
    if (link.type != H5L_TYPE_HARD) {
      fail("{} is {} link; only hard links are read", what,
           link.type == H5L_TYPE_SOFT ? "a soft" : "an external");
    }
    H5O_info_t info;
    const char* name = link.name.c_str();
    if (H5Oget_info_by_name2(group, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0) damaged();
    if (!seen_.insert(info.addr).second) {
      fail("{} is linked more than once; every group and dataset must have one name", what);
    }
    if (seen_.size() > most_objects) too_many();
    if (info.type == H5O_TYPE_GROUP) {
      if (parent.depth == most_depth) {
        fail("{}: groups are nested deeper than {} levels", file_, most_depth);
      }
      waiting.push_back({path, parent.depth + 1});
    } else if (info.type == H5O_TYPE_DATASET) {
      const Id dataset(H5Dopen2(group, name, H5P_DEFAULT), H5Dclose);
      if (!dataset.ok()) fail("{} is a damaged dataset", what);
      datasets_.emplace(path, checked_dataset(dataset, bytes_, what));
    } else {
      fail("{} is a named type; groups and datasets are read", what);
    }
  }

  const std::string& file_;
  std::string_view bytes_;
  std::map<std::string, Dataset>& datasets_;
  std::vector<std::string>& groups_;
  std::set<haddr_t> seen_;
};

}  // namespace

File::File(std::string bytes, std::string name)
    : name_(std::move(name)), impl_(std::make_unique<Impl>(Impl{std::move(bytes)})) {
  check_superblock(impl_->bytes, name_);
  const Quiet quiet;
  {
    const Id access = in_memory();
    // The library copies the bytes, and doesn't change ours.
    if (H5Pset_file_image(access, impl_->bytes.data(), impl_->bytes.size()) < 0) {
      fail("{}: there is no memory for {} bytes", name_, impl_->bytes.size());
    }
    impl_->file = Id(H5Fopen(next_file_name().c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  }
  if (!impl_->file.ok()) fail("{}: is a damaged HDF5 file", name_);
  Walk(name_, impl_->bytes, datasets_, groups_).run(impl_->file);
  std::ranges::sort(groups_);
}

File::~File() {
  const Quiet quiet;
  impl_.reset();
}

File::File(File&&) noexcept = default;

bool File::has_group(const std::string& path) const {
  return std::ranges::binary_search(groups_, path);
}

Tensor File::read(const std::string& path) const {
  const std::string what = name_ + ": " + in_quotes(path);
  if (!datasets_.contains(path)) fail("{} is not there", what);
  const Quiet quiet;
  const Id dataset(H5Dopen2(impl_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.ok()) fail("{} is a damaged dataset", what);
  return read_elements(dataset, impl_->bytes, what);
}

Config File::attribute(const std::string& group, const std::string& name) const {
  const Quiet quiet;
  return read_attribute(impl_->file, group, name, name_);
}

}  // namespace kindling::hdf5
