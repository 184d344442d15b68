// The calls with which a program changes files, in place of the C library's. A program that is
// killed between two changes leaves the same files as one that is killed just before the second of
// the two: so one that is killed at each change has been killed at every moment.
#include "tests/resume/change.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<long> changes{0};
long last = 0;  // 0: none

// Counts one change; `part` runs if the program is to end in the middle of it.
template <class Part>
void change(Part part) {
  if (++changes != last) return;
  part();
  raise(SIGKILL);
}

void change() {
  change([] {});
}

// The C library's function of this name.
template <class Function>
Function* original(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

long changes_of_files() { return changes; }
void die_at_change(long number) { last = number; }

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  static auto* const next = original(&write, "write");
  // A killed program may have written a part.
  change([&] { next(file, bytes, size / 2); });
  return next(file, bytes, size);
}

// What a FILE holds is written within the C library.
int fflush(FILE* file) {
  static auto* const next = original(&fflush, "fflush");
  change();
  return next(file);
}

int fsync(int file) {
  static auto* const next = original(&fsync, "fsync");
  change();
  return next(file);
}

int link(const char* from, const char* to) noexcept {
  static auto* const next = original(&link, "link");
  change();
  return next(from, to);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const next = original(&mkdir, "mkdir");
  change();
  return next(path, mode);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = original(&rename, "rename");
  change();
  return next(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  static auto* const next = original(&renameat2, "renameat2");
  change();
  return next(from_folder, from, to_folder, to, flags);
}

int rmdir(const char* path) noexcept {
  static auto* const next = original(&rmdir, "rmdir");
  change();
  return next(path);
}

int unlink(const char* path) noexcept {
  static auto* const next = original(&unlink, "unlink");
  change();
  return next(path);
}

}  // extern "C"
