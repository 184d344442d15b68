#include "print.h"

#include <algorithm>

#include <fmt/format.h>

#include <kindling/io/json.h>
#include <kindling/tensor/shown.h>

namespace kindling::tools {

namespace {

constexpr std::size_t longest_cell = 60;

// In quotes what is not shown as it is.
std::string in_table(const std::string& text) {
  const std::string safe = shown(text, longest_cell);
  return safe == text ? text : '"' + safe + '"';
}

}  // namespace

void print_table(const std::vector<TableRow>& texts) {
  std::vector<TableRow> rows = texts;
  std::array<std::size_t, 4> width = {};
  for (TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = in_table(row[i]);
      width[i] = std::max(width[i], row[i].size());
    }
  }
  for (const TableRow& row : rows) {
    fmt::print("  {:<{}}  {:<{}}  {:<{}}  {:>{}}\n", row[0], width[0], row[1], width[1], row[2],
               width[2], row[3], width[3]);
  }
}

void print_metadata(const Metadata& metadata) {
  for (const auto& [key, text] : metadata) {
    fmt::print("{}: {}\n", in_table(key), in_table(text));
  }
}

void print_json(const Config& config) { fmt::print("{}\n", shown_lines(to_json(config))); }

Config metadata_config(const Metadata& metadata) {
  Config::Map map;
  for (const auto& [key, text] : metadata) map.emplace_back(key, text);
  return map;
}

}  // namespace kindling::tools
