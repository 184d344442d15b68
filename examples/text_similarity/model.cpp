#include "model.h"

namespace text_similarity {

using namespace kindling;

Model build_model(const Settings& settings, std::int64_t max_tokens, const Tensor& vectors) {
  const std::int64_t dimension = settings.depth, filters = settings.filters;
  const std::int64_t kernel_size = settings.kernel_size, units = settings.hidden_units;

  // Variable-length int sequences.
  auto query_input = Input({.shape = {any}, .dtype = DType::int32, .name = "query"});
  auto value_input = Input({.shape = {any}, .dtype = DType::int32, .name = "value"});
  // Embedding lookup, shared by both texts.
  auto token_embedding = Embedding({.input_dim = max_tokens, .output_dim = dimension,
                                    .weights = vectors, .name = "token_embedding"});
  token_embedding.set_trainable(!settings.freeze_vectors);
  auto query_embeddings = token_embedding(query_input);    // (batch, Tq, dimension)
  auto value_embeddings = token_embedding(value_input);    // (batch, Tv, dimension)
  if (settings.dropout > 0) {  // not on the page
    auto dropout = Dropout({.rate = settings.dropout});
    query_embeddings = dropout(query_embeddings);
    value_embeddings = dropout(value_embeddings);
  }
  auto cnn_layer = Conv1D({.filters = filters, .kernel_size = kernel_size,
                           .padding = Padding::same, .name = "cnn_layer"});
  auto query_seq_encoding = cnn_layer(query_embeddings);   // (batch, Tq, filters)
  auto value_seq_encoding = cnn_layer(value_embeddings);   // (batch, Tv, filters)
  if (settings.mask) {  // not on the page, where padding takes part
    query_seq_encoding = with_mask(query_seq_encoding, not_equal(query_input, 0));
    value_seq_encoding = with_mask(value_seq_encoding, not_equal(value_input, 0));
  }
  auto attention = AdditiveAttention({.name = "attention"});
  auto query_value_attention_seq = attention({query_seq_encoding, value_seq_encoding});
  auto query_encoding = GlobalAveragePooling1D()(query_seq_encoding);
  auto query_value_attention = GlobalAveragePooling1D()(query_value_attention_seq);
  auto input_layer = Concatenate()({query_encoding, query_value_attention});
  if (settings.dropout > 0) input_layer = Dropout({.rate = settings.dropout})(input_layer);
  auto hidden = Dense({.units = units, .activation = relu, .name = "hidden"})(input_layer);
  auto score = Dense({.units = 1, .activation = sigmoid, .name = "score"})(hidden);
  return Model({query_input, value_input}, score, "text_similarity");
}

}  // namespace text_similarity
