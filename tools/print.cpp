#include "print.h"

#include <algorithm>

#include <fmt/format.h>

#include <kindling/io/json.h>

namespace kindling::tools {

namespace {

std::string shown(const std::string& text) {
  const bool plain = std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
  return plain ? text : in_quotes(text);
}

}  // namespace

void print_table(const std::vector<TableRow>& texts) {
  std::vector<TableRow> rows = texts;
  std::array<std::size_t, 4> width = {};
  for (TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = shown(row[i]);
      width[i] = std::max(width[i], row[i].size());
    }
  }
  for (const TableRow& row : rows) {
    fmt::print("  {:<{}}  {:<{}}  {:<{}}  {:>{}}\n", row[0], width[0], row[1], width[1], row[2],
               width[2], row[3], width[3]);
  }
}

void print_metadata(const Metadata& metadata) {
  constexpr std::size_t longest = 60;
  for (const auto& [key, text] : metadata) {
    fmt::print("{}: {}{}\n", shown(key), shown(text.substr(0, longest)),
               text.size() > longest ? ".." : "");
  }
}

Config metadata_config(const Metadata& metadata) {
  Config::Map map;
  for (const auto& [key, text] : metadata) map.emplace_back(key, text);
  return map;
}

}  // namespace kindling::tools
