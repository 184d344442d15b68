#include "print.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include <kindling/io/json.h>
#include <kindling/tensor/shown.h>
#include <kindling/tensor/utf8.h>

namespace kindling::tools {

namespace {

constexpr std::size_t longest_cell = 60;

// In quotes what is not shown as it is.
std::string in_table(const std::string& text) {
  const std::string safe = shown(text, longest_cell);
  return safe == text ? text : '"' + safe + '"';
}

// U+FFFD stands for each byte that is not UTF-8.
std::string valid_text(std::string_view text) {
  std::string valid;
  for (std::size_t at = 0; (at = find_invalid_utf8(text)) != text.npos;) {
    valid.append(text.substr(0, at)) += "\ufffd";
    text.remove_prefix(at + 1);
  }
  return valid.append(text);
}

Config in_utf8(const Config& config) {
  if (config.is_string()) return valid_text(config.as_string(""));
  if (config.is_list()) {
    Config::List list;
    for (const Config& each : config.as_list("")) list.push_back(in_utf8(each));
    return list;
  }
  if (!config.is_map()) return config;
  Config::Map map;
  std::set<std::string> taken;  // keys that differed in such bytes alone get a number
  for (const auto& [key, value] : config.as_map("")) {
    const std::string base = valid_text(key);
    std::string name = base;
    for (int n = 2; !taken.insert(name).second; ++n) name = fmt::format("{} ({})", base, n);
    map.emplace_back(name, in_utf8(value));
  }
  return map;
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

void print_json(const Config& config) {
  const std::size_t any_number = std::numeric_limits<std::size_t>::max();
  fmt::print("{}\n", shown_lines(to_json(in_utf8(config), 2, any_number)));
}

Config metadata_config(const Metadata& metadata) {
  Config::Map map;
  for (const auto& [key, text] : metadata) map.emplace_back(key, text);
  return map;
}

}  // namespace kindling::tools
