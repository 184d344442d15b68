#include "ngrams.h"

#include <cmath>
#include <unordered_map>

namespace char_lm {

namespace {

struct Successors {
  std::unordered_map<std::int32_t, double> counts;
  double total = 0;
};

}  // namespace

std::vector<double> ngram_bits(const Text& text, std::int64_t begin, std::size_t longest_context) {
  std::vector<std::unordered_map<std::string_view, Successors>> seen(longest_context + 1);
  const auto context = [&](std::int64_t i, std::size_t n) {
    return text.slice(i - static_cast<std::int64_t>(n), i);
  };
  const auto id = [&](std::int64_t i) { return text.ids()[static_cast<std::size_t>(i)]; };
  for (std::int64_t i = std::ssize(seen) - 1; i < begin; ++i) {
    for (std::size_t n = 0; n < seen.size(); ++n) {
      Successors& successors = seen[n][context(i, n)];
      ++successors.counts[id(i)];
      ++successors.total;
    }
  }
  std::vector<double> bits(seen.size());
  for (std::int64_t i = begin; i < text.size(); ++i) {
    double probability = 1.0 / static_cast<double>(text.alphabet().size());
    for (std::size_t n = 0; n < seen.size(); ++n) {
      if (const auto found = seen[n].find(context(i, n)); found != seen[n].end()) {
        const auto& [counts, total] = found->second;
        const auto count = counts.find(id(i));
        const double kinds = static_cast<double>(counts.size());
        probability = ((count != counts.end() ? count->second : 0) + kinds * probability) /
                      (total + kinds);
      }
      bits[n] -= std::log2(probability);
    }
  }
  for (double& b : bits) b /= static_cast<double>(text.size() - begin);
  return bits;
}

}  // namespace char_lm
