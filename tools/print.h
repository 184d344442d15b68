// What the commands print alike.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <kindling/io/safetensors.h>
#include <kindling/layers/config_value.h>

namespace kindling::tools {

// Rows of texts in columns, the last ones to the right; escaped and cut as tensor/shown.h does it.
using TableRow = std::array<std::string, 4>;
void print_table(const std::vector<TableRow>& texts);

// One line each; the same.
void print_metadata(const Metadata& metadata);

// Characters that a terminal would take for more than text are \u escapes, which mean the same.
void print_json(const Config& config);
Config metadata_config(const Metadata& metadata);

}  // namespace kindling::tools
