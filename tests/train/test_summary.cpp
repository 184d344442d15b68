// The table of a model.
#include <kindling/layers/activation.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/observer.h>
#include <kindling/tensor/shown.h>
#include <kindling/train/model.h>
#include <kindling/train/plot_model.h>

#include "tests/data/temporary_folder.h"
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

TEST_CASE("Long names are cut in tables and pictures") {
  const std::string name = "d" + std::string(1'000'000, 'x');
  const auto x = Input({.shape = {2}, .name = "x"});
  auto y = Dense({.units = 2, .name = name})(x);
  y = Dense({.units = 2, .name = name + "y"})(y);
  y = Dense({.units = 2, .name = name + "z" + name})(y);
  for (int i = 0; i < 100; ++i) y = Dense({.units = 2, .name = "d" + std::to_string(i)})(y);
  const Model model({x}, y, name);
  CHECK(model.summary().size() < 100'000);
  const std::string dot = model_to_dot(model, {.show_layer_names = true});
  CHECK(dot.size() < 100'000);
  // Names that are cut to the same one are told apart.
  CHECK(dot.find(shown(name, 60) + "\" -> \"" + shown(name + "y", 60) + "\";") != dot.npos);
  CHECK(dot.find(shown(name, 60) + " 3\" -> \"d0\";") != dot.npos);
  CHECK(trace(model, {ones({1, 2})}).str().size() < 100'000);
}

TEST_CASE("A model of ten thousand layers is summarised, saved and loaded") {
  auto y = Input({.shape = {1}});
  const auto x = y;
  for (int i = 0; i < 10'000; ++i) y = Activation({.activation = relu})(y);
  const Model model({x}, y);
  CHECK(model.summary().find("Total params: 0 ") != std::string::npos);
  const TemporaryFolder folder;
  model.save(folder.file("m"));
  CHECK(Model::load(folder.file("m")).layers().size() == 10'001);
}
