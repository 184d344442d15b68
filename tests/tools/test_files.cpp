// kindling info, convert and plot, on every kind of file.
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>

#include <kindling/io/archives/h5.h>
#include <kindling/io/archives/npz.h>
#include <kindling/io/file.h>
#include <kindling/io/npy.h>
#include <kindling/io/weights_file.h>
#include <kindling/layers/dense.h>
#include <kindling/tensor/version.h>
#include <kindling/train/keras.h>

#include "tests/data/temporary_folder.h"
#include "tests/keras/archives.h"
#include "tests/tools/kindling_program.h"

using namespace kindling;

namespace {

constexpr bool has_onnx = KINDLING_HAS_ONNX;

nlohmann::json info_of(const std::string& path) {
  const ProgramResult result = kindling_program("info --json " + path);
  INFO(result.output);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.output);
}

void convert(const std::string& arguments, const std::string& out) {
  const ProgramResult result = kindling_program("convert " + arguments + " " + out);
  CHECK(result.output == out + "\n");
  REQUIRE(result.status == 0);
}

bool same_tensors(const NamedTensors& a, const NamedTensors& b) {
  return npz_bytes(a) == npz_bytes(b);
}

// What a model of Keras's computes from its inputs, all outputs in one list.
std::vector<float> results_of(const std::string& path, const std::string& archive) {
  std::vector<float> all;
  for (const Tensor& t : Model::load(path).predict_all(io_of(archive, "input"))) {
    all.insert(all.end(), t.floats().begin(), t.floats().end());
  }
  return all;
}

}  // namespace

TEST_CASE("kindling info shows tensors, their types, shapes and bytes") {
  const TemporaryFolder folder;
  const NamedTensors tensors = {{"a/kernel", tensor({{1.0, 2.0, 3.0}})},
                                {"ids", tensor({4, 5})},
                                {"mask", mask_of({{true, false}})}};
  const std::string safe = folder.file("t.safetensors"), npz = folder.file("t.npz");
  write_safetensors(safe, tensors, {{"made by", "a test"}});
  write_npz(npz, tensors);
  write_npy(folder.file("x.npy"), tensors[1].second);
  const std::string table = "\n  Tensor    Type     Shape   Bytes\n"
                            "  a/kernel  float32  (1, 3)     12\n"
                            "  ids       int32    (2,)        8\n"
                            "  mask      bool     (1, 2)      2\n"
                            "\n3 tensors, 7 elements, 22 bytes\n";
  CHECK(kindling_program("info " + safe).output ==
        safe + ": tensors, safetensors\n" + table + "format: pt\nmade by: a test\n");
  CHECK(kindling_program("info " + npz).output == npz + ": tensors, npz\n" + table);
  CHECK(kindling_program("info " + folder.file("x.npy")).output ==
        folder.file("x.npy") + ": one tensor, npy\n\n  Tensor  Type   Shape  Bytes\n"
        "  x       int32  (2,)       8\n\n1 tensors, 2 elements, 8 bytes\n");
  const nlohmann::json json = info_of(safe);
  CHECK(json["tensors"][0] == nlohmann::json{{"name", "a/kernel"}, {"shape", {1, 3}},
                                             {"dtype", "float32"}, {"bytes", 12}});
  CHECK(json["totals"] == nlohmann::json{{"tensors", 3}, {"elements", 7}, {"bytes", 22}});
  CHECK(json["metadata"]["made by"] == "a test");
  CHECK_FALSE(json.contains("model"));
}

TEST_CASE("kindling info shows models: layers, inputs, outputs, weights, what wrote them") {
  const std::string path = keras_file("documented.keras");
  const nlohmann::json json = info_of(path);
  CHECK(json["kind"] == "a model of Keras, .keras");
  CHECK(json["metadata"]["keras_version"] == "3.16.0");
  const nlohmann::json& model = json["model"];
  CHECK(model["layers"].size() == 10);
  CHECK(model["layers"][0]["class_name"] == "InputLayer");
  CHECK(model["inputs"][1] == nlohmann::json{{"name", "value"}, {"shape", {nullptr, nullptr}},
                                             {"dtype", "int32"}});
  CHECK(model["outputs"][0] == nlohmann::json{{"name", "dense"}, {"shape", {nullptr, 1}},
                                              {"dtype", "float32"}});
  const Model loaded = Model::load(path);
  CHECK(json["tensors"].size() == loaded.weights().size());
  CHECK(json["totals"]["elements"] == loaded.count_params());

  const ProgramResult text = kindling_program("info " + path);
  CHECK(text.output.find(loaded.summary()) != std::string::npos);
  CHECK(text.output.find("\ninput.1  \"value\" (None, None) int32\n") != std::string::npos);
  CHECK(text.output.find("\noutput.0  \"dense\" (None, 1) float32\n") != std::string::npos);
  CHECK(text.output.find("\nkeras_version: 3.16.0\n") != std::string::npos);

  const TemporaryFolder folder;
  loaded.save(folder.file("model"), {{"notes.txt", "words"}});
  const nlohmann::json saved = info_of(folder.file("model"));
  CHECK(saved["kind"] == "a model's folder");
  CHECK(saved["model"] == model);
  CHECK(saved["tensors"] == json["tensors"]);
  CHECK(saved["metadata"] == nlohmann::json{{"file notes.txt", "5 bytes"}});

  const nlohmann::json weights = info_of(keras_file("documented.weights.h5"));
  CHECK(weights["kind"] == "weights of Keras, HDF5");
  CHECK(weights["totals"]["elements"] >= loaded.count_params());
  CHECK(weights["metadata"]["layers/embedding/vars"] == "embedding");
}

TEST_CASE("kindling convert: models from Keras to a folder and back compute the same bits") {
  const TemporaryFolder folder;
  for (const std::string& archive : archives) {
    INFO(archive);
    const std::string keras = keras_file(archive + ".keras"), model = folder.file(archive);
    const std::string back = folder.file(archive + ".keras");
    convert(keras, model);
    convert(model, back);
    const std::vector<float> expected = results_of(keras, archive);
    CHECK(results_of(model, archive) == expected);
    CHECK(results_of(back, archive) == expected);
  }
}

TEST_CASE("kindling convert: weights by the names that their files have") {
  const TemporaryFolder folder;
  const std::string given = keras_file("conv_attention.weights.h5");
  const TensorFile file = read_h5(given);
  const std::string safe = folder.file("w.safetensors"), npz = folder.file("w.npz");
  const std::string h5 = folder.file("w.weights.h5"), again = folder.file("again.weights.h5");
  convert(given, safe);
  CHECK(same_tensors(read_safetensors(safe).tensors, file.tensors));
  convert(safe, h5);
  CHECK(same_tensors(read_h5(h5).tensors, file.tensors));
  CHECK(read_h5(h5).metadata == file.metadata);
  convert(given, npz);
  CHECK(same_tensors(read_npz(npz).tensors, file.tensors));
  convert(npz, again);
  CHECK(same_tensors(read_h5(again).tensors, file.tensors));
  // Keras's names, which a model of the same layers reads.
  Model model = Model::load(keras_file("conv_attention.keras"));
  model.load_weights(again);
}

TEST_CASE("kindling convert: weights of a model by the model's names, and back into it") {
  const TemporaryFolder folder;
  const std::string keras = keras_file("text_cnn.keras");
  const std::vector<float> expected = results_of(keras, "text_cnn");
  const std::string safe = folder.file("w.safetensors"), npz = folder.file("w.npz");
  const std::string h5 = folder.file("w.weights.h5");
  convert(keras, safe);
  convert(keras, npz);
  convert(keras, h5);
  CHECK(read_safetensors(safe).contains("embedding_3/embeddings"));
  CHECK(same_tensors(read_safetensors(safe).tensors, read_npz(npz).tensors));
  // A model of other weights takes these.
  Model other = Model::load(keras);
  for (const Weight& weight : other.weights()) {
    Tensor value = weight.value;
    std::ranges::fill(value.mutable_floats(), 0.5f);
  }
  other.save(folder.file("other"));
  REQUIRE(results_of(folder.file("other"), "text_cnn") != expected);
  const std::string into = "--model " + folder.file("other") + " ";
  for (const std::string& weights : {safe, npz, h5, keras}) {
    INFO(weights);
    convert(into + weights, folder.file("whole.keras"));
    CHECK(results_of(folder.file("whole.keras"), "text_cnn") == expected);
  }
  convert(into + h5, folder.file("named.safetensors"));
  CHECK(read_file(folder.file("named.safetensors")) == read_file(safe));
  convert(into + safe, folder.file("placed.weights.h5"));
  CHECK(read_file(folder.file("placed.weights.h5")) == read_file(h5));
}

TEST_CASE("kindling convert writes ONNX, or says that this build can't") {
  const TemporaryFolder folder;
  const std::string onnx = folder.file("m.onnx");
  const std::string arguments = keras_file("documented.keras") + " " + onnx;
  if (has_onnx) {
    convert(keras_file("documented.keras"), onnx);
    const std::string refused = onnx + ": an ONNX file is written, and shown by info, but no model "
                                       "or weights are read of it";
    CHECK(kindling_error("convert " + onnx + " " + folder.file("m.npz")) == refused);
    CHECK(kindling_error("convert " + onnx + " " + folder.file("m.keras")) == refused);
    CHECK(kindling_error("plot " + onnx + " -o " + folder.file("m.dot")) == refused);
    CHECK(kindling_error("convert --model " + keras_file("documented.keras") + " " + onnx + " " +
                         folder.file("m.npz")) == refused);
  } else {
    CHECK(kindling_error("convert " + arguments).starts_with("export_onnx: this kindling was "));
  }
}

TEST_CASE("kindling info: a folder inside a model's, names that move the cursor, a full disk") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  Model::load(keras_file("mlp.keras")).save(model);
  std::filesystem::create_directory(model + "/more");
  CHECK(info_of(model)["metadata"]["file more"] == "a folder");
  const std::string file = folder.file("t.safetensors");
  write_safetensors(file, {{"a\x1b[2J", tensor({1.0})}});
  const std::string text = kindling_program("info " + file).output;
  CHECK(text.find('\x1b') == text.npos);
  CHECK(text.find("\"a\\u001b[2J\"") != text.npos);
  if (std::filesystem::exists("/dev/full")) {
    CHECK(kindling_program("info " + file + " > /dev/full").status == 1);
    for (const std::string& command :
         {std::string("--help"), std::string("--version"), std::string("info --help"),
          "info " + file, "convert " + file + " " + folder.file("t.npz")}) {
      CHECK(kindling_program(command + " 2>&1 > /dev/full #").output ==
            "kindling: standard output: cannot be written, No space left on device\n");
      CHECK(kindling_program(command + " 2>&1 >&- #").output ==
            "kindling: standard output: cannot be written, Bad file descriptor\n");
    }
  }
}

TEST_CASE("kindling info --json is JSON whatever bytes names have") {
  const TemporaryFolder folder;
  const std::string odd = folder.file("caf\xe9.npz");
  write_npz(odd, {{"a", tensor({1.0})}});
  CHECK(info_of("'" + odd + "'")["file"] == folder.file("caf\ufffd.npz"));
  const std::string model = folder.file("model");
  Model::load(keras_file("mlp.keras")).save(model);
  write_file(model + "/\xe8", "1");
  write_file(model + "/\xe9", "12");
  CHECK(info_of(model)["metadata"] ==
        nlohmann::json{{"file \ufffd", "1 bytes"}, {"file \ufffd (2)", "2 bytes"}});
}

TEST_CASE("kindling shows what files say escaped and cut, and as JSON without a change") {
  const TemporaryFolder folder;
  const std::string name = "a\x1b]0;x\x07\u009b2J\u202e\n" + std::string(1'000'000, 'x');
  const std::string raw[] = {"\x1b", "\x07", "\u009b", "\u202e"};
  const std::string safe = folder.file("t.safetensors");
  write_safetensors(safe, {{name, tensor({1.0})}}, {{name, name}});
  for (const std::string& command :
       {"info " + safe, "convert " + safe + " " + folder.file("x.weights.h5")}) {
    const std::string text = kindling_program(command).output;
    INFO(text.substr(0, 2000));
    for (const std::string& each : raw) CHECK(text.find(each) == text.npos);
    CHECK(text.size() < 5000);
  }
  const std::string json = kindling_program("info --json " + safe).output;
  for (const std::string& each : raw) CHECK(json.find(each) == json.npos);
  CHECK(nlohmann::json::parse(json)["tensors"][0]["name"] == name);

  // A layer's and an input's name: in the summary, in predict's table, in errors.
  const auto x = Input({.shape = {2}, .name = name});
  const Model model(x, Dense({.units = 1, .name = name + "y"})(x), name);
  const std::string saved = folder.file("model"), npy = folder.file("x.npy");
  model.save(saved);
  write_npy(npy, tensor({{1.0, 2.0}}));
  write_npy(folder.file("bad.npy"), tensor({{1.0}}));
  for (const std::string& command :
       {"info " + saved, "predict " + saved + " --input " + npy + " --output " + safe,
        "predict " + saved + " --input " + folder.file("bad.npy") + " --output " + safe}) {
    const std::string text = kindling_program(command).output;
    INFO(text.substr(0, 2000));
    for (const std::string& each : raw) CHECK(text.find(each) == text.npos);
    CHECK(text.find("a\\u001b]0;x\\u0007\\u009b2J\\u202e\\nxxx") != text.npos);
    CHECK(text.size() < 8000);
  }
}

TEST_CASE("kindling predict says that results are no numbers") {
  const TemporaryFolder folder;
  const auto x = Input({.shape = {2}, .name = "x"});
  const Model model(x, Dense({.units = 2, .kernel_initializer = "ones"})(x));
  const std::string saved = folder.file("model"), npy = folder.file("x.npy");
  model.save(saved);
  write_npy(npy, tensor({{1.0, 2.0}, {std::nan(""), 0.0}}));
  const ProgramResult result = kindling_program("predict " + saved + " --input " + npy +
                                                " --output " + folder.file("y.npz"));
  CHECK(result.status == 0);
  CHECK(result.output.find("kindling: warning: predict: output.0 has 2 NaN or infinite numbers of "
                           "4\n") != std::string::npos);
}

TEST_CASE("kindling info shows what an ONNX file holds") {
  if (!has_onnx) return;
  const TemporaryFolder folder;
  const std::string onnx = folder.file("mlp.onnx");
  convert(keras_file("mlp.keras"), onnx);
  const nlohmann::json found = info_of(onnx);
  CHECK(found["kind"] == "ONNX");
  const nlohmann::json& graph = found["graph"];
  CHECK(graph["producer"] == std::string("kindling ") + version_string);
  CHECK(graph["opsets"] == nlohmann::json{{"ai.onnx", 17}});
  CHECK(graph["inputs"].size() == 1);
  CHECK(graph["inputs"][0]["shape"][0] == "batch");
  CHECK(graph["inputs"][0]["dtype"] == "float32");
  CHECK(graph["operators"]["MatMul"] == 3);
  // Every weight of the model is there, as it is in the model.
  std::int64_t bytes = 0;
  for (const auto& [name, weight] :
       named_tensors(Model::load(keras_file("mlp.keras")).weights())) {
    const nlohmann::json* tensor = nullptr;
    for (const nlohmann::json& each : found["tensors"]) {
      if (each["name"] == name) tensor = &each;
    }
    REQUIRE(tensor != nullptr);
    CHECK((*tensor)["bytes"] == 4 * weight.elements());
    bytes += 4 * weight.elements();
  }
  CHECK(found["totals"]["bytes"] >= bytes);
  const std::string text = kindling_program("info " + onnx).output;
  CHECK(text.starts_with(onnx + ": ONNX, by kindling " + version_string + ", IR version 8, "));
  CHECK(text.find("  3 MatMul\n") != std::string::npos);

  const std::string cut = folder.write("cut.onnx", read_file(onnx).substr(0, 100));
  CHECK(kindling_error("info " + cut) == cut + ": is no ONNX file, or is cut short");
  const std::string empty = folder.write("empty.onnx", "");
  CHECK(kindling_error("info " + empty) == empty + ": is no ONNX file, or is cut short");
}

TEST_CASE("kindling convert says what can't be made of what, and writes nothing") {
  const TemporaryFolder folder;
  const std::string keras = keras_file("mlp.keras"), h5 = keras_file("mlp.weights.h5");
  const std::string safe = folder.file("w.safetensors");
  write_safetensors(safe, {{"a", tensor({1.0})}});
  const auto error = [&](const std::string& in, const std::string& out) {
    const std::string text = kindling_error("convert " + in + " " + out);
    CHECK_FALSE(std::filesystem::exists(out));
    return text;
  };
  const std::string whole = folder.file("m.keras"), named = folder.file("out.weights.h5");
  CHECK(error(h5, whole) == h5 + ": holds weights alone, " + whole +
                                " is a whole model; --model says which model's weights they are");
  CHECK(error(safe, named) ==
        named + ": Keras names weights by place, \"layers/dense/vars/0\", got \"a\"; --model says "
        "which model's weights they are");
  CHECK(error("--model " + keras + " " + safe, whole)
            .starts_with(safe + ": does not fit the model; missing: dense_6/kernel"));
  CHECK(error("--model " + h5 + " " + safe, whole) ==
        h5 + ": holds tensors alone, a model is needed: a folder, .keras or .h5");
  CHECK(error(keras, folder.file("m.h5")) ==
        folder.file("m.h5") + ": of a model are written .keras, .onnx, a folder and, of its "
        "weights, .weights.h5, .safetensors and .npz");
  CHECK(error(safe, folder.file("x.npy")) ==
        folder.file("x.npy") + ": tensors are written to .weights.h5, .safetensors and .npz");
  CHECK(error(folder.file("none.keras"), whole) ==
        folder.file("none.keras") + ": there is no such file");
  CHECK(error(folder.write("plain", "text"), whole)
            .starts_with(folder.file("plain") + ": is no folder, and a file's kind goes by "));
  const std::string cut = folder.write("cut.keras", read_file(keras).substr(0, 4000));
  CHECK(error(cut, folder.file("model")).starts_with(cut + ": is cut short or has bytes after"));
}

TEST_CASE("kindling plot draws a model's graph") {
  const TemporaryFolder folder;
  const std::string dot = folder.file("m.dot"), svg = folder.file("m.svg");
  const std::string start = "plot " + keras_file("documented.keras") + " --names --shapes -o ";
  CHECK(kindling_program(start + dot).output == dot + "\n");
  CHECK(read_file(dot).find("\"query\" -> \"embedding\"") != std::string::npos);
  CHECK(read_file(dot).find("Output: (None, None, ") != std::string::npos);
  const ProgramResult drawn = kindling_program(start + svg);
  if (std::system("dot -V > /dev/null 2>&1") == 0) {
    CHECK(drawn.status == 0);
    CHECK(read_file(svg).find("<svg") != std::string::npos);
  } else {
    CHECK(drawn.status == 1);
    CHECK(drawn.output == "kindling: plot_model: Graphviz's program `dot` is not there or failed; "
                          "the graph is in " + svg + ".dot\n");
  }
  CHECK(kindling_error(start + folder.file("m.png")) ==
        "plot_model: a file .dot or .svg is needed, got \"" + folder.file("m.png") + "\"");
}

TEST_CASE("kindling ends with 2 where it is called wrongly, with 0 after help") {
  CHECK(kindling_program("").status == 2);
  CHECK(kindling_program("show x").status == 2);
  CHECK(kindling_program("predict model").status == 2);
  CHECK(kindling_program("predict m --input x --output y --batch-size 0").status == 2);
  for (const std::string wrong : {"0", "-1", "0x10", "99999999999999999999", "1.5", "nan"}) {
    for (const std::string option : {"--batch-size", "--threads"}) {
      const ProgramResult result =
          kindling_program("predict m --input x --output y " + option + " " + wrong);
      CHECK(result.status == 2);
      CHECK(result.output.starts_with(option + ": a whole number from 1 to "));
    }
  }
  CHECK(kindling_program("--help").status == 0);
  CHECK(kindling_program("convert --help").status == 0);
  CHECK(kindling_program("--version").output == std::string(version_string) + "\n");
}
