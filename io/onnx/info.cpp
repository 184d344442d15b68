// What is in an ONNX file, from its ModelProto.
#include <kindling/io/onnx/onnx.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <kindling/io/file.h>
#include <kindling/io/in_file.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// "int64", and for ONNX's FLOAT the name that numpy has for it.
std::string dtype_name(std::int32_t type) {
  if (type == onnx::TensorProto::FLOAT) return "float32";
  if (!onnx::TensorProto_DataType_IsValid(type)) return fmt::format("type {}", type);
  std::string name =
      onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(type));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

OnnxTensorInfo info_of(const onnx::ValueInfoProto& value) {
  const onnx::TypeProto& type = value.type();
  if (!type.has_tensor_type()) return {value.name(), "no tensor", {}};
  OnnxTensorInfo info{value.name(), dtype_name(type.tensor_type().elem_type()), {}};
  for (const auto& dim : type.tensor_type().shape().dim()) {
    if (dim.has_dim_value()) {
      info.shape.push_back(std::to_string(dim.dim_value()));
    } else {
      info.shape.push_back(dim.dim_param().empty() ? "?" : dim.dim_param());
    }
  }
  return info;
}

template <class Values>
std::int64_t size_of(const Values& values) {
  return std::int64_t{values.size()} * std::int64_t{sizeof(*values.begin())};
}

// The elements are in one of these, by their type.
std::int64_t bytes_of(const onnx::TensorProto& tensor) {
  return std::ssize(tensor.raw_data()) + size_of(tensor.float_data()) +
         size_of(tensor.int32_data()) + size_of(tensor.int64_data()) +
         size_of(tensor.double_data()) + size_of(tensor.uint64_data());
}

OnnxTensorInfo info_of(const onnx::TensorProto& tensor) {
  OnnxTensorInfo info{tensor.name(), dtype_name(tensor.data_type()), {}, bytes_of(tensor)};
  for (const std::int64_t size : tensor.dims()) info.shape.push_back(std::to_string(size));
  return info;
}

void count_operators(const onnx::GraphProto& graph, std::map<std::string, std::int64_t>& counts) {
  for (const onnx::NodeProto& node : graph.node()) {
    ++counts[node.op_type()];
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) count_operators(attribute.g(), counts);
    }
  }
}

OnnxInfo info_of(std::string_view bytes, const std::string& path) {
  onnx::ModelProto model;
  if (bytes.size() > std::numeric_limits<std::int32_t>::max() ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    fail("{}: is no ONNX file, or is cut short", path);
  }
  OnnxInfo info;
  info.producer = model.producer_name();
  if (!model.producer_version().empty()) info.producer += " " + model.producer_version();
  info.ir_version = model.ir_version();
  for (const auto& opset : model.opset_import()) {
    info.opsets[opset.domain().empty() ? "ai.onnx" : opset.domain()] = opset.version();
  }
  const onnx::GraphProto& graph = model.graph();
  count_operators(graph, info.operators);
  for (const auto& input : graph.input()) info.inputs.push_back(info_of(input));
  for (const auto& output : graph.output()) info.outputs.push_back(info_of(output));
  for (const auto& each : graph.initializer()) info.initializers.push_back(info_of(each));
  for (const auto& entry : model.metadata_props()) info.metadata[entry.key()] = entry.value();
  return info;
}

}  // namespace

OnnxInfo onnx_info(const std::string& path) {
  const MappedFile file(path);
  return in_file(path, [&] { return info_of(file.bytes(), path); });
}

}  // namespace kindling
