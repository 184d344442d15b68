#include <kindling/layers/registry.h>

#include <kindling/layers/activation.h>
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/dropout.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/flatten.h>
#include <kindling/layers/global_average_pooling1d.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/symbolic.h>
#include <kindling/layers/with_mask.h>

namespace kindling {

Registry<Layer>& layer_registry() {
  static Registry<Layer> registry = [] {
    Registry<Layer> own("layer");
    own.add<Activation>();
    own.add<AdditiveAttention>();
    own.add<Concatenate>();
    own.add<Conv1D>();
    own.add<Dense>();
    own.add<Dropout>();
    own.add<Embedding>();
    own.add<Flatten>();
    own.add<GlobalAveragePooling1D>();
    own.add<Handle<InputLayerImpl>>();
    own.add<NotEqual>();
    own.add<WithMask>();
    return own;
  }();
  return registry;
}

Layer layer_from_config(const std::string& class_name, const Config& config) {
  return layer_registry().make(class_name, config);
}

}  // namespace kindling
