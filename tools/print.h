// What the commands print alike.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <kindling/io/safetensors.h>
#include <kindling/layers/config_value.h>

namespace kindling::tools {

// Rows of texts in columns, the last ones to the right. Texts that would move the cursor or change
// colours stand in quotes, escaped.
using TableRow = std::array<std::string, 4>;
void print_table(const std::vector<TableRow>& texts);

// A line each; long texts are cut.
void print_metadata(const Metadata& metadata);
Config metadata_config(const Metadata& metadata);

}  // namespace kindling::tools
