// Weights in files as Keras has them besides its usual layout: of models that were compiled before
// they became layers, and of earlier versions.
#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/keras.h>
#include <kindling/io/archives/zip.h>
#include <kindling/kindling.h>

#include "tests/keras/saved.h"

using namespace kindling;

namespace {

// Of two, one inside the other.
Model model_in_model() {
  const SymbolicTensor q = Input({.shape = {7, 4}}), v = Input({.shape = {7, 4}});
  const SymbolicTensor heads = MultiHeadAttention({.num_heads = 2, .key_dim = 3})({q, v});
  const SymbolicTensor pooled = GlobalMaxPooling1D()(Dense({.units = 3, .name = "low"})(heads));
  const Model inner({q, v}, pooled, "inner");
  const SymbolicTensor a = Input({.shape = {7, 4}}), b = Input({.shape = {7, 4}});
  Model model({a, b}, Dense({.units = 2, .name = "top"})(inner({a, b})), "outer");
  randomize(model);
  return model;
}

Tensors inputs() { return {normals({3, 7, 4}, 1), normals({3, 7, 4}, 2)}; }

// The bytes of an archive's weights, with more of them.
std::string with_more(const std::string& archive,
                      const std::vector<std::pair<std::string, Tensor>>& more) {
  const ZipReader zip(archive, "m.keras");
  const hdf5::File weights(zip.read("model.weights.h5"), "weights");
  hdf5::Writer file;
  for (const std::string& group : weights.groups()) {
    const Config name = weights.attribute(group, "name");
    if (name.is_string()) file.group(group, name.as_string(group));
  }
  for (const auto& [path, dataset] : weights.datasets()) file.dataset(path, weights.read(path));
  for (const auto& [path, value] : more) file.dataset(path, value);
  ZipWriter again("m.keras");
  for (const char* member : {"metadata.json", "config.json"}) again.add(member, zip.read(member));
  again.add("model.weights.h5", file.bytes());
  return again.bytes();
}

}  // namespace

TEST_CASE("What compiled models inside a model have beside their layers is left alone") {
  const Model model = model_in_model();
  const std::string archive = keras_bytes(model, {}, a_date);
  const std::string compiled = with_more(
      archive, {{"optimizer/vars/0", cast(full({}, 4), DType::int32)},
                {"optimizer/vars/1", scalar(0.1)},
                {"_loss_tracker/vars/0", scalar(0.2)},
                {"layers/functional/optimizer/vars/0", cast(full({}, 3), DType::int32)},
                {"layers/functional/optimizer/vars/1", scalar(0.1)},
                {"layers/functional/optimizer/vars/2", zeros({4, 2, 3})},
                {"layers/functional/_loss_tracker/vars/0", scalar(0.5)},
                {"layers/functional/_loss_tracker/vars/1", scalar(4)},
                {"layers/functional/_compile_metrics/metrics/auc/vars/0", zeros({200})}});
  const KerasModel read = parse_keras(compiled, "m.keras");
  check_same_predictions(model, Model(read.model), inputs());
  CHECK(read.training.iterations == 4);
  CHECK(read.training.variables.size() == 1);
  const auto why = [&](const std::string& path) {
    const std::string more = with_more(archive, {{path, zeros({2})}});
    return message_of([&] { parse_keras(more, "m.keras"); });
  };
  for (const std::string path :
       {"layers/functional/layers/dense_1/vars/0", "layers/functional/vars/0",
        "layers/functional_1/optimizer/vars/0", "layers/dense/optimizer/vars/0", "vars/0"}) {
    CHECK(why(path) == "m.keras: model.weights.h5: does not fit the model; extra: " + path);
  }
}

TEST_CASE("Keras 2.12 to 2.15 had other names for layers at every level, and for parts") {
  const Model model = model_in_model();
  const TemporaryFolder folder;
  model.save_weights(folder.file("now.weights.h5"));
  const hdf5::File now(read_file(folder.file("now.weights.h5")), "now");
  const std::string layers = "_layer_checkpoint_dependencies/";
  const std::string inner = layers + "functional/" + layers;
  const std::string heads = "layers/functional/layers/multi_head_attention/";
  const std::vector<std::pair<std::string, std::string>> all = {
      {"layers/functional/layers/dense", inner + "dense"},
      {heads + "key_dense", inner + "multi_head_attention/_key_dense"},
      {heads + "output_dense", inner + "multi_head_attention/_output_dense"},
      {heads + "query_dense", inner + "multi_head_attention/_query_dense"},
      {heads + "value_dense", inner + "multi_head_attention/_value_dense"},
      {"layers/dense", layers + "dense"}};
  CHECK(now.datasets().size() == 2 * all.size());
  hdf5::Writer early;
  for (const auto& [path, before] : all) {
    for (const std::string variable : {"/vars/0", "/vars/1"}) {
      early.dataset(before + variable, now.read(path + variable));
    }
  }
  early.dataset(layers + "functional/optimizer/vars/0", cast(full({}, 3), DType::int32));
  early.dataset(layers + "functional/metrics/mean/vars/0", scalar(0.5));
  write_file(folder.file("early.weights.h5"), early.bytes());
  const Tensors expected = model.predict_all(inputs());
  for (const Weight& w : model.weights()) {
    Tensor value = w.value;
    std::ranges::fill(value.mutable_floats(), 0.0f);
  }
  model.load_weights(folder.file("early.weights.h5"));
  CHECK(same_bits(model.predict_all(inputs())[0], expected[0]));
}
