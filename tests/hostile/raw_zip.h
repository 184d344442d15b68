// Zip archives as nobody should write them: every number of every header can be wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct RawMember {
  std::string name;
  std::string packed;  // the bytes in the archive
  std::uint32_t crc = 0, size = 0;
  std::uint16_t method = 0, flags = 0;

  static RawMember stored(const std::string& name, const std::string& content);
  // Deflated, but no smaller: blocks that are stored inside.
  static RawMember deflated(const std::string& name, const std::string& content);
};

// `count` zero bytes, deflated to about a 160th.
std::string deflated_zeros(std::size_t count);

std::uint32_t crc32(const std::string& bytes);

// Where the parts of an archive are, to change them.
struct RawZip {
  std::string bytes;
  std::vector<std::size_t> headers, records;  // of the members
  std::size_t directory = 0, end = 0;         // and the end record
};

RawZip raw_zip(const std::vector<RawMember>& members);
