// Archives of ours with their configs changed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <kindling/io/archives/zip.h>
#include <kindling/io/file.h>
#include <kindling/train/keras.h>

#include "tests/keras/saved.h"

namespace kindling {

using Edits = std::vector<std::pair<std::string, std::string>>;

// A text in which each of these stands, and what is put there instead.
inline std::string edited(std::string text, const Edits& edits) {
  for (const auto& [from, to] : edits) {
    INFO(from);
    std::size_t at = text.find(from);
    REQUIRE(at != text.npos);
    for (; at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  }
  return text;
}

// The archive of a model, its config and version changed.
inline std::string archive_of(const Model& model, const Edits& edits, const std::string& version) {
  const TemporaryFolder folder;
  save_keras(model, folder.file("m.keras"), {.date_saved = a_date});
  const ZipReader read(read_file(folder.file("m.keras")), "m.keras");
  ZipWriter zip("m.keras");
  for (const ZipMember& member : read.members()) {
    std::string text = read.read(member.name);
    if (member.name == "config.json") text = edited(text, edits);
    if (member.name == "metadata.json") text = edited(text, {{"3.16.0", version}});
    zip.add(member.name, text);
  }
  return zip.bytes();
}

}  // namespace kindling
