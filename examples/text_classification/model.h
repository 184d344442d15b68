// Two classifiers of texts: ids (batch, words) -> logits of the classes (batch, classes).
#pragma once

#include <kindling/kindling.h>

namespace text_classification {

// Filters over 3, 4 and 5 words at a time; of each filter what it says where it says most. Kim,
// "Convolutional neural networks for sentence classification" (2014),
// https://arxiv.org/abs/1408.5882
kindling::Model text_cnn(std::int64_t words, std::int64_t classes, double dropout);

// To compare with: the mean of the words' vectors, whatever their order.
kindling::Model bag_of_words(std::int64_t words, std::int64_t classes, double dropout);

}  // namespace text_classification
