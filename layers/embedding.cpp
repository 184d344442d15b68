#include <kindling/layers/embedding.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/shaping.h>

namespace kindling {

void EmbeddingImpl::fields(Fields& f) {
  f("input_dim", options_.input_dim);
  f("output_dim", options_.output_dim);
  f("embeddings_initializer", options_.embeddings_initializer);
  f("embeddings_regularizer", options_.embeddings_regularizer);
  f("embeddings_constraint", options_.embeddings_constraint);
  f("mask_zero", options_.mask_zero);
}

void EmbeddingImpl::check_options() const {
  if (options_.input_dim < 1 || options_.output_dim < 1) {
    fail_with("input_dim and output_dim are at least 1, got " +
              std::to_string(options_.input_dim) + " and " + std::to_string(options_.output_dim));
  }
  const Shape table{options_.input_dim, options_.output_dim};
  if (options_.weights.defined() && options_.weights.shape() != table) {
    fail_with("the table to start from is (input_dim, output_dim) = " + table.str() + ", got " +
              options_.weights.shape().str());
  }
}

void EmbeddingImpl::build(const Shapes&) {
  const Tensor start = options_.weights;
  const auto given = [start](const Shape&) { return start.clone(); };
  embeddings_ = add_weight("embeddings", {options_.input_dim, options_.output_dim},
                           start.defined() ? Initializer("Given", {}, given)
                                           : options_.embeddings_initializer,
                           {.regularizer = options_.embeddings_regularizer,
                            .constraint = options_.embeddings_constraint});
  options_.weights = Tensor();
}

Tensors EmbeddingImpl::call(const Tensors& inputs, const Call&) {
  if (inputs[0].dtype() != DType::int32) {
    fail_with(std::string("ids are int32, got ") + kindling::name(inputs[0].dtype()) + " " +
              inputs[0].shape().str());
  }
  return {take(embeddings_, inputs[0], who().c_str())};
}

Shapes EmbeddingImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  return {inputs[0].inserted(inputs[0].rank(), options_.output_dim)};
}

Tensor EmbeddingImpl::compute_mask(const Tensors& inputs, const Call& call) {
  return options_.mask_zero ? not_equal(inputs[0], 0) : LayerImpl::compute_mask(inputs, call);
}

}  // namespace kindling
