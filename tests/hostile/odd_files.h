// Files that are no files: what never answers, never ends, is a stand-in, or is all promise.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>

#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/hostile/refusal.h"

using ReadPath = std::function<void(const std::string& path)>;

// Checks what read(path) says of a file of this name. `said` is where messages say it is, if not at
// the path itself; of a file of zeros that takes a terabyte, it must only say something.
inline void check_odd_files(const std::string& name, const ReadPath& read,
                            const std::string& inside = {}) {
  CAPTURE(name, inside);
  const TemporaryFolder folder;
  const std::string path = folder.file(name), file = inside.empty() ? path : path + "/" + inside;
  if (!inside.empty()) std::filesystem::create_directory(path);
  const auto says = [&](const std::string& message) {
    CHECK(refusal([&] { read(path); }, std::size_t{1} << 26) == file + message);
    std::filesystem::remove(file);
  };
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  says(": is a pipe, a file is needed");
  std::filesystem::create_symlink("/dev/zero", file);
  says(": is a device, a file is needed");
  std::filesystem::create_directory(file);
  CHECK(refusal([&] { read(path); }).starts_with(file + ": is a folder, "));
  std::filesystem::remove(file);
  folder.write(std::filesystem::relative(file, folder.path()).string(),
               "version https://git-lfs.github.com/spec/v1\n"
               "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
               "size 12345\n");
  says(": is a Git LFS pointer to a file of 12345 bytes that was not fetched; git lfs pull fetches "
       "it");
  folder.write(std::filesystem::relative(file, folder.path()).string(), "");
  std::filesystem::resize_file(file, std::uintmax_t{1} << 40);
  CHECK(refusal([&] { read(path); }, std::size_t{1} << 26).starts_with(file + ":"));
}
