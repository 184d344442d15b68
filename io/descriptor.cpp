#include <kindling/io/descriptor.h>

#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// Calls again where a signal came in between.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  if (result == -1) fail_with_errno();
  return result;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

std::vector<std::string> entries_of(const std::string& folder) {
  const std::unique_ptr<DIR, CloseFolder> open(::opendir(folder.c_str()));
  if (!open) fail_with_errno();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) fail_with_errno();
  return names;
}

void fail_with_errno() { throw std::system_error(errno, std::generic_category()); }

void check_call(int result) {
  if (result != 0) fail_with_errno();
}

void require_plain_name(const char* who, const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos) {
    fail("{}: a plain file name is needed, got {}", who, in_quotes(name));
  }
}

Descriptor::Descriptor(const std::string& path, int flags, int folder)
    : fd_(uninterrupted([&] {
        return ::openat(folder, path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666);
      })) {}

Descriptor::Descriptor(int open) : fd_(uninterrupted([&] { return ::dup(open); })) {}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

struct stat Descriptor::status() const {
  struct stat status;
  check_call(::fstat(fd_, &status));
  return status;
}

bool Descriptor::is_at(const std::string& path) const {
  struct stat there;
  if (::stat(path.c_str(), &there) != 0) return false;
  const struct stat here = status();
  return there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

std::size_t Descriptor::read(char* into, std::size_t size) const {
  return static_cast<std::size_t>(uninterrupted([&] { return ::read(fd_, into, size); }));
}

const void* Descriptor::map(std::size_t size) const {
  const void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, 0);
  return at == MAP_FAILED ? nullptr : at;
}

void Descriptor::write(std::string_view bytes) const {
  while (!bytes.empty()) {  // a disk that gets full takes a part first
    const auto n = uninterrupted([&] { return ::write(fd_, bytes.data(), bytes.size()); });
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Descriptor::sync() const {
  uninterrupted([&] {
    const int result = ::fsync(fd_);
    // Some file systems have nothing to sync in a folder and say so with EINVAL.
    return result == -1 && errno == EINVAL ? 0 : result;
  });
}

void Descriptor::take_permissions(const std::string& old) const {
  struct stat status;
  if (::stat(old.c_str(), &status) == 0) check_call(::fchmod(fd_, status.st_mode & 07777));
}

bool Descriptor::lock(bool wait) const {
  int result = -1;
  do {
    result = ::flock(fd_, LOCK_EX | (wait ? 0 : LOCK_NB));
  } while (result == -1 && errno == EINTR);
  return result == 0;
}

}  // namespace kindling
