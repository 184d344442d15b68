#include <kindling/io/archives/zip.h>

#include <zip.h>

#include <algorithm>

#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr zip_uint16_t first_day = 1 << 5 | 1;           // 1980-01-01 as DOS counts
constexpr zip_uint32_t owner_only = zip_uint32_t{0600} << 16;  // the mode of a unix file

// What fits an archive without zip64, the form for large ones, which is not read either.
constexpr std::size_t max_size = 0xfffffffe, max_members = 0xfffe, max_name = 0xffff;
constexpr std::size_t overhead = 128;  // of a member: its headers, with what libzip adds to them

// libzip's way to say what went wrong.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;

  zip_error_t* get() { return &error_; }
  std::string str() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Close {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct Free {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

std::unique_ptr<zip_source_t, Free> source_of(const void* bytes, std::size_t size,
                                              const std::string& name) {
  ZipError error;
  std::unique_ptr<zip_source_t, Free> source(
      zip_source_buffer_create(bytes, size, 0, error.get()));
  if (!source) fail("{}: {}", name, error.str());
  return source;
}

std::unique_ptr<zip_t, Discard> open_archive(std::unique_ptr<zip_source_t, Free> source, int flags,
                                             const std::string& name) {
  ZipError error;
  std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(source.get(), flags, error.get()));
  if (!archive) fail("{}: is damaged, {}", name, error.str());
  source.release();  // the archive's now
  return archive;
}

void check_limits(std::string_view bytes, const std::vector<ZipMember>& members,
                  const ZipLimits& limits, const std::string& name) {
  std::int64_t size = 0;  // of at most 65,534 times 4 GiB
  for (const ZipMember& member : members) size += member.size;
  if (size > limits.size) {
    fail("{}: its members take {} bytes, at most {} are read", name, size, limits.size);
  }
  const auto archive = static_cast<std::int64_t>(bytes.size());
  if (size > limits.any_ratio && size > limits.ratio * archive) {
    fail("{}: its members take {} bytes, {} times what the archive does; beyond {} bytes, at most "
         "{} times are read", name, size, size / archive, limits.any_ratio, limits.ratio);
  }
}

}  // namespace

struct ZipReader::Archive {
  std::unique_ptr<zip_t, Discard> zip;
};

ZipReader::ZipReader(std::string_view bytes, std::string name, const ZipLimits& limits)
    : name_(std::move(name)) {
  open(bytes, limits);
}

ZipReader::ZipReader(std::string&& bytes, std::string name, const ZipLimits& limits)
    : owned_(std::move(bytes)), name_(std::move(name)) {
  open(owned_, limits);
}

ZipReader::~ZipReader() = default;

void ZipReader::open(std::string_view bytes, const ZipLimits& limits) {
  members_ = read_zip_directory(bytes, name_);
  check_limits(bytes, members_, limits, name_);
  archive_ = std::make_unique<Archive>(Archive{open_archive(
      source_of(bytes.data(), bytes.size(), name_), ZIP_RDONLY | ZIP_CHECKCONS, name_)});
  // What libzip has found must be what has been checked: it looks for the directory in other ways.
  zip_t* zip = archive_->zip.get();
  bool same = zip_get_num_entries(zip, 0) == std::ssize(members_);
  for (std::size_t i = 0; same && i < members_.size(); ++i) {
    const ZipMember& member = members_[i];
    const char* found = zip_get_name(zip, i, ZIP_FL_ENC_RAW);
    zip_stat_t status;
    same = found != nullptr && found == member.name && zip_stat_index(zip, i, 0, &status) == 0 &&
           status.size == static_cast<zip_uint64_t>(member.size) &&
           status.comp_size == static_cast<zip_uint64_t>(member.packed) &&
           status.crc == member.crc &&
           status.comp_method == (member.deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE) &&
           status.encryption_method == ZIP_EM_NONE;
  }
  for (std::size_t i = 0; i < members_.size(); ++i) places_.emplace(members_[i].name, i);
  if (!same) fail("{}: is ambiguous, its directory can be read in two ways", name_);
}

bool ZipReader::contains(const std::string& member) const {
  return places_.contains(member);
}

void ZipReader::no_member(const std::string& name) const {
  constexpr std::size_t shown = 20;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(members_.size(), shown); ++i) {
    names.push_back(in_quotes(members_[i].name));
  }
  if (names.empty()) names.push_back("none");
  if (members_.size() > shown) names.push_back("..");
  fail("{}: has no member {}, it has {}", name_, in_quotes(name), fmt::join(names, ", "));
}

std::string ZipReader::read(const std::string& name) const {
  const auto place = places_.find(name);
  if (place == places_.end()) no_member(name);
  const ZipMember& member = members_[place->second];
  const auto damaged = [&](const std::string& why) {
    fail("{}: member {}: is damaged, {}", name_, in_quotes(name), why);
  };
  zip_t* zip = archive_->zip.get();
  const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(zip, place->second, 0));
  if (!file) damaged(zip_error_strerror(zip_get_error(zip)));
  // One byte more than it says: the checksum is compared where the content ends.
  std::string content(static_cast<std::size_t>(member.size) + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const zip_int64_t n = zip_fread(file.get(), content.data() + size, content.size() - size);
    if (n < 0) damaged(zip_error_strerror(zip_file_get_error(file.get())));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size + 1 != content.size()) {
    damaged(fmt::format("it says {} bytes, got {}", member.size,
                        size == content.size() ? "more" : std::to_string(size)));
  }
  content.pop_back();
  return content;
}

void ZipWriter::add(const std::string& member, std::string content) {
  const auto refuse = [&](const std::string& why) {
    fail("{}: member {}: {}", name_, in_quotes(member), why);
  };
  if (const std::string fault = fault_of_name(member); !fault.empty()) refuse(fault);
  if (member.size() > max_name) {
    refuse(fmt::format("a name has at most {} bytes, got {}", max_name, member.size()));
  }
  if (!names_.insert(member).second) refuse("stands twice");
  size_ += content.size() + 2 * member.size() + overhead;
  if (size_ > max_size) refuse("is beyond 4 GiB, which a zip archive is not written with");
  if (members_.size() == max_members) {
    refuse(fmt::format("an archive has at most {} members", max_members));
  }
  members_.emplace_back(member, std::move(content));
}

std::string ZipWriter::bytes() const {
  // libzip writes no archive without members: it is the end record alone.
  if (members_.empty()) return "PK\5\6" + std::string(18, '\0');
  const auto written = source_of(nullptr, 0, name_);
  zip_source_keep(written.get());  // the archive takes the source, which is read afterwards
  auto archive = open_archive(std::unique_ptr<zip_source_t, Free>(written.get()), ZIP_TRUNCATE,
                              name_);
  const auto require = [&](bool done) {
    if (!done) fail("{}: cannot be written, {}", name_, zip_strerror(archive.get()));
  };
  for (const auto& [member, content] : members_) {
    auto source = source_of(content.data(), content.size(), name_);
    const zip_int64_t added =
        zip_file_add(archive.get(), member.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    require(added >= 0);
    source.release();  // the archive's now
    const auto index = static_cast<zip_uint64_t>(added);
    require(zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0) == 0);
    require(zip_file_set_dostime(archive.get(), index, 0, first_day, 0) == 0);
    require(zip_file_set_external_attributes(archive.get(), index, 0, ZIP_OPSYS_UNIX,
                                             owner_only) == 0);
  }
  require(zip_close(archive.get()) == 0);
  archive.release();

  std::string bytes;
  zip_stat_t status;
  const auto require_read = [&](bool done) {
    if (!done) {
      fail("{}: cannot be written, {}", name_, zip_error_strerror(zip_source_error(written.get())));
    }
  };
  require_read(zip_source_stat(written.get(), &status) == 0);
  bytes.resize(status.size);
  require_read(zip_source_open(written.get()) == 0);
  require_read(zip_source_read(written.get(), bytes.data(), bytes.size()) ==
               static_cast<zip_int64_t>(bytes.size()));
  require_read(zip_source_close(written.get()) == 0);
  return bytes;
}

}  // namespace kindling
