// The superblock and object headers of an HDF5 file.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/archives/hdf5_cursor.h>

namespace kindling::hdf5 {

// Where the root group's header is. Fails on what is no HDF5 file, or cut short.
std::uint64_t root_address(Source& source);

// Kinds of messages, by their numbers in the format.
enum class Kind : std::uint16_t {
  nothing = 0x0,
  dataspace = 0x1,
  link_info = 0x2,
  datatype = 0x3,
  old_fill = 0x4,
  fill = 0x5,
  link = 0x6,
  external_files = 0x7,
  layout = 0x8,
  group_info = 0xa,
  filters = 0xb,
  attribute = 0xc,
  comment = 0xd,
  old_time = 0xe,
  continuation = 0x10,
  symbol_table = 0x11,
  time = 0x12,
  attribute_info = 0x15,
  reference_count = 0x16,
};

struct Message {
  Kind kind;
  bool shared;  // it says where it is, not what
  Cursor body;
};

// What an object's header says of it. Fails on kinds that aren't known.
std::vector<Message> messages_at(Source& source, std::uint64_t address);

const Message* find(const std::vector<Message>& messages, Kind kind);

}  // namespace kindling::hdf5
