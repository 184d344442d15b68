// The exporters of kindling's layers, in groups: for the source files.
#pragma once

#include <map>
#include <string>

#include <kindling/io/onnx/registry.h>
#include <kindling/layers/functional.h>

namespace kindling::detail {

using OnnxRegistry = std::map<std::string, OnnxExporter>;

void add_activation_exporters(OnnxRegistry& registry);
void add_attention_exporters(OnnxRegistry& registry);
void add_dense_exporters(OnnxRegistry& registry);
void add_merge_exporters(OnnxRegistry& registry);
void add_recurrent_exporters(OnnxRegistry& registry);
void add_sequence_exporters(OnnxRegistry& registry);
void add_shaping_exporters(OnnxRegistry& registry);
void add_wrapper_exporters(OnnxRegistry& registry);

std::map<std::string, OnnxActivation> own_onnx_activations();

// An exporter whose one result is f(call).
inline OnnxExporter one_result(OnnxValue (*f)(const OnnxCall&),
                               OnnxValue (*mask)(const OnnxCall&) = nullptr) {
  return {.call = [f](const OnnxCall& c) { return OnnxValues{f(c)}; }, .compute_mask = mask};
}
inline OnnxValue no_mask(const OnnxCall&) { return {}; }

inline bool flag(const OnnxCall& c, const char* option) { return c.option(option).as_bool(option); }
inline std::int64_t integer(const OnnxCall& c, const char* option) {
  return c.option(option).as_int(option);
}
inline double number(const OnnxCall& c, const char* option) {
  return c.option(option).as_double(option);
}
inline std::string word(const OnnxCall& c, const char* option) {
  return c.option(option).as_string(option);
}

// The layer's option axis, counted from 0, ascending.
std::vector<int> axes_of(const OnnxCall& call, const OnnxValue& x);

// Fails where a rate of dropout would take effect: ONNX has no random numbers of kindling's.
void refuse_dropout(const OnnxCall& call, const char* option);

// What a model of layers computes, call by call.
OnnxValues export_functional(const FunctionalImpl& model, const OnnxValues& inputs);

}  // namespace kindling::detail
