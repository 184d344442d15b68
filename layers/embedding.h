// Embedding: ids into vectors, by looking up rows of a table.
//
// Options   input_dim (how many ids), output_dim (length of a vector), embeddings_initializer,
//           embeddings_regularizer, embeddings_constraint, mask_zero (id 0 is padding), weights (a
//           table to start from; not kept in a config).
// Shapes    int32 (batch, ...) -> (batch, ..., output_dim)
// Weights   embeddings (input_dim, output_dim)
// Masks     with mask_zero, the result carries ids != 0, whatever mask the input carried.
// Errors    an id outside [0, input_dim), with its place; an input that isn't int32.
// Example   auto embedding = Embedding({.input_dim = 20000, .output_dim = 128});
//           Tensor vectors = embedding(tensor({{4, 7, 0}}));   // (1, 3, 128)
// Gradient  rows, not a dense table (autograd/gradient.h).
// Source    keras.layers.Embedding.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct EmbeddingOptions {
  Required<std::int64_t, struct EmbeddingOptions_input_dim> input_dim;
  Required<std::int64_t, struct EmbeddingOptions_output_dim> output_dim;
  Initializer embeddings_initializer = RandomUniform();
  Regularizer embeddings_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;
  Tensor weights = {};
  std::string name = {};
};

class EmbeddingImpl : public LayerImpl {
 public:
  using Options = EmbeddingOptions;
  explicit EmbeddingImpl(Options options)
      : LayerImpl("Embedding", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override { check_count(inputs, 1); }
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;

 private:
  Options options_;
  Tensor embeddings_;
};
using Embedding = Handle<EmbeddingImpl>;

}  // namespace kindling
#pragma GCC visibility pop
