// An exported file, read back with protobuf.
#pragma once

#include <onnx/onnx_pb.h>

#include <kindling/io/onnx/onnx.h>

#include "tests/catch.h"

namespace kindling {

inline onnx::ModelProto parsed(const std::string& bytes) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  return model;
}

inline onnx::ModelProto exported(const Layer& model, const OnnxOptions& options = {}) {
  return parsed(onnx_bytes(model, options));
}

// "query int32 (batch, query_time)"; types by their numbers' names.
inline std::string text_of(const onnx::ValueInfoProto& value) {
  const auto& type = value.type().tensor_type();
  std::string text = value.name() + " " +
                     onnx::TensorProto_DataType_Name(
                         static_cast<onnx::TensorProto_DataType>(type.elem_type())) + " (";
  for (int axis = 0; axis < type.shape().dim_size(); ++axis) {
    const auto& dim = type.shape().dim(axis);
    text += axis > 0 ? ", " : "";
    text += dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value());
  }
  return text + ")";
}

template <class Values>
std::vector<std::string> texts_of(const Values& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(text_of(value));
  return texts;
}

// The operators in the order of the nodes.
inline std::vector<std::string> operators(const onnx::GraphProto& graph) {
  std::vector<std::string> ops;
  for (const auto& node : graph.node()) ops.push_back(node.op_type());
  return ops;
}

}  // namespace kindling
