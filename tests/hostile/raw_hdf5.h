// HDF5 files as nobody should write them: objects one after the other, in the newer layout, each
// after those that it has links to.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/hostile/refusal.h"

class RawHdf5 {
 public:
  using Address = unsigned long long;

  static std::string message(unsigned kind, const std::string& body) {
    return little(1, kind) + little(2, body.size()) + '\0' + body;
  }
  static std::string link(const std::string& name, Address to) {
    return message(6, "\1\2" + little(4, name.size()) + name + little(8, to));
  }
  static std::string text(const std::string& name, const std::string& value) {
    return attribute(name, value.size(), space({}), value);
  }
  static std::string texts(const std::string& name, const std::vector<std::string>& values) {
    std::size_t width = 1;
    for (const std::string& value : values) width = std::max(width, value.size());
    std::string data;
    for (const std::string& value : values) data += value + std::string(width - value.size(), '\0');
    return attribute(name, width, space({values.size()}), data);
  }

  // `content`: its links and attributes.
  Address group(const std::string& content) {
    return object(message(2, little(2, 0) + std::string(16, '\xff')) + content);
  }
  // What several objects can have in common, and how they say so.
  std::string shared(const std::string& content) {
    const Address at = bytes_.size();
    bytes_ += "OCHK" + content + little(4, 0);
    return message(16, little(8, at) + little(8, content.size() + 8));
  }
  Address bytes(const std::string& all) {
    bytes_ += all;
    return bytes_.size() - all.size();
  }
  // Of float32: its elements here, or elsewhere.
  Address dataset(const std::vector<std::size_t>& sizes, const std::string& elements) {
    return dataset_of(sizes, little(2, 3) + little(2, elements.size()) + elements);
  }
  Address dataset_at(const std::vector<std::size_t>& sizes, Address at, std::size_t size) {
    return dataset_of(sizes, "\3\1" + little(8, at) + little(8, size));
  }

  std::string file(Address root) const {
    return "\x89HDF\r\n\x1a\n\2\b\b" + little(1, 0) + little(8, 0) + little(8, ~0ull) +
           little(8, bytes_.size()) + little(8, root) + bytes_.substr(44);
  }

 private:
  static std::string space(const std::vector<std::size_t>& sizes) {
    std::string all = "\2" + little(1, sizes.size()) + '\0' + little(1, sizes.empty() ? 0 : 1);
    for (const std::size_t size : sizes) all += little(8, size);
    return all;
  }
  static std::string attribute(const std::string& name, std::size_t width, const std::string& sizes,
                               const std::string& data) {
    return message(12, little(2, 3) + little(2, name.size() + 1) + little(2, 8) +
                           little(2, sizes.size()) + little(1, 0) + name + '\0' +
                           little(4, 0x13) + little(4, width) + sizes + data);
  }
  Address object(const std::string& messages) {
    const Address at = bytes_.size();
    bytes_ += "OHDR\2\2" + little(4, messages.size()) + messages + little(4, 0);
    return at;
  }
  Address dataset_of(const std::vector<std::size_t>& sizes, const std::string& layout) {
    const std::string floats = little(4, 0x001f2011) + little(4, 4) + little(2, 0) + little(2, 32) +
                               little(4, 0x17000817) + little(4, 127);
    return object(message(1, space(sizes)) + message(3, floats) + message(8, layout));
  }

  std::string bytes_ = std::string(48, '\0');  // the superblock's place
};
