// Files: read whole or mapped into memory, and written so that a crash or a full disk never costs
// what was there before.
//
//   FolderWriter folder("model");
//   folder.write("weights.safetensors", safetensors_bytes(weights));
//   folder.write("model.json", to_json(config));
//   folder.commit();
//
// What is new is written beside the old under a temporary name (model.tmp-PID-N), synced to disk,
// and then takes the old one's place in one step. Whatever fails, the last sync too, what was there
// before is there again. A crash leaves at most the temporary one behind, which the next save to
// the same place removes. Links are followed, and what is replaced hands on its permissions.
//
// Only regular files are read, since a pipe may never answer and a device never end.
//
// Errors:
//   model.json: cannot be opened, No such file or directory
//   model.json: is a folder, a file is needed       (or a pipe, or a device)
//   model.json: is read up to 67108864 bytes, got 80000000
//   model.json: takes more memory than there is
//   w.safetensors: is a Git LFS pointer to a file of 12345 bytes that was not fetched; git lfs pull
//     fetches it
//   model: cannot be saved, No space left on device; what was there before is unchanged
//   model: cannot be saved, it is no folder; what was there before is unchanged
//   model: cannot be saved, the folder there also holds "notes.txt", which is no part of what is
//     saved; what was there before is unchanged
//   model: cannot be saved, it is the folder that the program runs in, and a new one would take its
//     place; what was there before is unchanged
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/tensor/error.h>

#pragma GCC visibility push(default)
namespace kindling {

class Descriptor;

// The bytes of a file, of `most` at most.
constexpr std::int64_t largest_file = std::int64_t{1} << 32;
std::string read_file(const std::string& path, std::int64_t most = largest_file);

// A file that is read piece by piece.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  // The next bytes, `size` at most; 0 at the end.
  std::size_t read(char* into, std::size_t size) const;

 private:
  std::string path_;
  std::shared_ptr<const Descriptor> file_;
};

// The files of a folder, all of the one that was at `path` when this was made: a folder that is
// saved in its place meanwhile doesn't mix with it.
class FolderReader {
 public:
  explicit FolderReader(std::string path);

  // Where a file is, for messages.
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  std::string read(const std::string& name, std::int64_t most = largest_file) const;
  bool contains(const std::string& name) const;
  // Whether another folder is at the path by now.
  bool replaced() const;

 private:
  friend class MappedFile;
  int number(const std::string& name) const;
  std::string path_;
  std::shared_ptr<const Descriptor> folder_;  // null if it could not be opened
  int error_ = 0;                             // and why
};

// read(FolderReader), again if that failed because another folder was saved in its place, whose
// writer removes the files of the old one.
template <class Read>
auto read_folder(const std::string& path, Read read) {
  constexpr int most = 100;
  for (int times = 1;; ++times) {
    const FolderReader folder(path);
    try {
      return read(folder);
    } catch (const Error&) {
      if (times == most || !folder.replaced()) throw;
    }
  }
}

// The bytes of a file without a copy of them all: it is mapped into memory, and what is looked at
// comes from disk. What cannot be mapped, such as a file in /proc, is read as read_file does it.
//
// A mapped file that another program cuts short takes this one down with it (SIGBUS), and one that
// it writes to changes under the reader. Replacing the file, as write_file does it, is harmless.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  MappedFile(const FolderReader& folder, const std::string& name);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }
  bool mapped() const { return bytes_.data() != read_.data(); }

 private:
  MappedFile(int folder, const std::string& name, const std::string& path);
  std::string read_;  // if it is not mapped
  std::string_view bytes_;
};

// One file, replaced in one step. A pipe or a device, such as /dev/stdout, is written to directly.
void write_file(const std::string& path, std::string_view bytes);

// Fails if write_file could not write one here. Leaves nothing behind.
void check_can_write_file(const std::string& path);

// Fails if a folder of these files could not be saved at `path`: the folder above is missing or
// can't be written to, or what is there holds other files. Leaves nothing behind.
void check_can_save_folder(const std::string& path, const std::vector<std::string>& names);

// A folder of files that is replaced in one step, at commit(). Without one, nothing happens. Where
// two folders can't be exchanged, the step is two: after a crash between them the old folder is
// model.tmp-PID-N.old.
class FolderWriter {
 public:
  // The folder above `path` must exist; `path` itself need not.
  explicit FolderWriter(std::string path);
  ~FolderWriter();
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;

  // `name` is one plain file name.
  void write(const std::string& name, std::string_view bytes);

  // Puts the new folder in place. The old one is removed, and may therefore hold no other files
  // than those that have been written now.
  void commit();

 private:
  std::string path_;       // as given, for messages
  std::string target_;     // the same without links
  std::string temporary_;  // empty once it is in place
  std::shared_ptr<const Descriptor> folder_;  // the same, open and locked
  std::vector<std::string> names_;
};

}  // namespace kindling
#pragma GCC visibility pop
