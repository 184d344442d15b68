#include <kindling/io/archives/keras_classes.h>

#include <algorithm>

namespace kindling::keras {
namespace {

using Options = std::vector<Option>;

Options joined(Options first, const Options& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const Option activity{"activity_regularizer", Form::regularizer};

Options kernel_and_bias(Form form, const char* kernel, const char* bias) {
  return {{kernel, form}, {bias, form}};
}
const Options initializers =
    kernel_and_bias(Form::initializer, "kernel_initializer", "bias_initializer");
const Options regularizers =
    kernel_and_bias(Form::regularizer, "kernel_regularizer", "bias_regularizer");
const Options constraints = kernel_and_bias(Form::constraint, "kernel_constraint",
                                            "bias_constraint");

Class pooling(const char* name) {
  return {name,
          {{"pool_size", Form::sizes}, {"padding"}, {"strides", Form::sizes}, {"data_format"}},
          false};
}
Class global_pooling(const char* name, bool takes_mask) {
  return {name, {{"data_format"}, {"keepdims"}}, false, takes_mask};
}

// What LSTM, GRU and SimpleRNN have; their own options go where they do in Keras.
Class recurrent(const char* name, const Options& activations, const Options& before_regularizers,
                const Options& at_the_end) {
  Options all = {{"return_sequences"}, {"return_state"}, {"go_backwards"}, {"stateful"},
                 {"unroll"}, {"zero_output_for_mask"}, {"units"}};
  all = joined(all, activations);
  all = joined(all, {{"use_bias"},
                     {"kernel_initializer", Form::initializer},
                     {"recurrent_initializer", Form::initializer},
                     {"bias_initializer", Form::initializer}});
  all = joined(all, before_regularizers);
  all = joined(all, {{"kernel_regularizer", Form::regularizer},
                     {"recurrent_regularizer", Form::regularizer},
                     {"bias_regularizer", Form::regularizer},
                     activity,
                     {"kernel_constraint", Form::constraint},
                     {"recurrent_constraint", Form::constraint},
                     {"bias_constraint", Form::constraint},
                     {"dropout"},
                     {"recurrent_dropout"}});
  return {name, joined(all, at_the_end), true, true};
}

std::vector<Class> all_classes() {
  const Options kernel = joined(initializers, regularizers);
  const Option quantization{"quantization_config", Form::fixed, {}};
  return {
      {"Activation", {{"activation"}}, false},
      {"Add"},
      {"AdditiveAttention", {{"use_scale"}, {"dropout"}, {"seed"}}},
      {"Attention", {{"use_scale"}, {"score_mode"}, {"dropout"}, {"seed"}}},
      {"Average"},
      pooling("AveragePooling1D"),
      {"Bidirectional",
       {{"merge_mode"}, {"layer", Form::layer}, {"backward_layer", Form::layer}},
       true, true},
      {"Concatenate", {{"axis"}}},
      {"Conv1D",
       joined(joined(joined({{"filters"}, {"kernel_size", Form::sizes}, {"strides", Form::sizes},
                             {"padding"}, {"data_format"}, {"dilation_rate", Form::sizes},
                             {"groups"}, {"activation"}, {"use_bias"}},
                            kernel),
                     {activity}),
              constraints)},
      {"Dense",
       joined(joined(joined({{"units"}, {"activation"}, {"use_bias"}}, kernel), constraints),
              {quantization})},
      {"Dot", {{"axes"}, {"normalize"}}},
      {"Dropout", {{"rate"}, {"seed"}, {"noise_shape", Form::fixed, {}}}, false},
      {"ELU", {{"alpha"}}, false},
      {"Embedding",
       {{"input_dim"},
        {"output_dim"},
        {"embeddings_initializer", Form::initializer},
        {"embeddings_regularizer", Form::regularizer},
        {"activity_regularizer", Form::fixed, {}},
        {"embeddings_constraint", Form::constraint},
        {"mask_zero"},
        quantization}},
      {"Flatten", {{"data_format"}}},
      global_pooling("GlobalAveragePooling1D", true),
      global_pooling("GlobalMaxPooling1D", false),
      recurrent("GRU", {{"activation"}, {"recurrent_activation"}}, {},
                {{"reset_after"}, {"seed"}}),
      {"LayerNormalization",
       {{"axis", Form::axes},
        {"epsilon"},
        {"center"},
        {"scale"},
        {"rms_scaling", Form::fixed, false},
        {"beta_initializer", Form::initializer},
        {"gamma_initializer", Form::initializer},
        {"beta_regularizer", Form::regularizer},
        {"gamma_regularizer", Form::regularizer},
        {"beta_constraint", Form::constraint},
        {"gamma_constraint", Form::constraint}}},
      {"LeakyReLU", {{"negative_slope"}}, false},
      recurrent("LSTM", {{"activation"}, {"recurrent_activation"}}, {{"unit_forget_bias"}},
                {{"seed"}}),
      {"Masking", {{"mask_value"}}},
      {"Maximum"},
      pooling("MaxPooling1D"),
      {"Minimum"},
      {"MultiHeadAttention",
       joined(joined(joined({{"num_heads"}, {"key_dim"}, {"value_dim"}, {"dropout"}, {"use_bias"},
                             {"output_shape"},
                             {"attention_axes", Form::fixed, Config::List{1}}},
                            kernel),
                     {activity}),
              joined(constraints, {{"seed"}}))},
      {"Multiply"},
      {"Permute", {{"dims"}}},
      {"PReLU",
       {{"alpha_initializer", Form::initializer},
        {"alpha_regularizer", Form::regularizer},
        {"alpha_constraint", Form::constraint},
        {"shared_axes", Form::sizes}}},
      {"ReLU", {{"max_value"}, {"negative_slope"}, {"threshold"}}, false},
      {"RepeatVector", {{"n"}}},
      {"Reshape", {{"target_shape"}}, false},
      recurrent("SimpleRNN", {{"activation"}}, {}, {{"seed", Form::if_set}}),
      {"Softmax", {{"axis"}}, false, true},
      {"SpatialDropout1D", {{"rate"}, {"seed"}}, false},
      {"Subtract"},
      {"TimeDistributed", {{"layer", Form::layer}}, true, true},
  };
}

}  // namespace

const Class* keras_class(const std::string& name) {
  static const std::vector<Class> all = all_classes();
  const auto at = std::ranges::find(all, name, &Class::name);
  return at != all.end() ? &*at : nullptr;
}

}  // namespace kindling::keras
