// The table of a model.
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/global_average_pooling1d.h>
#include <kindling/layers/not_equal.h>
#include <kindling/train/model.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

SymbolicTensor text_input(const std::string& name) {
  return Input({.shape = {any}, .dtype = DType::int32, .name = name});
}

}  // namespace

TEST_CASE("The summary of a model of two texts") {
  const auto query = text_input("query"), value = text_input("value");
  const auto embedding =
      Embedding({.input_dim = 1000, .output_dim = 8, .name = "token_embedding"});
  const auto conv = Conv1D({.filters = 4, .kernel_size = 3, .name = "cnn_layer"});
  const auto pool = GlobalAveragePooling1D({.name = "pool"});
  const auto q = pool(conv(embedding(query))), v = pool(conv(embedding(value)));
  const auto joined = Concatenate({.name = "join"})({q, v});
  const auto score = Dense({.units = 1, .name = "score"})(joined);
  conv.set_trainable(false);
  const Model model({query, value}, score, "similarity");
  CHECK("\n" + model.summary() == R"(
Model: "similarity"
)");
}

TEST_CASE("The summary of masks, several results and a model inside") {
  const auto inner_input = Input({.shape = {4}, .name = "inner_x"});
  const Model inner({inner_input}, Dense({.units = 2, .name = "d"})(inner_input), "inner");
  const auto ids = text_input("ids");
  const auto mask = NotEqual({.value = 0, .name = "mask"})(ids);
  const auto embedded = Embedding({.input_dim = 5, .output_dim = 4, .name = "e"})(ids);
  const auto pooled = GlobalAveragePooling1D({.name = "pool"})(embedded, {.mask = {mask}});
  const Model model({ids}, inner(pooled), "outer");
  CHECK("\n" + model.summary() == R"(
Model: "outer"
)");
}
