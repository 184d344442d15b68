#include <kindling/layers/registry.h>

#include <kindling/layers/activation.h>
#include <kindling/layers/activation_layers.h>
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/attention.h>
#include <kindling/layers/bidirectional.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/dot.h>
#include <kindling/layers/dropout.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/flatten.h>
#include <kindling/layers/functional_config.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/gru.h>
#include <kindling/layers/layer_normalization.h>
#include <kindling/layers/lstm.h>
#include <kindling/layers/mask_operations.h>
#include <kindling/layers/masking.h>
#include <kindling/layers/merge.h>
#include <kindling/layers/multi_head_attention.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/pooling1d.h>
#include <kindling/layers/reshaping.h>
#include <kindling/layers/simple_rnn.h>
#include <kindling/layers/symbolic.h>
#include <kindling/layers/time_distributed.h>
#include <kindling/layers/with_mask.h>

namespace kindling {

Registry<Layer>& layer_registry() {
  static Registry<Layer> registry = [] {
    Registry<Layer> own("layer");
    own.add<Activation>();
    own.add<Add>();
    own.add<AdditiveAttention>();
    own.add<Any>();
    own.add<Attention>();
    own.add<Average>();
    own.add<AveragePooling1D>();
    own.add<Bidirectional>();
    own.add<Concatenate>();
    own.add<Conv1D>();
    own.add<ConvertToTensor>();
    own.add<Dense>();
    own.add<Dot>();
    own.add<Dropout>();
    own.add<ELU>();
    own.add<Embedding>();
    own.add<Flatten>();
    own.set("Functional", [](const Config& config) { return nested_functional(config, false); });
    own.add<GlobalAveragePooling1D>();
    own.add<GlobalMaxPooling1D>();
    own.add<GRU>();
    own.add<Handle<InputLayerImpl>>();
    own.add<LayerNormalization>();
    own.add<LeakyReLU>();
    own.add<LogicalAnd>();
    own.add<LogicalOr>();
    own.add<LSTM>();
    own.add<Masking>();
    own.add<Maximum>();
    own.add<MaxPooling1D>();
    own.add<Minimum>();
    own.add<MultiHeadAttention>();
    own.add<Multiply>();
    own.add<NotEqual>();
    own.add<Permute>();
    own.add<PReLU>();
    own.add<ReLU>();
    own.add<RepeatVector>();
    own.add<Reshape>();
    own.set("Sequential", [](const Config& config) { return nested_functional(config, true); });
    own.add<SimpleRNN>();
    own.add<Softmax>();
    own.add<SpatialDropout1D>();
    own.add<Subtract>();
    own.add<TimeDistributed>();
    own.add<WithMask>();
    return own;
  }();
  return registry;
}

Layer layer_from_config(const std::string& class_name, const Config& config) {
  return layer_registry().make(class_name, config);
}

}  // namespace kindling
