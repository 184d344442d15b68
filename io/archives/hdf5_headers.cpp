#include <kindling/io/archives/hdf5_headers.h>

#include <algorithm>
#include <array>

#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::size_t most_messages = 1 << 16, most_parts = 1 << 10;

bool is_known(Kind kind) {
  constexpr std::array all = {
      Kind::nothing,      Kind::dataspace, Kind::link_info,       Kind::datatype,
      Kind::old_fill,     Kind::fill,      Kind::link,            Kind::external_files,
      Kind::layout,       Kind::group_info, Kind::filters,        Kind::attribute,
      Kind::comment,      Kind::old_time,  Kind::continuation,    Kind::symbol_table,
      Kind::time,         Kind::attribute_info, Kind::reference_count};
  return std::ranges::find(all, kind) != all.end();
}

// Goes over the chunks of a header: what one says is continued elsewhere, and in what order.
class Header {
 public:
  Header(Source& source, std::uint64_t address) : source_(source) {
    Cursor start(source, address, "an object's header");
    if (start.left() >= 4 && source.bytes.substr(address, 4) == "OHDR") {
      newer(start);
    } else {
      older(start);
    }
    for (std::size_t next = 0; next < waiting_.size(); ++next) {
      if (next == most_parts) source.damaged("an object's header in too many parts", address);
      Cursor chunk = waiting_[next];
      if (newer_) chunk.expect("OCHK");
      read(chunk);
    }
  }

  std::vector<Message> messages;

 private:
  void older(Cursor& start) {
    if (start.u8() != 1) start.damaged();
    start.skip(1 + 2 + 4);  // how many messages, how many links to it
    const std::uint32_t size = start.u32();
    start.skip(4);
    Cursor chunk = start.part(size);
    read(chunk);
  }

  void newer(Cursor& start) {
    newer_ = true;
    start.expect("OHDR");
    if (start.u8() != 2) start.damaged();
    const std::uint8_t flags = start.u8();
    numbered_ = (flags & 4) != 0;
    if ((flags & 32) != 0) start.skip(16);  // times
    if ((flags & 16) != 0) start.skip(4);   // when attributes move elsewhere
    const std::uint64_t size = start.number(std::size_t{1} << (flags & 3));
    Cursor chunk = start.part(size);
    read_messages(chunk, 0);
  }

  void read(Cursor& chunk) { read_messages(chunk, newer_ ? 4 : 0); }  // a checksum at the end

  void read_messages(Cursor& chunk, std::uint64_t behind) {
    const std::uint64_t head = newer_ ? (numbered_ ? 6 : 4) : 8;
    while (chunk.left() >= head + behind) {
      const auto kind = static_cast<Kind>(newer_ ? chunk.u8() : chunk.u16());
      const std::uint16_t size = chunk.u16();
      const std::uint8_t flags = chunk.u8();
      chunk.skip(newer_ ? (numbered_ ? 2 : 0) : 3);
      if (chunk.left() < behind || size > chunk.left() - behind) chunk.damaged();
      add(kind, flags, chunk.part(size));
    }
  }

  void add(Kind kind, std::uint8_t flags, Cursor body) {
    if (messages.size() == most_messages) body.damaged();
    if (!is_known(kind)) {
      fail("{}: an object's header has a message of kind {}, which is not known", source_.name,
           static_cast<int>(kind));
    }
    if (kind == Kind::continuation) {
      const std::uint64_t address = body.u64(), size = body.u64();
      waiting_.emplace_back(source_, address, size, "an object's header");
    } else if (kind != Kind::nothing) {
      messages.push_back({kind, (flags & 2) != 0, body});
    }
  }

  Source& source_;
  std::vector<Cursor> waiting_;
  bool newer_ = false, numbered_ = false;
};

}  // namespace

std::uint64_t root_address(Source& source) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  const std::string& name = source.name;
  if (!source.bytes.starts_with(signature)) fail("{}: is no HDF5 file", name);
  constexpr std::uint64_t shortest = 48;
  if (source.bytes.size() < shortest) {
    fail("{}: is cut short, it is {} bytes long", name, source.bytes.size());
  }
  Cursor cursor(source, signature.size(), "its superblock");
  const std::uint8_t version = cursor.u8();
  if (version != 0 && version != 2 && version != 3) {
    fail("{}: versions 0, 2 and 3 of HDF5's superblock are read, got {}", name, version);
  }
  if (version == 0) cursor.skip(4);
  const std::uint8_t addresses = cursor.u8(), lengths = cursor.u8();
  if (addresses != 8 || lengths != 8) {
    fail("{}: addresses and lengths are of 8 bytes, got {} and {}", name, addresses, lengths);
  }
  cursor.skip(version == 0 ? 9 : 1);  // sizes of nodes, which nodes tell themselves; flags
  const std::uint64_t base = cursor.u64();
  cursor.skip(8);  // free space, or an extension
  const std::uint64_t end = cursor.u64();
  if (base != 0) fail("{}: must begin at byte 0, its header says {}", name, base);
  if (end > source.bytes.size()) {
    fail("{}: is cut short, its header says {} bytes, got {}", name, end, source.bytes.size());
  }
  if (version == 0) cursor.skip(8 + 8);  // a driver's; the root group has no name
  return cursor.u64();
}

std::vector<Message> messages_at(Source& source, std::uint64_t address) {
  return Header(source, address).messages;
}

const Message* find(const std::vector<Message>& messages, Kind kind) {
  const auto at = std::ranges::find(messages, kind, &Message::kind);
  return at != messages.end() ? &*at : nullptr;
}

}  // namespace kindling::hdf5
