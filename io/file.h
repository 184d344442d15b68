// Files: read whole or mapped into memory, and written so that a crash or a full disk never costs
// what was there before.
//
//   FolderWriter folder("model");
//   folder.write("weights.safetensors", safetensors_bytes(weights));
//   folder.write("model.json", to_json(config));
//   folder.commit();
//
// What is new is written beside the old under a temporary name (model.tmp-PID-N), synced to disk,
// and then takes the old one's place in one step. A crash leaves at most the temporary one behind,
// which may be deleted. Links are followed, and what is replaced hands on its permissions.
//
// Errors:
//   model.json: cannot be opened, No such file or directory
//   model.json: is a folder, a file is needed
//   model: cannot be saved, No space left on device; what was there before is unchanged
//   model: cannot be saved, it is no folder; what was there before is unchanged
//   model: cannot be saved, the folder there also holds "notes.txt", which is no part of what is
//     saved; what was there before is unchanged
#pragma once

#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace kindling {

// The bytes of a file, or of a pipe to its end.
std::string read_file(const std::string& path);

// The bytes of a file without a copy of them all: it is mapped into memory, and what is looked at
// comes from disk. What cannot be mapped, such as a pipe, is read to its end as read_file does it.
//
// A mapped file that another program cuts short takes this one down with it (SIGBUS), and one that
// it writes to changes under the reader. Replacing the file, as write_file does it, is harmless.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }
  bool mapped() const { return bytes_.data() != read_.data(); }

 private:
  std::string read_;  // if it is not mapped
  std::string_view bytes_;
};

// One file, replaced in one step. A pipe or a device, such as /dev/stdout, is written to directly.
void write_file(const std::string& path, std::string_view bytes);

// Fails if a folder of these files could not be saved at `path`: the folder above is missing or
// can't be written to, or what is there holds other files. Leaves nothing behind.
void check_can_save_folder(const std::string& path, const std::vector<std::string>& names);

// A folder of files that is replaced in one step, at commit(). Without one, nothing happens. On a
// file system that can't exchange two folders, the step is two: after a crash between them the old
// folder is model.tmp-PID-N.old.
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
  std::vector<std::string> names_;
};

}  // namespace kindling
#pragma GCC visibility pop
