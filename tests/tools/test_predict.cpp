// kindling predict, on what Keras computed.
#include <filesystem>

#include <kindling/autograd/shaping.h>
#include <kindling/io/archives/npz.h>
#include <kindling/io/npy.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/flatten.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/symbolic.h>
#include <kindling/train/model.h>

#include "tests/data/temporary_folder.h"
#include "tests/keras/archives.h"
#include "tests/tensors.h"
#include "tests/tools/kindling_program.h"

using namespace kindling;

namespace {

// (rows, any) ids to (rows, 2), (rows, 3).
Model two_outputs() {
  const auto ids = Input({.shape = {any}, .dtype = DType::int32, .name = "ids"});
  const auto mean = GlobalAveragePooling1D()(
      Embedding({.input_dim = 5, .output_dim = 4, .name = "table"})(ids));
  return Model(ids, {Dense({.units = 2, .name = "two"})(mean),
                     Dense({.units = 3, .name = "three"})(mean)});
}

}  // namespace

TEST_CASE("kindling predict: Keras's six archives give what Keras computed") {
  const TemporaryFolder folder;
  for (const std::string& archive : archives) {
    INFO(archive);
    const std::string out = folder.file(archive + ".npz");
    const ProgramResult result =
        kindling_program("predict " + keras_file(archive + ".keras") + " --inputs " +
                         keras_file(archive + ".io.safetensors") + " --output " + out);
    INFO(result.output);
    REQUIRE(result.status == 0);
    const TensorFile file = read_npz(out);
    const Tensors expected = io_of(archive, "output");
    REQUIRE(file.tensors.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      check_close(file.at("output." + std::to_string(i)), expected[i], 1e-5);
    }
  }
}

TEST_CASE("kindling predict: inputs by name, in order or from one file are the same") {
  const TemporaryFolder folder;
  const Tensors inputs = io_of("documented", "input");
  write_npy(folder.file("q.npy"), inputs[0]);
  write_npy(folder.file("v.npy"), inputs[1]);
  write_npz(folder.file("named.npz"), {{"value", inputs[1]}, {"query", inputs[0]}});
  write_npz(folder.file("numbered.npz"), {{"input.1", inputs[1]}, {"input.0", inputs[0]}});
  const std::string model = "predict " + keras_file("documented.keras");
  const std::string out = folder.file("out.safetensors");
  for (const std::string& given :
       {" --input query=" + folder.file("q.npy") + " --input value=" + folder.file("v.npy"),
        " --input value=" + folder.file("v.npy") + " --input " + folder.file("q.npy"),
        " --input input.1=" + folder.file("v.npy") + " --input input.0=" + folder.file("q.npy"),
        " --input " + folder.file("q.npy") + " --input " + folder.file("v.npy"),
        " --input " + folder.file("q.npy") + " value=" + folder.file("v.npy") + " --threads 1",
        " --input " + folder.file("named.npz"), " --inputs " + folder.file("numbered.npz"),
        " --batch-size 3 --inputs " + folder.file("numbered.npz")}) {
    INFO(given);
    const ProgramResult result = kindling_program(model + given + " --output " + out);
    CHECK(result.output == "input.0   \"query\" (4, 9) int32\ninput.1   \"value\" (4, 12) int32\n"
                           "output.0  \"dense\" (4, 1) float32\n" + out + "\n");
    REQUIRE(result.status == 0);
    check_close(read_safetensors(out).at("output.0"), io_of("documented", "output")[0], 1e-5);
  }
}

TEST_CASE("kindling predict: several outputs of a model's folder, and numbers of other types") {
  const TemporaryFolder folder;
  const Model model = two_outputs();
  model.save(folder.file("model"));
  const Tensor ids = tensor({{1, 2, 3}, {4, 0, 0}});
  const Tensors expected = model.predict_all({ids});
  // As floats, as bools, and as numpy's whole numbers of 64 bits.
  write_npy(folder.file("floats.npy"), cast(ids, DType::float32));
  std::string long_ids = npy_bytes(ids);
  long_ids.replace(long_ids.find("<i4"), 3, "<i8");
  long_ids.resize(long_ids.size() - 24);
  for (const std::int64_t id : {1, 2, 3, 4, 0, 0}) {
    long_ids.append(reinterpret_cast<const char*>(&id), sizeof id);
  }
  folder.write("long.npy", long_ids);
  const std::string out = folder.file("out.npz");
  const std::string start =
      "predict " + folder.file("model") + " --output " + out + " --input ids=";
  for (const char* file : {"floats.npy", "long.npy"}) {
    INFO(file);
    const ProgramResult result = kindling_program(start + folder.file(file));
    INFO(result.output);
    REQUIRE(result.status == 0);
    CHECK(result.output.find("output.1  \"three\" (2, 3) float32\n") != std::string::npos);
    CHECK(same_bits(read_npz(out).at("output.0"), expected[0]));
    CHECK(same_bits(read_npz(out).at("output.1"), expected[1]));
  }
  write_npy(folder.file("bools.npy"), cast(tensor({{1, 0}}), DType::boolean));
  REQUIRE(kindling_program(start + folder.file("bools.npy")).status == 0);
  CHECK(same_bits(read_npz(out).at("output.0"), model.predict_all({tensor({{1, 0}})})[0]));
}

TEST_CASE("kindling predict: outputs that are no float32") {
  const TemporaryFolder folder;
  const auto ids = Input({.shape = {any}, .dtype = DType::int32, .name = "ids"});
  Model(ids, {NotEqual({.value = 0})(ids), Flatten()(ids)}).save(folder.file("model"));
  const Tensor x = tensor({{1, 0, 3}, {4, 5, 0}, {0, 2, 1}});
  write_npy(folder.file("ids.npy"), x);
  const std::string out = folder.file("out.npz");
  REQUIRE(kindling_program("predict " + folder.file("model") + " --batch-size 2 --input " +
                           folder.file("ids.npy") + " --output " + out).status == 0);
  CHECK(same_bits(read_npz(out).at("output.0"),
                  mask_of({{true, false, true}, {true, true, false}, {false, true, true}})));
  CHECK(same_bits(read_npz(out).at("output.1"), x));
}

TEST_CASE("kindling predict says which input is wrong, and writes nothing") {
  const TemporaryFolder folder;
  two_outputs().save(folder.file("model"));
  const auto input = [&](const char* name, const Tensor& x) {
    write_npy(folder.file(name), x);
    return folder.file(name);
  };
  const std::string ids = input("ids.npy", tensor({{1, 2}}));
  const std::string out = folder.file("out.npz");
  const auto error = [&](const std::string& inputs, const std::string& output) {
    return kindling_error("predict " + folder.file("model") + inputs + " --output " + output);
  };
  CHECK(error(" --input idz=" + ids, out) ==
        "predict: the model has no input \"idz\", it has ids");
  CHECK(error(" --input " + ids + " --input " + ids, out) ==
        "predict: the model has 1 inputs, ids; " + ids + " is one more");
  CHECK(error(" --input ids=" + ids + " --input ids=" + ids, out) ==
        "predict: input \"ids\" is given twice");
  CHECK(error(" --input " + input("flat.npy", tensor({1, 2})), out) ==
        "predict: input \"ids\": (None, None) is needed, got (2,)");
  CHECK(error(" --input " + input("half.npy", tensor({{1.0, 2.5}})), out) ==
        "predict: input \"ids\": int32 is needed, and 2.5 is no whole number of 32 bits");
  CHECK(error(" --input " + input("large.npy", tensor({{1.0, 3e9}})), out) ==
        "predict: input \"ids\": int32 is needed, and 3000000000 is no whole number of 32 bits");
  CHECK(error(" --input " + ids, folder.file("out.csv")) ==
        folder.file("out.csv") + ": what kind of file it is goes by its name's ending: .keras, "
        ".weights.h5, .h5, .safetensors, .npz, .npy, .onnx or, for a model's folder, none; got "
        "\".csv\"");
  CHECK(error(" --input " + ids, folder.file("out.npy")) ==
        "predict: outputs are written to .npz and .safetensors, got " + folder.file("out.npy"));
  CHECK(error(" --input " + folder.file("none.npy"), out) ==
        folder.file("none.npy") + ": there is no such file");
  CHECK(error(" --input " + folder.file("model"), out) ==
        "predict: inputs are read from .npy, .npz and .safetensors, got " + folder.file("model"));
  write_npz(folder.file("other.npz"), {{"x", tensor({{1}})}});
  CHECK(error(" --input ids=" + folder.file("other.npz"), out) ==
        "predict: input \"ids\": is read from an .npy file, got " + folder.file("other.npz"));
  CHECK(error(" --input " + folder.file("other.npz"), out) ==
        folder.file("other.npz") + ": has neither input.0 nor a tensor named as an input of the "
        "model: ids");
  CHECK(error(" --input " + input("outside.npy", tensor({{7}})), out) ==
        "Embedding \"table\": id 7 at (0, 0) is outside [0, 5)");
  CHECK(kindling_error("predict " + keras_file("documented.keras") + " --input query=" +
                       input("query.npy", tensor({{1}})) + " --output " + out) ==
        "predict: input \"value\" is missing; --input value=FILE gives it");
  CHECK(kindling_error("predict " + keras_file("mlp.keras") + " --input " +
                       input("long.npy", tensor({{16777217, 0, 0, 0, 0, 0}})) + " --output " +
                       out) ==
        "predict: input \"input_layer_1\": float32 is needed, and 16777217 is no float32");
  CHECK(kindling_error("predict " + keras_file("mlp.weights.h5") + " --input " + ids +
                       " --output " + out) ==
        keras_file("mlp.weights.h5") + ": holds tensors alone, a model is needed: a folder, .keras "
        "or .h5");
  CHECK_FALSE(std::filesystem::exists(out));
}
