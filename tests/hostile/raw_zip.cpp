#include "tests/hostile/raw_zip.h"

#include <algorithm>

#include "tests/hostile/refusal.h"

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

RawMember RawMember::stored(const std::string& name, const std::string& content) {
  return {name, content, crc32(content), static_cast<std::uint32_t>(content.size())};
}

RawMember RawMember::deflated(const std::string& name, const std::string& content) {
  RawMember member = stored(name, content);
  member.method = 8;
  member.packed.clear();
  std::size_t at = 0;
  do {  // the last block starts with 1; then its size and what is left of 65535
    const std::size_t size = std::min<std::size_t>(content.size() - at, 0xffff);
    member.packed += at + size == content.size() ? '\1' : '\0';
    member.packed += little(2, size) + little(2, ~size) + content.substr(at, size);
    at += size;
  } while (at < content.size());
  return member;
}

std::string deflated_zeros(std::size_t count) {
  std::string bytes;
  unsigned filled = 0, byte = 0;
  const auto put = [&](unsigned bits, int n, bool huffman) {
    for (int i = 0; i < n; ++i) {
      byte |= (bits >> (huffman ? n - 1 - i : i) & 1) << filled;
      if (++filled == 8) {
        bytes += static_cast<char>(byte);
        filled = byte = 0;
      }
    }
  };
  put(1, 1, false);  // the last block, with the fixed codes
  put(1, 2, false);
  const auto zero = [&] { put(0x30, 8, true); };
  if (count > 0) {
    zero();
    --count;
  }
  for (; count >= 258; count -= 258) {
    put(0xc5, 8, true);  // 258 bytes
    put(0, 5, true);     // like the one before
  }
  while (count-- > 0) zero();
  put(0, 7, true);  // the end
  if (filled > 0) bytes += static_cast<char>(byte);
  return bytes;
}

RawZip raw_zip(const std::vector<RawMember>& members) {
  RawZip zip;
  std::string directory;
  for (const RawMember& m : members) {
    zip.headers.push_back(zip.bytes.size());
    const std::string common = little(2, m.flags) + little(2, m.method) + little(2, 0) +
                               little(2, 0x21) + little(4, m.crc) + little(4, m.packed.size()) +
                               little(4, m.size) + little(2, m.name.size()) + little(2, 0);
    directory += "PK\1\2" + little(2, 20) + little(2, 20) + common + little(2, 0) + little(2, 0) +
                 little(2, 0) + little(4, 0) + little(4, zip.bytes.size()) + m.name;
    zip.bytes += "PK\3\4" + little(2, 20) + common + m.name + m.packed;
  }
  zip.directory = zip.bytes.size();
  std::size_t at = zip.directory;
  for (const RawMember& m : members) {
    zip.records.push_back(at);
    at += 46 + m.name.size();
  }
  zip.bytes += directory;
  zip.end = zip.bytes.size();
  zip.bytes += "PK\5\6" + little(2, 0) + little(2, 0) + little(2, members.size()) +
               little(2, members.size()) + little(4, directory.size()) +
               little(4, zip.directory) + little(2, 0);
  return zip;
}
