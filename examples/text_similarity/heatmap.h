// A matrix of weights between two texts, drawn in the terminal.
#pragma once

#include <string>
#include <vector>

#include <kindling/tensor/tensor.h>

namespace text_similarity {

constexpr std::size_t longest_word = 40;  // bytes that are shown of it

// One row per word of `rows`, one column per word of `columns`; weights (rows, columns) in [0, 1]
// as percentages with bars. Wide matrices are broken into parts of `width` characters, long words
// are cut.
std::string heatmap(const std::vector<std::string>& rows, const std::vector<std::string>& columns,
                    const kindling::Tensor& weights, std::size_t width = 100);

}  // namespace text_similarity
