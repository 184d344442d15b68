// Open files and folders, by the calls of the operating system. For source files.
//
// What it refuses is thrown as std::system_error, and gets its place in a message, with the path
// that the user gave, where the functions of file.h catch it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindling {

[[noreturn]] void fail_with_errno();
void check_call(int result);  // 0 is success

class Descriptor {
 public:
  // `path` is taken from an open folder on if there is one.
  Descriptor(const std::string& path, int flags, int folder = AT_FDCWD);
  // Another handle on one that is open.
  explicit Descriptor(int open);
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return fd_; }
  struct stat status() const;
  // Whether the path leads to this very file or folder.
  bool is_at(const std::string& path) const;

  std::size_t read(char* into, std::size_t size) const;  // 0 at the end
  // The first bytes in memory, or null where that is not possible.
  const void* map(std::size_t size) const;
  void write(std::string_view bytes) const;
  void sync() const;
  // The permissions of what is about to be replaced.
  void take_permissions(const std::string& old) const;
  // No one else's at the same time, until this is closed. False if it is someone else's, or if the
  // file system has no locks.
  bool lock(bool wait) const;

 private:
  int fd_;
};

// What is in a folder. (Out of memory, std::filesystem::directory_iterator ends the program.)
std::vector<std::string> entries_of(const std::string& folder);

// Fails if a file's name leads out of its folder.
void require_plain_name(const char* who, const std::string& name);

// Exchanges two files or folders in one step. False where the system or the file system can't.
bool exchange(const std::string& a, const std::string& b);

}  // namespace kindling
