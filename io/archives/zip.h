// Zip archives: read out of memory, strictly, and written. For source files.
//
//   const ZipReader zip(read_file("model.keras"), "model.keras");
//   const std::string config = zip.read("config.json");
//
//   ZipWriter zip("model.keras");
//   zip.add("config.json", to_json(config));
//   write_file("model.keras", zip.bytes());
//
// What an archive promises is bounded before memory is taken for it (ZipLimits; a member can't
// promise more than its bytes can hold either), and what a member holds is its promise, by size
// and checksum, or an error.
//
// Errors, beside those of zip_directory.h:
//   a.npz: has no member "x", it has "y", "z"      (at most 20 of them)
//   a.npz: its members take 9000000000 bytes, at most 4294967296 are read
//   a.npz: its members take 80000000 bytes, 800 times what the archive does; beyond 67108864 bytes,
//     at most 200 times are read
//   a.npz: member "x": is damaged, it says checksum 0x12345678, got 0x9abcdef0
//
// Source: PKWARE's APPNOTE.TXT 6.3.10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <kindling/io/archives/zip_directory.h>

namespace kindling {

// What all members of an archive may take together. Stored members always fit into `ratio`.
struct ZipLimits {
  std::int64_t size = std::int64_t{1} << 32;
  std::int64_t ratio = 200;  // times what the archive takes
  std::int64_t any_ratio = std::int64_t{1} << 26;  // up to this size the ratio may be any
};

class ZipReader {
 public:
  // An archive in memory that stays, or one of its own; `name` is what messages start with.
  ZipReader(std::string_view bytes, std::string name, const ZipLimits& limits = {});
  ZipReader(std::string&& bytes, std::string name, const ZipLimits& limits = {});
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  const std::string& name() const { return name_; }
  const std::vector<ZipMember>& members() const { return members_; }  // in the archive's order
  bool contains(const std::string& member) const;

  // The content of a member; fails if there is none of that name.
  std::string read(const std::string& member) const;

 private:
  void open(std::string_view bytes, const ZipLimits& limits);
  [[noreturn]] void no_member(const std::string& name) const;

  std::string owned_;
  std::string_view bytes_;
  std::string name_;
  std::vector<ZipMember> members_;
  std::unordered_map<std::string_view, std::size_t> places_;  // of the members, by their names
};

// Members are stored, not compressed, as Keras does it, and dated 1980-01-01 for the reader that
// looks: the same members make the same bytes.
class ZipWriter {
 public:
  explicit ZipWriter(std::string name) : name_(std::move(name)) {}

  // The content is kept until bytes() is called.
  void add(const std::string& member, std::string content);

  std::string bytes() const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, std::string>> members_;
  std::unordered_set<std::string> names_;
  std::size_t size_ = 22;  // of the archive, with its end record
};

}  // namespace kindling
