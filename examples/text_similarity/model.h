// The CNN+Attention model of the Keras page on AdditiveAttention.
#pragma once

#include <kindling/kindling.h>

#include "settings.h"

namespace text_similarity {

// Two int32 inputs (batch, Tq) and (batch, Tv) -> scores (batch, 1) in (0, 1). `vectors`, if it is
// defined, is the table (max_tokens, depth) that the embedding starts from.
kindling::Model build_model(const Settings& settings, std::int64_t max_tokens,
                            const kindling::Tensor& vectors);

}  // namespace text_similarity
