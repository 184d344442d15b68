// The model that the benchmarks run: the documented one, at the sizes of the tables in
// docs/performance.md.
#pragma once

#include <cstdint>
#include <string>

#include <kindling/kindling.h>
#include <kindling/tensor/random.h>

namespace benchmark_model {

struct Sizes {
  std::int64_t batch, queries, values;
  std::int64_t vocabulary = 20000, depth = 128, filters = 100, taps = 4, hidden = 64;

  std::string name() const { return std::to_string(batch) + "x" + std::to_string(queries); }
};

inline kindling::Model documented_model(const Sizes& s) {
  using namespace kindling;
  auto query = Input({.shape = {any}, .dtype = DType::int32});
  auto value = Input({.shape = {any}, .dtype = DType::int32});
  auto embedding = Embedding({.input_dim = s.vocabulary, .output_dim = s.depth});
  auto cnn = Conv1D({.filters = s.filters, .kernel_size = s.taps, .padding = Padding::same});
  auto q = cnn(embedding(query)), v = cnn(embedding(value));
  auto attended = AdditiveAttention()({q, v});
  auto joined = Concatenate()({GlobalAveragePooling1D()(q), GlobalAveragePooling1D()(attended)});
  auto hidden = Dense({.units = s.hidden, .activation = relu})(joined);
  return Model({query, value}, Dense({.units = 1, .activation = sigmoid})(hidden));
}

struct Data {
  kindling::Tensors ids;  // (batch, queries), (batch, values): random, each step others
  kindling::Tensor labels;
};

inline Data random_batch(const Sizes& s, std::uint64_t seed) {
  using namespace kindling;
  Generator generator(seed);
  Data data;
  for (const std::int64_t steps : {s.queries, s.values}) {
    Tensor ids = Tensor::empty({s.batch, steps}, DType::int32);
    for (std::int32_t& id : ids.mutable_ints()) {
      id = static_cast<std::int32_t>(generator.below(s.vocabulary));
    }
    data.ids.push_back(ids);
  }
  data.labels = Tensor::empty({s.batch, 1});
  for (float& label : data.labels.mutable_floats()) {
    label = static_cast<float>(generator.below(2));
  }
  return data;
}

}  // namespace benchmark_model
