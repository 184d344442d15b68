#include "heatmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <kindling/tensor/shown.h>

namespace text_similarity {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 don't count.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t length = width_of(text);
  return text + std::string(width > length ? width - length : 0, ' ');
}

// " 37% ███": three blocks are the largest weight of the matrix.
std::string cell(float weight, float largest) {
  static const char* const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int parts = std::clamp(static_cast<int>(std::lround(weight / largest * 24)), 0, 24);
  std::string bar;
  for (int i = 0; i < parts / 8; ++i) bar += "█";
  bar += eighths[parts % 8];
  return fmt::format("{:>3.0f}% ", weight * 100) + bar;
}

constexpr std::size_t cell_width = 8;

std::vector<std::string> shown_words(std::vector<std::string> words) {
  for (std::string& word : words) word = kindling::shown(word, longest_word);
  return words;
}

}  // namespace

std::string heatmap(const std::vector<std::string>& row_words,
                    const std::vector<std::string>& column_words, const kindling::Tensor& weights,
                    std::size_t width) {
  const std::vector<std::string> rows = shown_words(row_words), columns = shown_words(column_words);
  std::size_t label = 0;
  for (const std::string& word : rows) label = std::max(label, width_of(word));
  const float largest = std::ranges::max(weights.floats());
  std::string text;
  for (std::size_t begin = 0; begin < columns.size();) {
    std::size_t end = begin, used = label;
    const auto column_width = [&](std::size_t c) {
      return std::max(cell_width, width_of(columns[c])) + 2;
    };
    while (end < columns.size() && (end == begin || used + column_width(end) <= width)) {
      used += column_width(end++);
    }
    text += std::string(label, ' ');
    for (std::size_t c = begin; c < end; ++c) {
      text += "  " + padded(columns[c], column_width(c) - 2);
    }
    text += '\n';
    for (std::size_t r = 0; r < rows.size(); ++r) {
      text += padded(rows[r], label);
      for (std::size_t c = begin; c < end; ++c) {
        const float weight = weights.floats()[r * columns.size() + c];
        text += "  " + padded(cell(weight, largest), column_width(c) - 2);
      }
      text += '\n';
    }
    begin = end;
    if (begin < columns.size()) text += '\n';
  }
  return text;
}

}  // namespace text_similarity
