#include "model.h"

namespace text_classification {

using namespace kindling;

namespace {
constexpr std::int64_t depth = 100;  // numbers a word
}

Model text_cnn(std::int64_t words, std::int64_t classes, double dropout) {
  auto text = Input({.shape = {any}, .dtype = DType::int32, .name = "text"});
  auto embedded = Embedding({.input_dim = words, .output_dim = depth})(text);
  SymbolicTensors features;
  for (const std::int64_t width : {3, 4, 5}) {
    auto filtered = Conv1D({.filters = 100, .kernel_size = width, .padding = Padding::same,
                            .activation = relu})(embedded);  // (batch, words, filters)
    features.push_back(GlobalMaxPooling1D()(filtered));      // (batch, filters)
  }
  auto all = Dropout({.rate = dropout})(Concatenate()(features));
  return Model(text, Dense({.units = classes, .name = "logits"})(all), "text_cnn");
}

Model bag_of_words(std::int64_t words, std::int64_t classes, double dropout) {
  auto text = Input({.shape = {any}, .dtype = DType::int32, .name = "text"});
  // Masked, so that padding is no part of the mean.
  auto embedded = Embedding({.input_dim = words, .output_dim = depth, .mask_zero = true})(text);
  auto all = Dropout({.rate = dropout})(GlobalAveragePooling1D()(embedded));
  return Model(text, Dense({.units = classes, .name = "logits"})(all), "bag_of_words");
}

}  // namespace text_classification
