// What a zip archive says of its members, checked before anything of them is read.
//
//   for (const ZipMember& member : read_zip_directory(bytes, "model.keras")) ...
//
// The archive: members, each a header and its bytes; the directory, a record a member; the end
// record, 22 bytes. A member is stored or deflated. Archives beyond 4 GiB or 65,534 members
// (zip64), in several parts, with a comment, or with anything before the first member are refused;
// so is what is encrypted, stands twice, lies over something else, belongs to no member, or whose
// name leads out of a folder.
//
// Errors:
//   a.npz: is no zip archive, it starts with "\u0001\u0002\u0003\u0004"
//   a.npz: is cut short or has bytes after its end, its last 22 bytes are no end record
//   a.npz: the directory is bytes [40, 96), it must end at 140, where the end record is
//   a.npz: the directory has 1 members, the end record says 2
//   a.npz: member "x": stands twice
//   a.npz: member "x": is encrypted
//   a.npz: member "x": compression method 12 is not supported, stored (0) or deflated (8) is needed
//   a.npz: member "../x": a name must not lead out of the archive
//   a.npz: member "x": bytes [0, 60) lie over member "y", which ends at 45
//   a.npz: bytes [60, 100) belong to no member in its directory
//   a.npz: member "x": its header says another size or checksum than the directory
//   a.npz: member "x": says 1000000 bytes, 10 deflated bytes hold at most 10384
//
// Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kindling {

struct ZipMember {
  std::string name;
  std::int64_t size;    // of its content
  std::int64_t packed;  // of the bytes that hold it
  std::uint32_t crc;
  bool deflated;
  std::int64_t begin, end;  // its header and its bytes in the archive
};

// What is wrong with a member's name; empty if nothing is.
std::string fault_of_name(std::string_view name);

// The members in the directory's order.
std::vector<ZipMember> read_zip_directory(std::string_view bytes, const std::string& name);

}  // namespace kindling
