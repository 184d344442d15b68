// The language model: a small transformer that sees only what came before.
#pragma once

#include "text.h"

namespace char_lm {

struct Sizes {
  std::int64_t context = 64;  // characters it sees
  std::int64_t depth = 64;    // numbers a character
  std::int64_t heads = 4;
  std::int64_t blocks = 2;
  double dropout = 0;
};

// int32 (batch, steps), steps <= context -> logits of the next character (batch, steps, characters)
kindling::Model build_model(const Sizes& sizes, std::int64_t characters);

struct SampleOptions {
  std::string prompt = "You may ";
  std::int64_t characters = 400;
  double temperature = 0.8;  // below 1 prefers what is likely, above 1 is bolder
};
// The prompt, gone on with: each character is drawn from those that the model thinks come next.
std::string sample(const kindling::Model& model, const Sizes& sizes, const Text& text,
                   const SampleOptions& options);

}  // namespace char_lm
