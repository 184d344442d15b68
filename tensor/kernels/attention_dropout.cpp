#include <kindling/tensor/kernels/attention_dropout.h>

#include <cstddef>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/random.h>

namespace kindling::kernels {

std::int64_t attention_dropout_blocks(std::int64_t keys) { return quotient_up(keys, 4); }

AttentionDropout::AttentionDropout(double rate, std::uint64_t seed, std::uint64_t position,
                                   std::int64_t keys)
    : rate_(rate),
      seed_(seed),
      position_(position),
      all_keys_(keys),
      keep_(rate != 0 ? new bool[static_cast<std::size_t>(keys)] : nullptr) {}

void AttentionDropout::operator()(std::int64_t row, std::int64_t count, std::int64_t keys,
                                  float* weights, std::int64_t step) {
  if (rate_ == 0) return;
  // A table, because no processor predicts a branch on random numbers.
  const float factors[2] = {0, static_cast<float>(1 / (1 - rate_))};
  bool* const keep = keep_.get();
  for (std::int64_t i = 0; i < count; ++i, weights += step) {
    const std::int64_t block = (row + i) * attention_dropout_blocks(all_keys_);
    Generator generator(seed_, position_ + static_cast<std::uint64_t>(block));
    generator.fill_bernoulli(keep, keys, 1 - rate_);
    for (std::int64_t j = 0; j < keys; ++j) weights[j] *= factors[keep[j]];
  }
}

}  // namespace kindling::kernels
