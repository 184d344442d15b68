// Models through files, and what must come back.
#pragma once

#include <algorithm>
#include <string>

#include <kindling/io/file.h>
#include <kindling/train/keras.h>

#include "tests/data/temporary_folder.h"
#include "tests/keras/archives.h"
#include "tests/tensors.h"

namespace kindling {

inline const std::string a_date = "2026-11-22@06:16:39";

// Inputs of seven steps, and of ids; some ids, among which are zeros.
inline SymbolicTensor sequence(const std::string& name = {}) {
  return Input({.shape = {7, 4}, .name = name});
}
inline SymbolicTensor ids(const std::string& name = {}) {
  return Input({.shape = {any}, .dtype = DType::int32, .name = name});
}
inline Tensor some_ids(std::uint64_t seed) {
  Tensor all = random_ids({3, 7}, seed, 9);
  for (const std::size_t place : {5u, 6u, 13u}) all.mutable_ints()[place] = 0;
  return all;
}

// Every weight gets numbers of its own, so that none can be taken for another.
inline void randomize(const Model& model) {
  std::uint64_t seed = 1;
  for (const Weight& w : model.weights()) {
    Tensor value = w.value;
    const Tensor random = normals(w.value.shape(), seed++, 0.5);
    std::ranges::copy(random.floats(), value.mutable_floats().begin());
  }
}

inline std::vector<std::string> names_of_layers(const Model& model) {
  std::vector<std::string> names;
  for (const Layer& layer : model.layers()) names.push_back(layer.name());
  std::ranges::sort(names);
  return names;
}

inline void check_same_predictions(const Model& a, const Model& b, const Tensors& inputs) {
  const Tensors expected = a.predict_all(inputs), got = b.predict_all(inputs);
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(same_bits(got[i], expected[i]));
}

// Against what Keras computed from an archive's inputs, or make_legacy.py.
inline void check_predictions(const Model& model, const std::string& archive, double tolerance) {
  const Tensors got = model.predict_all(io_of(archive, "input"));
  const Tensors expected = io_of(archive, "output");
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], tolerance);
}

// Saved as .keras, loaded, and saved again: the same predictions, layers and bytes.
inline Model check_keras_round_trip(const Model& model, const Tensors& inputs) {
  const TemporaryFolder folder;
  const std::string first = folder.file("first.keras"), second = folder.file("second.keras");
  save_keras(model, first, {.date_saved = a_date});
  Model loaded = load_keras(first);
  save_keras(loaded, second, {.date_saved = a_date});
  const bool same_bytes = read_file(first) == read_file(second);
  CHECK(same_bytes);
  CHECK(loaded.name() == model.name());
  CHECK(loaded.class_name() == model.class_name());
  check_same_predictions(model, loaded, inputs);
  return loaded;
}

}  // namespace kindling
