// Folders that are no model, or not quite, and what is said about them.
#include <kindling/io/file.h>
#include <kindling/io/json.h>
#include <kindling/io/safetensors.h>
#include <kindling/layers/dense.h>
#include <kindling/train/model.h>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

// x (3) -> a (2) -> b (1), saved, its model.json on one line.
class Saved {
 public:
  Saved() {
    const auto x = Input({.shape = {3}, .name = "x"});
    const auto a = Dense({.units = 2, .name = "a"}), b = Dense({.units = 1, .name = "b"});
    Model({x}, b(a(x)), "m").save(path());
    json_ = to_json(parse_json(read_file(path() + "/model.json"), "model.json"), -1);
    tensors_ = read_safetensors(path() + "/weights.safetensors").tensors;
  }
  std::string path() const { return folder_.file("M"); }
  const std::string& json() const { return json_; }
  NamedTensors tensors() const { return tensors_; }

  // What loading says, with paths from the model's folder on.
  std::string message() const {
    std::string text = message_of([&] { Model::load(path()); });
    for (std::size_t at; (at = text.find(path())) != std::string::npos;) {
      text.replace(at, path().size(), "M");
    }
    return text;
  }
  std::string with_json(const std::string& text) const {
    write_file(path() + "/model.json", text);
    return message();
  }
  // model.json with `from`, wherever it stands, made `to`.
  std::string edited(const std::string& from, const std::string& to) const {
    std::string text = json_;
    std::size_t at = text.find(from);
    INFO(from);
    REQUIRE(at != std::string::npos);
    for (; at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
    return with_json(text);
  }
  std::string with_weights(const NamedTensors& tensors) const {
    write_file(path() + "/weights.safetensors", safetensors_bytes(tensors));
    return message();
  }

 private:
  TemporaryFolder folder_;
  std::string json_;
  NamedTensors tensors_;
};

}  // namespace

TEST_CASE("The folder that the others are made from is fine") {
  const Saved saved;
  CHECK(saved.message() == "no error");
  CHECK(saved.with_json(saved.json()) == "no error");
  CHECK(saved.edited("\"trainable\":true", "\"trainable\":null") == "no error");
}

TEST_CASE("Weights that were saved with another model are refused") {
  const Saved saved;
  const std::string linear = "\"activation\":\"linear\"", tanh = "\"activation\":\"tanh\"";
  // The same model in other words; and one that isn't.
  CHECK(saved.edited("\"use_bias\":true,", "") == "no error");
  const std::string other = saved.edited(linear, tanh);
  CHECK(other.starts_with("M/weights.safetensors: was saved with another model.json, got ["));
  CHECK(saved.with_json(saved.json()) == "no error");
  CHECK(saved.edited(linear, tanh) == other);
  // Weights of another program don't say what model they are of.
  CHECK(saved.with_weights(saved.tensors()) == "no error");
}

TEST_CASE("A layer that is a model, and its file, are named") {
  const Saved saved;
  CHECK(saved.with_json(R"({"format":"kindling model","version":1,"class_name":"Dense",)"
                        R"("config":{"name":"d"},"inputs":[]})") ==
        "M/model.json: Dense \"d\": the option \"units\" is required");
  CHECK(saved.with_json(R"({"format":"kindling model","version":1,"class_name":"Dense",)"
                        R"("config":{"name":"d","units":1},"inputs":[{"shape":7}]})") ==
        "M/model.json: shape: a list is needed, got 7");
}

TEST_CASE("A model.json that isn't one") {
  const Saved saved;
  CHECK(saved.with_json("") ==
        "M/model.json:1:1: not JSON, unexpected end of the text");
  CHECK(saved.with_json(saved.json().substr(0, 60)) ==
        "M/model.json:1:61: not JSON, unexpected end of the text");
  CHECK(saved.with_json("[]") ==
        "M/model.json: is no kindling model, its \"format\" is null");
  CHECK(saved.with_json("{}") ==
        "M/model.json: is no kindling model, its \"format\" is null");
  CHECK(saved.edited("kindling model", "onnx") ==
        "M/model.json: is no kindling model, its \"format\" is \"onnx\"");
  CHECK(saved.edited("\"version\":1", "\"version\":2") ==
        "M/model.json: version 2 is not supported, only 1");
  CHECK(saved.edited("\"version\":1", "\"version\":\"1\"") ==
        "M/model.json: version: a whole number is needed, got \"1\"");
  CHECK(saved.edited("\"layers\"", "\"strata\"") ==
        "M/model.json: layers: a list is needed, got null");
  CHECK(saved.with_json(R"({"format":"kindling model","version":1,"class_name":"Functional",)"
                        R"("config":7})") == "M/model.json: layers: a list is needed, got null");
}

TEST_CASE("Files that aren't there") {
  const Saved saved;
  std::filesystem::remove(saved.path() + "/weights.safetensors");
  CHECK(saved.message() ==
        "M/weights.safetensors: cannot be opened, No such file or directory");
  std::filesystem::remove(saved.path() + "/model.json");
  CHECK(saved.message() == "M/model.json: cannot be opened, No such file or directory");
  std::filesystem::remove(saved.path());
  CHECK(saved.message() == "M/model.json: cannot be opened, No such file or directory");
}

TEST_CASE("Layers that don't exist, or not like that") {
  const Saved saved;
  CHECK(saved.edited("\"Dense\"", "\"Dence\"")
            .starts_with("M/model.json: layer \"a\": no class \"Dence\" is registered; "
                         "register_layer<Dence>() adds one of your own [registered: Activation, "));
  CHECK(saved.edited("\"use_bias\"", "\"use_bais\"") ==
        "M/model.json: Dense \"a\": unknown option \"use_bais\", got true");
  CHECK(saved.edited("\"units\":2", "\"units\":\"many\"") ==
        "M/model.json: Dense \"a\": units: a whole number is needed, got \"many\"");
  CHECK(saved.edited("\"units\":2,", "") ==
        "M/model.json: Dense \"a\": the option \"units\" is required");
  CHECK(saved.edited("\"units\":2", "\"units\":-2") ==
        "M/model.json: Dense \"a\": units is at least 1, got -2");
  CHECK(saved.edited("\"name\":\"b\"", "\"name\":\"a\"") ==
        "M/model.json: two layers are named \"a\"");
  CHECK(saved.edited("\"name\":\"b\",\"config\":{\"name\":\"b\"",
                     "\"name\":\"b\",\"config\":{\"name\":\"c\"") ==
        "M/model.json: layer \"b\" is named \"c\" in its config");
  CHECK(saved.edited("\"name\":\"b\",\"config\"", "\"config\"") ==
        "M/model.json: name of a layer: a text is needed, got null");
  CHECK(saved.edited("\"class_name\":\"Dense\"", "\"class_name\":5") ==
        "M/model.json: class_name of a layer: a text is needed, got 5");
  CHECK(saved.edited("\"name\":\"b\"", "\"name\":\"b/c\"") ==
        "M/model.json: Dense \"b/c\": a name has no '/', which separates the parts of a weight's "
        "path");
  CHECK(saved.edited("\"batch_shape\":[null,3]", "\"batch_shape\":[]") ==
        "M/model.json: layer \"x\": Shape: axis 0 is outside [0, 0) [shape ()]");
  CHECK(saved.edited("\"batch_shape\":[null,3]", "\"batch_shape\":[null,-3]") ==
        "M/model.json: layer \"x\": Shape: a size is at least 0, or any, got -3");
  CHECK(saved.edited("\"batch_shape\":[null,3]", "\"batch_shape\":[1,2,3,4,5,6,7]") ==
        "M/model.json: layer \"x\": Shape: at most 6 axes are supported, got 7");
  CHECK(saved.edited("\"dtype\":\"float32\"}", "\"dtype\":\"float64\"}") ==
        "M/model.json: InputLayer \"x\": dtype: one of float32, int32, bool is needed, got "
        "\"float64\"");
}

TEST_CASE("Calls that can't be") {
  const Saved saved;
  const std::string from_x = "\"keras_history\":[\"x\",0,0]";
  const std::string from_a = "\"keras_history\":[\"a\",0,0]";
  const auto b_takes = [&](const std::string& history) {
    return saved.edited(from_a, "\"keras_history\":" + history);
  };
  CHECK(b_takes("[\"nobody\",0,0]") ==
        "M/model.json: no layer makes the result [\"nobody\", 0, 0]");
  for (const char* place : {"[\"a\", 1, 0]", "[\"a\", 0, 1]", "[\"a\", -1, 0]", "[\"a\", 0, -1]",
                            "[\"x\", 0, 9223372036854775807]"}) {
    CHECK(b_takes(place) == "M/model.json: no layer makes the result " + std::string(place));
  }
  CHECK(b_takes("[\"a\",0]") ==
        "M/model.json: [layer, call, result] is needed, got [\"a\", 0]");
  CHECK(b_takes("[0,0,0]") == "M/model.json: keras_history: a text is needed, got 0");
  CHECK(b_takes("[\"a\",0.5,0]") ==
        "M/model.json: keras_history: a whole number is needed, got 0.5");
  CHECK(b_takes("7") == "M/model.json: keras_history: a list is needed, got 7");
  CHECK(b_takes("[\"b\",0,0]") ==
        "M/model.json: 1 calls wait for each other, first that of \"b\"");
  CHECK(saved.edited(from_x, "\"keras_history\":[\"b\",0,0]") ==
        "M/model.json: 2 calls wait for each other, first that of \"a\"");
  CHECK(b_takes("[\"x\",0,0]") ==
        "M/weights.safetensors: does not fit the model; extra: a/kernel, a/bias; wrong shape: "
        "b/kernel is float32 (2, 1), not float32 (3, 1)");
  CHECK(saved.edited("\"kwargs\":{}", "\"kwargs\":{\"speed\":1}") ==
        "M/model.json: a, speed: unknown call argument, got 1");
  CHECK(saved.edited("\"kwargs\":{}", "\"kwargs\":{\"training\":1}") ==
        "M/model.json: a, training: true or false is needed, got 1");
  CHECK(saved.edited("\"kwargs\":{}", "\"kwargs\":[1]") ==
        "M/model.json: an object is needed, got [1]");
  CHECK(saved.edited("\"kwargs\":{}", "\"kwargs\":{\"use_causal_mask\":true}") ==
        "M/model.json: Dense \"a\": takes no use_causal_mask and no return_attention_scores");
  CHECK(saved.edited("\"inbound_nodes\":[{", "\"outbound_nodes\":[{") ==
        "M/model.json: inbound_nodes of a: a list is needed, got null");
  CHECK(saved.edited("\"args\"", "\"argv\"") ==
        "M/model.json: Dense \"a\": input 0 is an undefined tensor");
  CHECK(saved.edited("\"args\":[{", "\"args\":[],\"rest\":[{") ==
        "M/model.json: Dense \"a\": takes 1 input, got 0");
}

TEST_CASE("Inputs and outputs that can't be") {
  const Saved saved;
  const std::string in = "\"input_layers\":[[\"x\",0,0]]", out = "\"output_layers\":[[\"b\",0,0]]";
  CHECK(saved.edited(in, "\"input_layers\":[\"x\",0,0]") == "no error");  // as Keras writes one
  CHECK(saved.edited(in, "\"input_layers\":[]") ==
        "M/model.json: Functional \"m\": an output depends on input \"x\", which is not among the "
        "model's inputs");
  CHECK(saved.edited(in, "\"input_layers\":[[\"a\",0,0]]") ==
        "M/model.json: Functional \"m\": an input of a model is what Input() returned");
  CHECK(saved.edited(in, "\"input_layers\":[[\"x\",0,0],[\"x\",0,0]]") ==
        "M/model.json: Functional \"m\": input \"x\" is listed twice");
  CHECK(saved.edited(in, "\"input_layers\":7") ==
        "M/model.json: input_layers: a list is needed, got 7");
  CHECK(saved.edited(out, "\"output_layers\":[]") ==
        "M/model.json: Functional \"m\": a model has at least one output");
  CHECK(saved.edited(out, "\"output_layers\":[[\"c\",0,0]]") ==
        "M/model.json: no layer makes the result [\"c\", 0, 0]");
  CHECK(saved.edited(out, "\"output_layers\":[null]") ==
        "M/model.json: keras_history: a list is needed, got null");
}

TEST_CASE("Weights of a layer in several places may be there once for each, as 0.1 wrote them") {
  const TemporaryFolder folder;
  const std::string path = folder.file("m"), file = path + "/weights.safetensors";
  const auto x = Input({.shape = {3}, .name = "x"});
  const auto d = Dense({.units = 3, .name = "d"});
  const auto nested = [&](const std::string& name) {
    const auto in = Input({.shape = {3}, .name = "in"});
    return Model(in, d(in), name);
  };
  const Model one = nested("one"), two = nested("two");
  Model model(x, d(two(one(x))), "m");
  model.save(path);
  NamedTensors tensors = read_safetensors(file).tensors;
  CHECK(tensors.size() == 2);
  const TensorFile written = read_safetensors(file);
  for (const char* place : {"one/d/", "two/d/", "d/"}) {
    for (const char* name : {"kernel", "bias"}) {
      const std::string weight = std::string(place) + name;
      if (written.contains(weight)) continue;
      tensors.emplace_back(weight, written.at(std::string("one/d/") + name));
    }
  }
  REQUIRE(tensors.size() == 6);
  write_safetensors(file, tensors);
  const Model loaded = Model::load(path);
  const Tensor in = normals({2, 3}, 1);
  CHECK(same_bits(loaded.predict(in), model.predict(in)));
  CHECK(loaded.weights().size() == 2);
  const std::string alone = folder.file("w.safetensors");
  write_safetensors(alone, tensors);
  CHECK(message_of([&] { model.load_weights(alone); }) == "no error");
  tensors.back().second = full({3}, 2);
  write_safetensors(alone, tensors);
  CHECK(message_of([&] { model.load_weights(alone); }) ==
        alone + ": \"one/d/bias\" and \"" + tensors.back().first + "\" are one weight here, of "
                "a layer that stands in several places, and have different numbers");
  tensors.back().second = zeros({4});
  write_safetensors(alone, tensors);
  CHECK(message_of([&] { model.load_weights(alone); })
            .ends_with("is float32 (4,), not float32 (3,)"));
}

TEST_CASE("Weights that don't fit are all listed, and none is loaded") {
  const Saved saved;
  const NamedTensors right = saved.tensors();
  REQUIRE(right.size() == 4);
  CHECK(saved.with_weights({right[3], right[0], right[2], right[1]}) == "no error");
  CHECK(saved.with_weights({{"a/kernel", zeros({2, 3})},
                            {"b/bias", cast(zeros({1}), DType::int32)},
                            {"c/kernel", zeros({1})},
                            {"d", zeros({2})}}) ==
        "M/weights.safetensors: does not fit the model; missing: a/bias, b/kernel; extra: "
        "c/kernel, d; wrong shape: a/kernel is float32 (2, 3), not float32 (3, 2), b/bias is "
        "int32 (1,), not float32 (1,)");
  CHECK(saved.with_weights({}) ==
        "M/weights.safetensors: does not fit the model; missing: a/kernel, a/bias, b/kernel, "
        "b/bias");
  const std::string bytes = safetensors_bytes(right);
  write_file(saved.path() + "/weights.safetensors", bytes.substr(0, bytes.size() - 4));
  CHECK(saved.message() ==
        "M/weights.safetensors: is cut short, tensor \"b/bias\" ends at byte 44 of the data, got "
        "40 bytes");
  write_file(saved.path() + "/weights.safetensors", "");
  CHECK(saved.message() ==
        "M/weights.safetensors: is cut short, the length of the header is 8 bytes, got 0");
}
