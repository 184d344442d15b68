// An encoder and a decoder with attention, as in Bahdanau, Cho and Bengio, "Neural machine
// translation by jointly learning to align and translate" (2015), https://arxiv.org/abs/1409.0473
#pragma once

#include <string>
#include <vector>

#include <kindling/kindling.h>

namespace dates {

// The characters that dates are written with. Id 0, padding, stands before the first one too.
const kindling::Vocabulary& characters();
std::vector<std::int32_t> ids_of(const std::string& text);

struct Translator {
  // {dates (batch, steps), what the decoder has written before each character (batch, 10)} ->
  // logits of that character (batch, 10, characters).
  kindling::Model model;
  // The same inputs -> the attention (batch, 10, steps). It shares the model's layers.
  kindling::Model attention;
};
Translator build_translator(std::int64_t units);

// Teacher forcing: what the decoder should have written so far, from the targets (batch, 10).
kindling::Tensor shifted(const kindling::Tensor& iso);

// Greedy decoding: the likeliest character, ten times, each time knowing those before.
kindling::Tensor translate(const kindling::Model& model, const kindling::Tensor& dates);

}  // namespace dates
