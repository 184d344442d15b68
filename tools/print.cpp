#include "print.h"

#include <algorithm>

#include <fmt/format.h>

namespace kindling::tools {

void print_table(const std::vector<TableRow>& rows) {
  std::array<std::size_t, 4> width = {};
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  for (const TableRow& row : rows) {
    fmt::print("  {:<{}}  {:<{}}  {:<{}}  {:>{}}\n", row[0], width[0], row[1], width[1], row[2],
               width[2], row[3], width[3]);
  }
}

void print_metadata(const Metadata& metadata) {
  constexpr std::size_t longest = 60;
  for (const auto& [key, text] : metadata) {
    fmt::print("{}: {}{}\n", key, text.substr(0, longest), text.size() > longest ? ".." : "");
  }
}

Config metadata_config(const Metadata& metadata) {
  Config::Map map;
  for (const auto& [key, text] : metadata) map.emplace_back(key, text);
  return map;
}

}  // namespace kindling::tools
