// Every reader opens files in the same way: regular ones, of a size that it can take.
#include "tests/hostile/odd_files.h"

#include <kindling/data/delimited.h>
#include <kindling/data/text_file.h>
#include <kindling/data/vocabulary.h>
#include <kindling/data/word_vectors.h>
#include <kindling/io/json.h>
#include <kindling/io/npy.h>
#include <kindling/io/safetensors.h>
#include <kindling/io/state_file.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/symbolic.h>
#include <kindling/train/model.h>

using namespace kindling;

TEST_CASE("only regular files are read") {
  check_odd_files("x.npy", read_npy);
  check_odd_files("w.safetensors", read_safetensors);
  check_odd_files("run.safetensors", read_state);
  check_odd_files("settings.json", [](const std::string& path) { read_json(path); });
  check_odd_files("vocabulary.txt", Vocabulary::read);
  check_odd_files("data.noun", read_text_file);
  const Vocabulary words({"rose"});
  check_odd_files("vectors.txt",
                  [&](const std::string& path) { read_word_vectors(path, words); });
  check_odd_files("vectors.txt", read_vector_words);
  check_odd_files("pairs.csv", [](const std::string& path) { read_pairs(path); });
  check_odd_files("pairs.csv", [](const std::string& path) { open_pairs(path); });
}

TEST_CASE("only regular files are read of a model") {
  const TemporaryFolder folder;
  const auto input = Input({.shape = {1}});
  const Model model({input}, Dense({.units = 1})(input));
  const std::string saved = folder.file("model");
  model.save(saved);
  check_odd_files("model", [](const std::string& path) { Model::load(path); }, "model.json");
  check_odd_files("model", [&](const std::string& path) {
    std::filesystem::copy(saved + "/model.json", path + "/model.json",
                          std::filesystem::copy_options::overwrite_existing);
    Model::load(path);
  }, "weights.safetensors");
  check_odd_files("w.safetensors", [&](const std::string& path) { model.load_weights(path); });
}

extern "C" [[gnu::weak]] void __asan_init();

TEST_CASE("memory that a file takes and that is not to be had names the file") {
  if (__asan_init != nullptr) return;  // the address sanitizer ends a program that runs out
  const TemporaryFolder folder;
  const std::string path = folder.write("vocabulary.txt", "");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 27);
  CHECK(refusal([&] { Vocabulary::read(path); }) == path + ": takes more memory than there is");
  std::filesystem::resize_file(path, (std::uintmax_t{1} << 28) + 1);
  CHECK(refusal([&] { Vocabulary::read(path); }) ==
        path + ": is read up to 268435456 bytes, got 268435457");
  const std::string tensors = folder.write("w.safetensors", "");
  const std::string header =
      R"({"w":{"dtype":"F32","shape":[33554432],"data_offsets":[0,134217728]}})";
  folder.write("w.safetensors", little(8, header.size()) + header);
  std::filesystem::resize_file(tensors, 8 + header.size() + 134'217'728);
  CHECK(refusal([&] { read_safetensors(tensors); }).starts_with(tensors + ": "));
}
