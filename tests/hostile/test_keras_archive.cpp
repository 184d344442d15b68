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
  for (const std::size_t size : {2ul, 30ul, 100ul, file.size() / 2, file.size() - 1}) {
    INFO(size);
    CHECK(refusal([&] { parse(file.substr(0, size)); }) == "?");
  }
  RawMember lies = RawMember::stored("config.json", config);
  lies.size += 1;
  check_refused(parse, {
      {"", "?"},
      {"{}", "?"},
      {members({{"metadata.json", "{}"}, {"model.weights.h5", h5}}), "?"},
      {members({{"metadata.json", "{}"}, {"config.json", config}}), "?"},
      {members({{"metadata.json", "{"}, {"config.json", config}, {"model.weights.h5", h5}}), "?"},
      {raw_zip({lies, RawMember::stored("model.weights.h5", h5)}).bytes, "?"},
      {raw_zip({RawMember::stored("config.json", config),
                RawMember::stored("config.json", config)}).bytes, "?"},
      {archive(config, ""), "?"},
      {archive(config, h5.substr(0, 500)), "?"},
      {archive(config, config), "?"},
  });
}

TEST_CASE("hostile Keras archives: weights") {
  check_refused(parse, {
      {weighing([](hdf5::Writer&) {}), "?"},
      {weighing([](hdf5::Writer& f) { f.group("layers/dense/vars", "d"); }), "?"},
      {weighing([](hdf5::Writer& f) { f.dataset("layers/dense/vars", zeros({3})); }), "?"},
      {kernel_of(zeros({3, 4})), "?"},
      {kernel_of(zeros({4, 3, 1})), "?"},
      {kernel_of(zeros({0, 3})), "?"},
      {kernel_of(cast(zeros({4, 3}), DType::int32)), "?"},
      {and_more("layers/dense/vars/2", zeros({3})), "?"},
      {and_more("layers/dense/vars/x", zeros({3})), "?"},
      {and_more("layers/dense_1/vars/0", zeros({3})), "?"},
      {and_more("vars/0", zeros({3})), "?"},
      {and_more("optimizer/vars/0", zeros({1})), "?"},
      {and_more("optimizer/vars/0", cast(full({}, -1), DType::int32)), "?"},
  });
}

TEST_CASE("hostile .h5 of Keras 2: weights") {
  const std::string file =
      read_file(std::string(KINDLING_SOURCE_DIR) + "/tests/hostile/hdf5/legacy.h5");
  CHECK(refusal([&] { parse(file); }) == "no error");
  check_refused(parse, {
      {with(file, "model_config", "model_confix"), "?"},
      {with(file, "layer_names", "layer_namez"), "?"},
      {with(file, "weight_names", "weight_namez"), "?"},
      {with(file, "d/kernel:0", "d/kernel:1"), "?"},
      {with(file, "d/kernel:0", "d/bias:0" + std::string(2, '\0')), "?"},
      {with(file, "{\"class_name", "[\"class_name"), "?"},
      {with(file, "\"sigmoid\"", "\"sigmoix\""), "?"},
      {with(file, "\"units\": 3", "\"units\": 4"), "?"},
      {with(file, "\"Dense\"", "\"Dunse\""), "?"},
      {with(file, "[null, 4]", "[null, 0]"), "?"},
      {with(file, "\"batch_input_shape\"", "\"batch_input_shapx\""), "?"},
  });
}
