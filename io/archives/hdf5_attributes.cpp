#include <kindling/io/archives/hdf5_attributes.h>

#include <charconv>
#include <map>
#include <optional>

#include <kindling/io/archives/hdf5_types.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::uint64_t most_bytes = 1 << 26;  // of an attribute's texts

struct Attribute {
  std::string name;
  Cursor type, sizes, data;
};

Attribute read(Cursor body, const std::string& what) {
  const std::uint8_t version = body.u8(), flags = body.u8();
  if (version < 1 || version > 3) body.damaged();
  const std::uint16_t name_size = body.u16(), type_size = body.u16(), sizes_size = body.u16();
  if (version == 3) body.skip(1);  // how its name is encoded
  const auto part = [&](std::uint64_t size) {
    Cursor taken = body.part(size);
    if (version == 1 && size % 8 != 0) body.skip(8 - size % 8);
    return taken;
  };
  std::string name = part(name_size).text();
  const Cursor type = part(type_size), sizes = part(sizes_size);
  if (version > 1 && flags != 0) fail("{} is of a named type, which is not read", what);
  return {std::move(name), type, sizes, body};
}

// What stands in the heap that all share, which attributes point into: an element is a length, the
// address of a collection and a number in it.
std::string heap_text(Source& source, std::uint64_t address, std::uint32_t number,
                      std::uint32_t length) {
  Cursor start(source, address, "a heap of texts");
  start.expect("GCOL");
  if (start.u8() != 1) start.damaged();
  start.skip(3);
  const std::uint64_t size = start.u64();
  Cursor heap(source, address, size, "a heap of texts");
  heap.skip(16);
  while (heap.left() >= 16) {
    const std::uint16_t index = heap.u16();
    heap.skip(2 + 4);
    const std::uint64_t bytes = heap.u64();
    if (index == 0) break;  // what is free
    if (index == number) {
      if (length > bytes) heap.damaged();
      const std::string text(heap.take(length));
      return text.substr(0, text.find('\0'));
    }
    if (bytes > heap.left()) heap.damaged();
    heap.skip(std::min(heap.left(), (bytes + 7) / 8 * 8));
  }
  heap.damaged();
}

std::string text_of(const Type& type, Cursor& data) {
  if (type.kind == Type::fixed_text) {
    const std::string text(data.take(type.size));
    return text.substr(0, text.find('\0'));
  }
  const std::uint32_t length = data.u32();
  const std::uint64_t address = data.u64();
  const std::uint32_t number = data.u32();
  return length == 0 ? "" : heap_text(data.source(), address, number, length);
}

// What an attribute holds.
struct Content {
  Type type;
  bool single = false;      // no list
  std::uint64_t count = 0;  // of elements
};

Content content_of(Attribute& attribute, const std::string& what) {
  Content content{type_in(attribute.type)};
  const auto sizes = sizes_in(attribute.sizes);
  if (!sizes) return content;
  content.single = sizes->empty();
  content.count = 1;
  for (const std::uint64_t size : *sizes) {
    if (size != 0 && content.count > most_bytes / size) fail("{} has too many elements", what);
    content.count *= size;
  }
  return content;
}

void add_texts(const Content& content, Cursor& data, std::vector<std::string>& texts,
               const std::string& what) {
  if (content.count == 0) return;  // h5py's empty list, whatever its type
  if (content.type.kind != Type::fixed_text && content.type.kind != Type::loose_text) {
    fail("{} is neither text nor a whole number", what);
  }
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < content.count; ++i) {
    texts.push_back(text_of(content.type, data));
    bytes += texts.back().size() + 1;
    if (bytes > most_bytes) fail("{} has more than {} bytes of text", what, most_bytes);
  }
}

Config value_of(Attribute& attribute, const std::string& what) {
  const Content content = content_of(attribute, what);
  const Type& type = content.type;
  if (type.kind == Type::integers && content.single) {
    const std::uint64_t value = attribute.data.number(type.size);
    const std::uint64_t sign = std::uint64_t{1} << (8 * type.size - 1);
    if (type.big_endian) fail("{} is a number whose bytes stand the other way round", what);
    if (type.is_signed && type.size < 8) return static_cast<std::int64_t>((value ^ sign) - sign);
    return static_cast<std::int64_t>(value);
  }
  std::vector<std::string> texts;
  add_texts(content, attribute.data, texts, what);
  if (content.single) return texts[0];
  return Config::List(texts.begin(), texts.end());
}

// Calls visit(attribute) for each, until it says that it has seen enough.
template <class Visit>
void each_attribute(const std::vector<Message>& messages, const std::string& what, Visit visit) {
  for (const Message& message : messages) {
    if (message.kind == Kind::attribute_info) {
      Cursor body = message.body;
      body.skip(1);
      if ((body.u8() & 1) != 0) body.skip(2);
      if (body.u64() != nowhere) {
        fail("{}: attributes are kept as files for libver \"latest\" do; write it with h5py's "
             "default", what);
      }
    }
    if (message.kind != Kind::attribute) continue;
    if (message.shared) fail("{} is kept elsewhere, which is not read", what);
    Attribute attribute = read(message.body, what);
    if (visit(attribute)) return;
  }
}

// The number of a part: 12 of NAME12.
std::optional<std::uint32_t> part_of(const std::string& attribute, const std::string& name) {
  if (attribute.size() <= name.size() || !attribute.starts_with(name)) return {};
  std::uint32_t number = 0;
  const char* end = attribute.data() + attribute.size();
  const auto [stop, error] = std::from_chars(attribute.data() + name.size(), end, number);
  if (error != std::errc() || name + std::to_string(number) != attribute) return {};
  return number;
}

}  // namespace

Config attribute_in(const std::vector<Message>& messages, const std::string& name,
                    const std::string& what) {
  Config value;
  each_attribute(messages, what, [&](Attribute& attribute) {
    if (attribute.name != name) return false;
    value = value_of(attribute, what);
    return true;
  });
  return value;
}

std::vector<std::string> texts_in(const std::vector<Message>& messages, const std::string& name,
                                  const std::string& what) {
  std::vector<std::string> texts;
  const auto add = [&](Attribute& attribute) {
    const Content content = content_of(attribute, what);
    if (content.single) fail("{} is a list of texts, got a single value", what);
    add_texts(content, attribute.data, texts, what);
  };
  bool whole = false;
  std::map<std::uint32_t, Attribute> parts;
  each_attribute(messages, what, [&](Attribute& attribute) {
    whole = attribute.name == name;
    if (whole) add(attribute);
    const auto number = part_of(attribute.name, name);
    if (number) parts.try_emplace(*number, attribute);
    return whole;
  });
  for (std::uint32_t next = 0; auto& [number, attribute] : parts) {
    if (whole || number != next++) break;
    add(attribute);
  }
  return texts;
}

}  // namespace kindling::hdf5
