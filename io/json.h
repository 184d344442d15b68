// JSON: how a Config is written to a file and read from one.
//
//   Config config = parse_json(read_file("model.json"), "model.json");
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
//   model.json:3:7: has more than 16777216 values
//   model.json:3:7: a whole number has at most 64 bits, got 9223372036854775808
//   to_json: a number must be finite, got nan
//
// Source: RFC 8259.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <kindling/layers/config.h>

#pragma GCC visibility push(default)
namespace kindling {

// `indent` spaces a level; on one line, without spaces, if it is negative. Fails on a number that
// is not finite, a text that is not UTF-8 and a key that stands twice in one object.
std::string to_json(const Config& config, int indent = 2);

// The whole text is one JSON value, made of at most `most_values`, since one that is written with
// two bytes takes a hundred in memory. `name` is what messages start with.
Config parse_json(std::string_view text, const std::string& name,
                  std::size_t most_values = std::size_t{1} << 24);

// The same as quoted() of tensor/shown.h, by its older name.
std::string in_quotes(std::string_view text);

}  // namespace kindling
#pragma GCC visibility pop
