// What a call on tensors and one on symbolic tensors are both checked for: for the source files.
#pragma once

#include <string>
#include <vector>

#include <kindling/layers/layer.h>
#include <kindling/tensor/error.h>

namespace kindling::detail {

// What f() returns, which reads so many inputs of the layer. Where it reads one that isn't there,
// the layer takes more of them.
template <class F>
auto reading_inputs(const LayerImpl& layer, std::size_t count, F f) {
  try {
    return f();
  } catch (const NotThere& error) {
    if (error.size != count) throw;  // it is another list that is too short
    throw Error(layer.who() + ": takes at least " + std::to_string(error.index + 1) +
                " inputs, got " + std::to_string(count));
  }
}

template <class T>
void check_arguments(const LayerImpl& layer, const std::vector<T>& inputs,
                     const std::vector<T>& masks) {
  const auto who = [&] { return layer.who() + ": "; };
  const std::size_t count = inputs.size();
  if (masks.size() > count) {
    throw Error(who() + "takes at most one mask an input, got " + std::to_string(masks.size()) +
                " masks for " + std::to_string(count) + (count == 1 ? " input" : " inputs"));
  }
  if (masks.size() == 1 && layer.has_attention_arguments()) {
    throw Error(who() + "takes a mask for the query and one for the value, an undefined tensor for "
                        "none, got 1 mask");
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!inputs[i].defined()) {
      throw Error(who() + "input " + std::to_string(i) + " is an undefined tensor");
    }
  }
  for (const T& mask : masks) {
    if (mask.defined() && mask.dtype() != DType::boolean) {
      throw Error(who() + "a mask is bool, got " + name(mask.dtype()) + " " + mask.shape().str());
    }
  }
}

}  // namespace kindling::detail
