#include "tests/io/file_calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

FileCalls file_calls;

namespace {

template <class Call>
int counted(Call call) {
  const int number = ++file_calls.count, failing = file_calls.failing;
  if (failing > 0 && (number == failing || (file_calls.all_fail && number > failing))) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(call());
}

}  // namespace

// These stand in for the C library's.
extern "C" {

int renameat2(int from, const char* old_path, int to, const char* new_path,
              unsigned flags) noexcept {
  if (file_calls.before_exchange) file_calls.before_exchange();
  if (file_calls.no_exchange) {
    errno = EINVAL;
    return -1;
  }
  return counted([&] { return ::syscall(SYS_renameat2, from, old_path, to, new_path, flags); });
}

int rename(const char* from, const char* to) noexcept {
  if (const auto happens = std::exchange(file_calls.before_rename, nullptr)) happens();
  return counted([&] { return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

int link(const char* from, const char* to) noexcept {
  return counted([&] { return ::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return counted([&] { return ::syscall(SYS_mkdirat, AT_FDCWD, path, mode); });
}

int fchmod(int file, mode_t mode) noexcept {
  return counted([&] { return ::syscall(SYS_fchmod, file, mode); });
}

int fsync(int file) {
  return counted([&] { return file_calls.no_sync ? 0 : ::syscall(SYS_fsync, file); });
}

}  // extern "C"
