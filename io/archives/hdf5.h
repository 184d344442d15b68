// HDF5 files in memory: groups, datasets of numbers and attributes of groups, as h5py makes them.
//
//   hdf5::File file(bytes, "m.weights.h5");
//   Tensor kernel = file.read("layers/dense/vars/0");
//   Config name = file.attribute("layers/dense/vars", "name");
//
// Files are written by HDF5's C library. They are read without it: it trusts what it reads, and of
// files with a few changed bytes some in a thousand take it down. Read is what h5py writes unless
// it is told otherwise: superblocks 0, 2 and 3, groups with symbol tables or links in their
// headers, datasets that are contiguous, compact or in chunks. Nothing is believed that was not
// checked, and a dataset takes at most `most_expansion` times the bytes of the file, as do all of
// them together beyond 64 MiB. Elements are float32 (floats of 2, 4 and 8 bytes), int32 (whole
// numbers that fit) and bool (as h5py has it).
//
// Errors:
//   m.h5: is no HDF5 file
//   m.h5: is cut short, its header says 32716 bytes, got 2048
//   m.h5: is a damaged HDF5 file, a group's links at byte 1480
//   m.h5: "layers/dense" is a soft link; only hard links are read
//   m.h5: "layers/a/b" is linked more than once; every group and dataset must have one name
//   m.h5: "layers/dense/vars/0" is kept in another file, which is not read
//   m.h5: "layers/dense/vars/0" is a virtual dataset, which is not read
//   m.h5: "layers/dense/vars/0" takes 24 bytes, the file has 12 for it
//   m.h5: its datasets take 80000000 bytes together, more than 64 times the 1000000 of the file
//   m.h5: the paths of its groups and datasets take more than 1050000 bytes
//
// Source: HDF5 File Format Specification, version 3.0.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/layers/config.h>
#include <kindling/tensor/tensor.h>

namespace kindling::hdf5 {

// What a dataset may take in memory, for each byte of the file that holds it.
inline constexpr std::int64_t most_expansion = 64;

struct Dataset {
  Shape shape;
  DType dtype;          // what read() makes of it
  bool readable = true;  // false for texts and other types, which read() fails on
};

// What stands in a group: "layers/dense" and "vars" make "layers/dense/vars"; "" is the root.
std::string path_in(const std::string& group, const std::string& name);

struct Source;

// What is read, and written.
constexpr std::size_t most_objects = 1'000'000, most_depth = 64;

class File {
 public:
  // `name` is what messages start with.
  File(std::string bytes, std::string name);

  const std::string& name() const { return name_; }
  // By path: "layers/dense/vars/0". Groups sorted, "" is the root.
  const std::map<std::string, Dataset>& datasets() const { return datasets_; }
  const std::vector<std::string>& groups() const { return groups_; }
  // Of all datasets together, or what a file of this length may hold if that is less.
  std::int64_t elements() const;
  bool has_group(const std::string& path) const;
  // A text, a list of texts or a whole number; null if there is none.
  Config attribute(const std::string& group, const std::string& name) const;
  // A list of texts, also one that was too long for one attribute and stands in several, NAME0,
  // NAME1 ..; empty if there is none.
  std::vector<std::string> texts(const std::string& group, const std::string& name) const;
  Tensor read(const std::string& dataset) const;

 private:
  Source source() const;
  void check_size() const;

  std::string name_;
  std::unique_ptr<const std::string> bytes_;
  std::map<std::string, std::uint64_t> objects_;  // where their headers are
  std::map<std::string, Dataset> datasets_;
  std::vector<std::string> groups_;
};

// A file to be written, in the layout that h5py chooses; the same bytes for the same calls.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // With those above it. An attribute "name", unless it is empty.
  void group(const std::string& path, const std::string& name);
  void dataset(const std::string& path, const Tensor& value);
  void dataset(const std::string& path, std::int64_t value);  // shape ()
  std::string bytes();

 private:
  // Fails where there would be too much to read again.
  void note(const std::string& path, bool is_group);
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::size_t objects_ = 0;
};

}  // namespace kindling::hdf5
