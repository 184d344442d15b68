// Archives of Keras's whose members are wrong, and .h5 files of Keras 2's.
#include "tests/hostile/keras_archive.h"
#include "tests/hostile/raw_zip.h"

#include <kindling/io/archives/keras.h>
#include <kindling/io/file.h>

using namespace kindling;

namespace {

void parse(const std::string& bytes) { parse_keras(bytes, "f"); }

// An archive of the valid config and other weights.
std::string weighing(const std::function<void(hdf5::Writer&)>& write) {
  hdf5::Writer file;
  write(file);
  return archive(valid_config(), file.bytes());
}

std::string kernel_of(const Tensor& kernel) {
  return weighing([&](hdf5::Writer& file) {
    file.group("layers/dense/vars", "d");
    file.dataset("layers/dense/vars/0", kernel);
    file.dataset("layers/dense/vars/1", zeros({3}));
  });
}

std::string and_more(const std::string& path, const Tensor& value) {
  return weighing([&](hdf5::Writer& file) {
    write_weights(file);
    file.dataset(path, value);
  });
}

std::string members(const std::vector<std::pair<std::string, std::string>>& all) {
  ZipWriter zip("f");
  for (const auto& [name, content] : all) zip.add(name, content);
  return zip.bytes();
}

const std::string weights = "model.weights.h5: ";

}  // namespace

TEST_CASE("hostile Keras archives: members") {
  const std::string config = valid_config(), h5 = valid_weights();
  const std::string file = archive(config);
  for (const std::size_t size : {30ul, 100ul, file.size() / 2, file.size() - 1}) {
    INFO(size);
    CHECK(refusal([&] { parse(file.substr(0, size)); }) ==
          "f: is cut short or has bytes after its end, its last 22 bytes are no end record");
  }
  RawMember lies = RawMember::stored("config.json", config);
  lies.size += 1;
  check_refused(parse, {
      {"", "is neither an archive of Keras 3, which is a zip file, nor an .h5 of Keras 2, it "
           "starts with \"\""},
      {file.substr(0, 2), "is no zip archive, it starts with \"PK\""},
      {members({{"metadata.json", "{}"}, {"model.weights.h5", h5}}),
       "has no member \"config.json\", it has \"metadata.json\", \"model.weights.h5\""},
      {members({{"metadata.json", "{}"}, {"config.json", config}}),
       "has no member \"model.weights.h5\", it has \"metadata.json\", \"config.json\""},
      {members({{"metadata.json", "{"}, {"config.json", config}, {"model.weights.h5", h5}}),
       "metadata.json:1:2: not JSON, unexpected end of the text"},
      {raw_zip({lies, RawMember::stored("model.weights.h5", h5)}).bytes,
       "member \"config.json\": is stored, but 461 bytes hold 462"},
      {raw_zip({RawMember::stored("config.json", config),
                RawMember::stored("config.json", config)}).bytes,
       "member \"config.json\": stands twice"},
      {archive(config, ""), "model.weights.h5: is no HDF5 file"},
      {archive(config, h5.substr(0, 500)),
       "model.weights.h5: is cut short, its header says 10196 bytes, got 500"},
  });
}

TEST_CASE("hostile Keras archives: many values") {
  std::string many = "[";
  for (int i = 0; i < 1 << 20; ++i) many += "0,";
  many += "0]";
  const std::string file = archive(many);
  CHECK(refusal([&] { parse(file); }, std::size_t{1} << 28) ==
        "f: config.json:1:2097155: has more than 1048576 values");
}

TEST_CASE("hostile Keras archives: weights") {
  check_refused(parse, {
      {weighing([](hdf5::Writer&) {}),
       "model.weights.h5: does not fit the model; missing: layers/dense/vars/0 (kernel of d), "
       "layers/dense/vars/1 (bias of d)"},
      {weighing([](hdf5::Writer& f) { f.dataset("layers/dense/vars", zeros({3})); }),
       "model.weights.h5: does not fit the model; missing: layers/dense/vars/0 (kernel of d), "
       "layers/dense/vars/1 (bias of d); extra: layers/dense/vars"},
      {kernel_of(zeros({3, 4})),
       "model.weights.h5: does not fit the model; wrong shape: layers/dense/vars/0 (kernel of "
       "d) is float32 (3, 4), not float32 (4, 3)"},
      {kernel_of(zeros({4, 3, 1})),
       "model.weights.h5: does not fit the model; wrong shape: layers/dense/vars/0 (kernel of "
       "d) is float32 (4, 3, 1), not float32 (4, 3)"},
      {kernel_of(zeros({0, 3})),
       "model.weights.h5: does not fit the model; wrong shape: layers/dense/vars/0 (kernel of "
       "d) is float32 (0, 3), not float32 (4, 3)"},
      {kernel_of(cast(zeros({4, 3}), DType::int32)),
       "model.weights.h5: does not fit the model; wrong shape: layers/dense/vars/0 (kernel of "
       "d) is int32 (4, 3), not float32 (4, 3)"},
      {and_more("layers/dense/vars/2", zeros({3})),
       "model.weights.h5: does not fit the model; extra: layers/dense/vars/2"},
      {and_more("layers/dense/vars/x", zeros({3})),
       "model.weights.h5: does not fit the model; extra: layers/dense/vars/x"},
      {and_more("layers/dense_1/vars/0", zeros({3})),
       "model.weights.h5: does not fit the model; extra: layers/dense_1/vars/0"},
      {and_more("vars/0", zeros({3})), "model.weights.h5: does not fit the model; extra: vars/0"},
      {and_more("optimizer/vars/0", zeros({1})),
       "model.weights.h5: \"optimizer/vars/0\" is the number of steps, got float32 (1,)"},
      {and_more("optimizer/vars/0", cast(full({}, -1), DType::int32)),
       "model.weights.h5: \"optimizer/vars/0\" is the number of steps, got -1"},
  });
}

TEST_CASE("hostile .h5 of Keras 2: weights") {
  const std::string file =
      read_file(std::string(KINDLING_SOURCE_DIR) + "/tests/hostile/hdf5/legacy.h5");
  CHECK(refusal([&] { parse(file); }) == "no error");
  check_refused(parse, {
      {with(file, "model_config", "model_confix"),
       "has no model_config, it holds weights alone; make the model and load_weights"},
      {with(file, "layer_names", "layer_namez"), "has weights of 0 layers, the model has 1"},
      {with(file, "d/kernel:0", "d/kernel:1"),
       "layer \"d\": weight_names has \"d/kernel:1\", which is no dataset"},
      {with(file, "d/kernel:0", "d/bias:0" + std::string(2, '\0')),
       "layer \"d\": \"d/bias:0\" stands twice in weight_names"},
      {with(file, "{\"class_name\": \"Seq", "[\"class_name\": \"Seq"),
       "model_config:1:14: not JSON, unexpected \":\""},
      {with(file, "\"sigmoid\"", "\"sigmoix\""),
       "model_config: layer \"d\": activation: one of linear, relu, relu6, leaky_relu, elu, "
       "celu, selu, gelu, glu, silu, swish, mish, sigmoid, log_sigmoid, hard_sigmoid, "
       "hard_sigmoid_keras2, sparse_sigmoid, hard_silu, hard_swish, tanh, hard_tanh, "
       "tanh_shrink, softplus, "
       "squareplus, sparse_plus, softsign, soft_shrink, hard_shrink, exponential, softmax, "
       "log_softmax, sparsemax is needed, got \"sigmoix\""},
      {with(file, "\"units\": 3", "\"units\": 4"),
       "does not fit the model; wrong shape: model_weights/d/d/kernel:0 is float32 (4, 3), not "
       "float32 (4, 4), model_weights/d/d/bias:0 is float32 (3,), not float32 (4,)"},
      {with(file, "\"Dense\"", "\"Dunse\""),
       "model_config: 1 class is missing: Dunse (layer \"d\"); register_layer<..>() adds a "
       "class of one's own"},
      {with(file, "[null, 4]", "[null, 0]"),
       "does not fit the model; wrong shape: model_weights/d/d/kernel:0 is float32 (4, 3), not "
       "float32 (0, 3)"},
      {with(file, "\"batch_input_shape\"", "\"batch_input_shapx\""),
       "model_config: a Sequential that was never built has no input shape; build it in Keras "
       "first"},
  });
}
