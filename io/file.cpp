#include <kindling/io/file.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include <kindling/io/descriptor.h>
#include <kindling/io/in_file.h>

namespace kindling {
namespace {

const char* kind_of_file(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR: return "a folder";
    case S_IFIFO: return "a pipe";
    default: return "a device";
  }
}

// A clone of a repository without its large files has texts in their places that say what belongs
// there.
void refuse_git_lfs_pointer(const Descriptor& file, const struct stat& status,
                            const std::string& path) {
  constexpr off_t longest_pointer = 1024;
  constexpr std::string_view begins = "version https://git-lfs.github.com/spec/", size = "\nsize ";
  if (status.st_size >= longest_pointer) return;
  char bytes[longest_pointer];
  const ssize_t n = ::pread(file.number(), bytes, sizeof bytes, 0);
  const std::string_view text(bytes, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (!text.starts_with(begins)) return;
  const std::size_t at = text.find(size);
  std::uint64_t whole = 0;
  if (at != text.npos) {
    std::from_chars(text.data() + at + size.size(), text.data() + text.size(), whole);
  }
  fail("{}: is a Git LFS pointer to a file of {} bytes that was not fetched; git lfs pull fetches "
       "it", path, whole);
}

// The one place where files are opened to be read. Opening a pipe waits for a writer, unless told
// not to.
Descriptor open_regular(const std::string& name, int folder, const std::string& path) {
  Descriptor file(name, O_RDONLY | O_NONBLOCK, folder);
  const struct stat status = file.status();
  if (!S_ISREG(status.st_mode)) fail("{}: is {}, a file is needed", path, kind_of_file(status));
  refuse_git_lfs_pointer(file, status, path);
  return file;
}

// What a step of reading returns; what the system refuses, and memory that is not to be had, are
// errors that name the file.
template <class Step>
auto reading(const std::string& path, const char* step, Step run) {
  return in_file(path, [&] {
    try {
      return run();
    } catch (const std::system_error& error) {
      fail("{}: cannot be {}, {}", path, step, error.code().message());
    }
  });
}

// `path` is what messages call it.
Descriptor opened(const std::string& name, int folder, const std::string& path) {
  return reading(path, "opened", [&] { return open_regular(name, folder, path); });
}

// A file may grow, and in /proc has no size: it is read until there is no more.
std::string read_to_end(const Descriptor& file, std::int64_t most, const std::string& path) {
  return reading(path, "read to its end", [&] {
    constexpr std::size_t block = std::size_t{1} << 16;
    const auto check = [&](std::int64_t size) {
      if (size > most) fail("{}: is read up to {} bytes, got {}", path, most, size);
    };
    const std::int64_t expected = file.status().st_size;
    check(expected);
    std::string bytes(static_cast<std::size_t>(expected) + 1, '\0');
    std::size_t size = 0;
    while (const std::size_t n = file.read(bytes.data() + size, bytes.size() - size)) {
      size += n;
      check(static_cast<std::int64_t>(size));
      if (size == bytes.size()) bytes.resize(size + std::max(size, block));
    }
    bytes.resize(size);
    return bytes;
  });
}

}  // namespace

std::string read_file(const std::string& path, std::int64_t most) {
  return read_to_end(opened(path, AT_FDCWD, path), most, path);
}

InputFile::InputFile(const std::string& path)
    : path_(path), file_(std::make_shared<const Descriptor>(opened(path, AT_FDCWD, path))) {}

std::size_t InputFile::read(char* into, std::size_t size) const {
  return reading(path_, "read to its end", [&] { return file_->read(into, size); });
}

FolderReader::FolderReader(std::string path) : path_(std::move(path)) {
  try {
    folder_ = std::make_shared<const Descriptor>(path_, O_RDONLY | O_DIRECTORY);
  } catch (const std::system_error& error) {
    error_ = error.code().value();  // said of the first file that is looked for
  }
}

int FolderReader::number(const std::string& name) const {
  require_plain_name("FolderReader", name);
  if (folder_) return folder_->number();
  fail("{}: cannot be opened, {}", path_of(name), std::generic_category().message(error_));
}

std::string FolderReader::read(const std::string& name, std::int64_t most) const {
  return read_to_end(opened(name, number(name), path_of(name)), most, path_of(name));
}

bool FolderReader::contains(const std::string& name) const {
  return folder_ && ::faccessat(folder_->number(), name.c_str(), F_OK, 0) == 0;
}

bool FolderReader::replaced() const {
  struct stat there;
  return folder_ ? !folder_->is_at(path_) : ::stat(path_.c_str(), &there) == 0;
}

MappedFile::MappedFile(const std::string& path) : MappedFile(AT_FDCWD, path, path) {}

MappedFile::MappedFile(const FolderReader& folder, const std::string& name)
    : MappedFile(folder.number(name), name, folder.path_of(name)) {}

MappedFile::MappedFile(int folder, const std::string& name, const std::string& path) {
  const Descriptor file = opened(name, folder, path);
  const auto size = static_cast<std::size_t>(file.status().st_size);
  if (const void* at = size > 0 ? file.map(size) : nullptr) {
    bytes_ = {static_cast<const char*>(at), size};
    return;
  }
  read_ = read_to_end(file, largest_file, path);
  bytes_ = read_;
}

MappedFile::~MappedFile() {
  if (mapped()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace kindling
