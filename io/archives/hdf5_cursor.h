// Reading the bytes of an HDF5 file, little-endian numbers one after the other, never beyond what
// is there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kindling::hdf5 {

// The address that says that something isn't there.
inline constexpr std::uint64_t nowhere = ~std::uint64_t{0};

// A file's bytes, and how much of them may still be looked at: parts that overlap could make little
// into much.
struct Source {
  std::string_view bytes;
  std::string name;  // what messages start with
  std::uint64_t budget = 0;

  [[noreturn]] void damaged(const std::string& what, std::uint64_t at) const;
};

class Cursor {
 public:
  // From an address to the end of the file, or so many bytes.
  Cursor(Source& source, std::uint64_t at, const char* what);
  Cursor(Source& source, std::uint64_t at, std::uint64_t size, const char* what);

  std::uint64_t number(std::size_t size);  // of so many bytes, at most 8
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::string_view take(std::uint64_t size);
  void skip(std::uint64_t size);
  // Fails unless these bytes stand there.
  void expect(std::string_view signature);
  // A text that ends with a zero byte, which is taken too; or with the part.
  std::string text();

  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return end_ - at_; }
  // A part of what is left, which is skipped here.
  Cursor part(std::uint64_t size);
  Source& source() const { return *source_; }
  [[noreturn]] void damaged() const { source_->damaged(what_, at_); }

 private:
  Source* source_;
  std::uint64_t at_, end_;
  const char* what_;  // for messages: "a group's heap"
};

}  // namespace kindling::hdf5
