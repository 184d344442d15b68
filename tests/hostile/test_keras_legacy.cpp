// Whole models of Keras 2's in .h5 whose lists of names are wrong, and which weight is whose.
#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/hostile/raw_hdf5.h"

#include <kindling/io/archives/keras.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/functional.h>

using namespace kindling;

namespace {

void parse(const std::string& bytes) { parse_keras(bytes, "f"); }

std::string dense_config(const std::string& name) {
  return R"({"class_name": "Dense", "config": {"name": ")" + name +
         R"(", "units": 3, "batch_input_shape": [null, 3]}})";
}

// `content`: what the group of the model's weights has.
std::string file_of(RawHdf5& raw, const std::string& layers, const std::string& content) {
  const RawHdf5::Address weights = raw.group(content);
  return raw.file(raw.group(
      RawHdf5::text("keras_version", "2.11.0") +
      RawHdf5::text("model_config", R"({"class_name": "Sequential", "config": {"name": "s", )"
                                    R"("layers": [)" + layers + "]}}") +
      RawHdf5::link("model_weights", weights)));
}

// Of the layer d alone; `names` are those of its weights.
std::string file_with(const std::string& layer_names, const std::vector<std::string>& names) {
  RawHdf5 raw;
  const RawHdf5::Address kernel = raw.dataset({3, 3}, std::string(36, '\0')),
                         bias = raw.dataset({3}, std::string(12, '\0'));
  const RawHdf5::Address d =
      raw.group(RawHdf5::texts("weight_names", names) + RawHdf5::link("kernel", kernel) +
                RawHdf5::link("bias", bias));
  return file_of(raw, dense_config("d"), layer_names + RawHdf5::link("d", d));
}

// Dense layers, each with its number for all its weights.
std::string file_with(const std::vector<std::pair<std::string, std::string>>& layers,
                      const std::string& config) {
  RawHdf5 raw;
  std::string content;
  std::vector<std::string> names;
  for (const auto& [name, number] : layers) {
    std::string row;
    for (int i = 0; i < 3; ++i) row += number;
    const RawHdf5::Address kernel = raw.dataset({3, 3}, row + row + row),
                           bias = raw.dataset({3}, row);
    names.push_back(name);
    content += RawHdf5::link(
        name, raw.group(RawHdf5::texts("weight_names", {"kernel", "bias"}) +
                        RawHdf5::link("kernel", kernel) + RawHdf5::link("bias", bias)));
  }
  return file_of(raw, config, RawHdf5::texts("layer_names", names) + content);
}

const std::string one = little(4, 0x3f800000), two = little(4, 0x40000000);

std::string parts(int count) {
  std::string all;
  for (int i = count; i-- > 0;) {
    const std::string number = std::to_string(i);
    all += RawHdf5::texts("layer_names" + number, {"l" + number});
  }
  return all;
}

}  // namespace

TEST_CASE("hostile .h5 of Keras 2: names") {
  const std::string d = RawHdf5::texts("layer_names", {"d"});
  const std::vector<std::string> weights = {"kernel", "bias"};
  CHECK(refusal([&] { parse(file_with(d, weights)); }) == "no error");
  CHECK(refusal([&] { parse(file_with(RawHdf5::texts("layer_names0", {"d"}), weights)); }) ==
        "no error");
  check_refused(parse, {
      {file_with(RawHdf5::texts("layer_names", std::vector<std::string>(65'000, "d")), weights),
       "layer \"d\" stands twice in layer_names"},
      {file_with(d, std::vector<std::string>(10'000, "bias")),
       "layer \"d\": \"bias\" stands twice in weight_names"},
      {file_with(d, {"kernel", "d"}), "layer \"d\": weight_names has \"d\", which is no dataset"},
      {file_with(parts(20'000), weights), "layer \"l0\" has no group"},
      {file_with(RawHdf5::text("layer_names", "d"), weights),
       "attribute \"layer_names\" of \"model_weights\" is a list of texts, got a single value"},
      {file_with("", weights), "has weights of 0 layers, the model has 1"},
      {file_with(d, {"kernel"}),
       "does not fit the model; missing: bias of d"},
  });
}

TEST_CASE("Weights of an .h5 of Keras 2 go by place, those of a whole model by name") {
  const std::string config = dense_config("a") + ", " + dense_config("b");
  const TemporaryFolder folder;
  const std::string path = folder.write("f.h5", file_with({{"a", one}, {"b", two}}, config));
  const SymbolicTensor x = Input({.shape = {3}});
  const Dense a({.units = 3, .name = "a"}), b({.units = 3, .name = "b"});
  const Functional model({.inputs = {x}, .outputs = {a(b(x))}, .name = "m"});
  load_keras_weights(model, path);
  CHECK(b.weights()[0].value.floats()[0] == 1);
  CHECK(a.weights()[0].value.floats()[0] == 2);

  const KerasModel whole = parse_keras(file_with({{"b", two}, {"a", one}}, config), "f");
  CHECK(whole.weights[0].name == "a/kernel");
  CHECK(whole.weights[0].value.floats()[0] == 1);
  CHECK(whole.weights[2].value.floats()[0] == 2);
}
