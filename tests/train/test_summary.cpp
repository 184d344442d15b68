// The table of a model.
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/global_pooling1d.h>
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
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape    ┃ Param # ┃ Connected to          ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━┩
│ query (InputLayer)            │ (None, None)    │       0 │ -                     │
├───────────────────────────────┼─────────────────┼─────────┼───────────────────────┤
│ value (InputLayer)            │ (None, None)    │       0 │ -                     │
├───────────────────────────────┼─────────────────┼─────────┼───────────────────────┤
│ token_embedding (Embedding)   │ (None, None, 8) │   8,000 │ query[0][0]           │
│                               │                 │         │ value[0][0]           │
├───────────────────────────────┼─────────────────┼─────────┼───────────────────────┤
│ cnn_layer (Conv1D)            │ (None, None, 4) │     100 │ token_embedding[0][0] │
│                               │                 │         │ token_embedding[1][0] │
├───────────────────────────────┼─────────────────┼─────────┼───────────────────────┤
│ pool (GlobalAveragePooling1D) │ (None, 4)       │       0 │ cnn_layer[0][0]       │
│                               │                 │         │ cnn_layer[1][0]       │
├───────────────────────────────┼─────────────────┼─────────┼───────────────────────┤
│ join (Concatenate)            │ (None, 8)       │       0 │ pool[0][0]            │
│                               │                 │         │ pool[1][0]            │
├───────────────────────────────┼─────────────────┼─────────┼───────────────────────┤
│ score (Dense)                 │ (None, 1)       │       9 │ join[0][0]            │
└───────────────────────────────┴─────────────────┴─────────┴───────────────────────┘
 Total params: 8,109 (31.68 KB)
 Trainable params: 8,009 (31.29 KB)
 Non-trainable params: 100 (400.00 B)
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
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape    ┃ Param # ┃ Connected to ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━┩
│ ids (InputLayer)              │ (None, None)    │       0 │ -            │
├───────────────────────────────┼─────────────────┼─────────┼──────────────┤
│ mask (NotEqual)               │ (None, None)    │       0 │ ids[0][0]    │
├───────────────────────────────┼─────────────────┼─────────┼──────────────┤
│ e (Embedding)                 │ (None, None, 4) │      20 │ ids[0][0]    │
├───────────────────────────────┼─────────────────┼─────────┼──────────────┤
│ pool (GlobalAveragePooling1D) │ (None, 4)       │       0 │ e[0][0]      │
│                               │                 │         │ mask[0][0]   │
├───────────────────────────────┼─────────────────┼─────────┼──────────────┤
│ inner (Functional)            │ (None, 2)       │      10 │ pool[0][0]   │
└───────────────────────────────┴─────────────────┴─────────┴──────────────┘
 Total params: 30 (120.00 B)
 Trainable params: 30 (120.00 B)
 Non-trainable params: 0 (0.00 B)
)");
}
