#include <kindling/io/file.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

namespace fs = std::filesystem;

// What the operating system refuses is thrown as std::system_error in here, and gets its place in
// a message, with the path that the user gave, where the public functions catch it.
[[noreturn]] void fail_with_errno() { throw std::system_error(errno, std::generic_category()); }

void check(int result) {
  if (result != 0) fail_with_errno();
}

// Calls again where a signal came in between.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  if (result == -1) fail_with_errno();
  return result;
}

// An open file or folder.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); })) {}
  // Another handle on one that is open.
  explicit Descriptor(int open) : fd_(uninterrupted([&] { return ::dup(open); })) {}
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  struct stat status() const {
    struct stat status;
    check(::fstat(fd_, &status));
    return status;
  }

  // 0 at the end.
  std::size_t read(char* into, std::size_t size) const {
    return static_cast<std::size_t>(uninterrupted([&] { return ::read(fd_, into, size); }));
  }

  // The first bytes in memory, or null where that is not possible.
  const void* map(std::size_t size) const {
    const void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, 0);
    return at == MAP_FAILED ? nullptr : at;
  }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {  // a disk that gets full takes a part first
      const auto n = uninterrupted([&] { return ::write(fd_, bytes.data(), bytes.size()); });
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void sync() const {
    uninterrupted([&] {
      const int result = ::fsync(fd_);
      // Some file systems have nothing to sync in a folder and say so with EINVAL.
      return result == -1 && errno == EINVAL ? 0 : result;
    });
  }

  // The permissions of what is about to be replaced.
  void take_permissions(const std::string& old) const {
    struct stat status;
    if (::stat(old.c_str(), &status) == 0) check(::fchmod(fd_, status.st_mode & 07777));
  }

 private:
  int fd_;
};

void sync_folder(const std::string& path) { Descriptor(path, O_RDONLY | O_DIRECTORY).sync(); }

std::string parent_of(const std::string& path) { return fs::path(path).parent_path().string(); }

// The path without links, dots and a slash at its end: a rename would replace a link and not what
// it leads to. Only its last part may be missing.
std::string without_links(std::string path) {
  if (fs::exists(path)) return fs::canonical(path).string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const fs::path parent = fs::path(path).parent_path();
  return (fs::canonical(parent.empty() ? "." : parent) / fs::path(path).filename()).string();
}

// A name beside `target` that nobody else uses, made by `create`.
template <class Create>
std::string beside(const std::string& target, Create create) {
  static std::atomic<unsigned> next = 0;
  while (true) {
    std::string name = fmt::format("{}.tmp-{}-{}", target, ::getpid(), next++);
    try {
      create(name);
      return name;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::file_exists) throw;  // left by a process that crashed
    }
  }
}

void write_new(const std::string& path, std::string_view bytes, const std::string& replaced) {
  const Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL);
  file.take_permissions(replaced);
  file.write(bytes);
  file.sync();
}

[[noreturn]] void cannot_save(const std::string& path, const std::string& why) {
  fail("{}: cannot be saved, {}; what was there before is unchanged", path, why);
}

// The open file that /dev/stdout, /dev/stderr or /dev/fd/3 stands for, or -1. Such a link may lead
// to a plain file, which must not be replaced while others write to it.
int open_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  constexpr std::string_view folder = "/dev/fd/";
  int number = -1;
  if (!path.starts_with(folder)) return -1;
  const char* end = path.data() + path.size();
  const auto [stop, error] = std::from_chars(path.data() + folder.size(), end, number);
  return stop == end && error == std::errc() ? number : -1;
}

// Runs a part of saving to `path` that leaves what is there as it was if it fails.
template <class Part>
void saving(const std::string& path, Part part) {
  try {
    part();
  } catch (const fs::filesystem_error& error) {  // also says which folder it is about
    cannot_save(path, error.code().message() + " [" + error.path1().string() + "]");
  } catch (const std::system_error& error) {
    cannot_save(path, error.code().message());
  }
}

// The last step of saving: the new one is in place, and this makes the renaming itself last.
void sync_place(const std::string& path, const std::string& target) {
  try {
    sync_folder(parent_of(target));
  } catch (const std::system_error& error) {
    fail("{}: is saved, but could be lost in a power cut, {}", path, error.code().message());
  }
}

// The folder may hold no other files than these: they would be lost when it is replaced.
void require_only(const std::vector<std::string>& names, const std::string& folder,
                  const std::string& path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() || std::ranges::find(names, name) == names.end()) {
      cannot_save(path, "the folder there also holds " + in_quotes(name) +
                            ", which is no part of what is saved");
    }
  }
}

// Removes what a FolderWriter wrote, and nothing else: a folder that has got other files stays.
bool remove_folder(const std::string& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) ::unlink((folder + "/" + name).c_str());
  return ::rmdir(folder.c_str()) == 0;
}

// Puts the new folder in the old one's place, and returns where the old one is then.
std::string put_in_place(const std::string& fresh, const std::string& old) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, old.c_str(), RENAME_EXCHANGE) == 0) {
    return fresh;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) fail_with_errno();
  const std::string aside = fresh + ".old";
  check(::rename(old.c_str(), aside.c_str()));
  if (::rename(fresh.c_str(), old.c_str()) != 0) {
    const int reason = errno;
    if (::rename(aside.c_str(), old.c_str()) != 0) {
      fail("{}: cannot be saved, {}; what was there before is now {}", old,
           std::generic_category().message(reason), aside);
    }
    errno = reason;
    fail_with_errno();
  }
  return aside;
}

// A pipe has no size, and a file may grow: both are read until there is no more.
std::string read_to_end(const Descriptor& file, const struct stat& status) {
  constexpr std::size_t block = std::size_t{1} << 16;
  std::string bytes(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t size = 0;
  while (const std::size_t n = file.read(bytes.data() + size, bytes.size() - size)) {
    size += n;
    if (size == bytes.size()) bytes.resize(size + std::max(size, block));
  }
  bytes.resize(size);
  return bytes;
}

// What read(file, its status) makes of a file that is no folder.
template <class Read>
auto open_and_read(const std::string& path, Read read) {
  std::string step = "opened";
  try {
    const Descriptor file(path, O_RDONLY);
    const struct stat status = file.status();
    if (S_ISDIR(status.st_mode)) fail("{}: is a folder, a file is needed", path);
    step = "read to its end";
    return read(file, status);
  } catch (const std::system_error& error) {
    fail("{}: cannot be {}, {}", path, step, error.code().message());
  }
}

}  // namespace

std::string read_file(const std::string& path) {
  return open_and_read(path, [](const Descriptor& file, const struct stat& status) {
    return read_to_end(file, status);
  });
}

MappedFile::MappedFile(const std::string& path) {
  bytes_ = open_and_read(path, [&](const Descriptor& file, const struct stat& status) {
    // What has no size, such as a pipe or a file in /proc, may have bytes all the same.
    const auto size = static_cast<std::size_t>(S_ISREG(status.st_mode) ? status.st_size : 0);
    if (const void* at = size > 0 ? file.map(size) : nullptr) {
      return std::string_view(static_cast<const char*>(at), size);
    }
    read_ = read_to_end(file, status);
    return std::string_view(read_);
  });
}

MappedFile::~MappedFile() {
  if (mapped()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void write_file(const std::string& path, std::string_view bytes) {
  std::string target;
  saving(path, [&] {
    const fs::file_status there = fs::status(path);
    if (fs::is_directory(there)) fail("{}: is a folder, a file is needed", path);
    if (const int open = open_descriptor(path); open >= 0) {
      // Its place in the file goes on from where it is.
      Descriptor(open).write(bytes);
      return;
    }
    if (fs::exists(there) && !fs::is_regular_file(there)) {
      Descriptor(path, O_WRONLY).write(bytes);
      return;
    }
    target = without_links(path);
    std::string temporary;
    try {
      temporary = beside(target, [&](const std::string& name) {
        temporary = name;
        write_new(name, bytes, target);
      });
      check(::rename(temporary.c_str(), target.c_str()));
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
  });
  if (!target.empty()) sync_place(path, target);
}

void check_can_save_folder(const std::string& path, const std::vector<std::string>& names) {
  const FolderWriter unused(path);
  saving(path, [&] {
    const std::string target = without_links(path);
    if (fs::exists(target)) require_only(names, target, path);
  });
}

FolderWriter::FolderWriter(std::string path) : path_(std::move(path)) {
  if (path_.empty()) fail("a folder to save to needs a name, got \"\"");
  saving(path_, [&] {
    target_ = without_links(path_);
    if (fs::exists(target_) && !fs::is_directory(target_)) cannot_save(path_, "it is no folder");
    temporary_ = beside(target_, [](const std::string& name) {
      check(::mkdir(name.c_str(), 0777));
    });
  });
}

FolderWriter::~FolderWriter() {
  if (!temporary_.empty()) remove_folder(temporary_, names_);
}

void FolderWriter::write(const std::string& name, std::string_view bytes) {
  if (temporary_.empty()) fail("FolderWriter: {} has been committed", path_);
  if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos) {
    fail("FolderWriter: a plain file name is needed, got {}", in_quotes(name));
  }
  if (std::ranges::find(names_, name) != names_.end()) {
    fail("FolderWriter: {} is written twice", in_quotes(name));
  }
  names_.push_back(name);
  saving(path_, [&] {
    write_new(temporary_ + "/" + name, bytes, target_ + "/" + name);
  });
}

void FolderWriter::commit() {
  if (temporary_.empty()) fail("FolderWriter: {} has been committed", path_);
  std::string old;
  saving(path_, [&] {
    const bool replaces = fs::exists(target_);
    if (replaces) require_only(names_, target_, path_);
    const Descriptor folder(temporary_, O_RDONLY | O_DIRECTORY);
    folder.take_permissions(target_);
    folder.sync();
    if (replaces) {
      old = put_in_place(temporary_, target_);
    } else {
      check(::rename(temporary_.c_str(), target_.c_str()));
    }
  });
  temporary_.clear();
  sync_place(path_, target_);
  if (!old.empty() && !remove_folder(old, names_)) {
    warn(fmt::format("{}: is saved, but the one before could not be removed [{}]", path_, old));
  }
}

}  // namespace kindling
