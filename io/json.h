// JSON: how a Config is written to a file and read from one.
//
//   Config config = read_json("model.json");
//   write_file("model.json", to_json(config));
//
// Strict, because files come from anywhere. Keys keep their order, whole numbers stay whole
// numbers (64 bits) and doubles come back bit for bit.
//
// Errors say where: line and column, both from 1, columns in bytes.
//   model.json:3:7: not JSON, unexpected "}"
//   model.json:3:7: text is not UTF-8
//   model.json:3:7: key "units" stands twice in one object
//   model.json:3:7: nested deeper than 200 levels
//   model.json:3:7: has more than 1048576 values
//   model.json: JSON has at most 67108864 bytes, got 80000000
//   model.json:3:7: a whole number has at most 64 bits, got 9223372036854775808
//   to_json: a number must be finite, got nan
//   to_json: nested deeper than 200 levels
//
// Source: RFC 8259.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <kindling/layers/config.h>
#include <kindling/tensor/shown.h>

#pragma GCC visibility push(default)
namespace kindling {

class FolderReader;  // io/file.h

// A value of two bytes takes a hundred in memory; models of 10,000 layers have fewer than these.
constexpr std::size_t most_json_values = std::size_t{1} << 20;

// `indent` spaces a level; on one line, without spaces, if it is negative. Fails on a number that
// is not finite, a text that is not UTF-8, a key that stands twice in one object, and on what
// parse_json would refuse as too deep or too large.
std::string to_json(const Config& config, int indent = 2,
                    std::size_t most_values = most_json_values);

// The whole text is one JSON value, made of at most `most_values`. `name` is what messages start
// with.
Config parse_json(std::string_view text, const std::string& name,
                  std::size_t most_values = most_json_values);

// The same of a file.
Config read_json(const std::string& path);
Config read_json(const FolderReader& folder, const std::string& name);

}  // namespace kindling
#pragma GCC visibility pop
