// An OnnxGraph as a ModelProto of protobuf's.
#include <kindling/io/onnx/model_graph.h>

#include <limits>

#include <onnx/onnx_pb.h>

#include <kindling/io/bytes.h>
#include <kindling/io/file.h>
#include <kindling/layers/config_value.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/version.h>

namespace kindling {
namespace {

constexpr std::int64_t ir_version = 8;
constexpr std::int64_t opset = 17;
constexpr std::int64_t most_bytes = std::numeric_limits<std::int32_t>::max();

void check_size(std::int64_t bytes, const OnnxGraph& graph) {
  if (bytes <= most_bytes) return;
  fail("export_onnx: a file of protobuf has at most {} bytes, \"{}\" takes {}", most_bytes,
       graph.body().name, bytes);
}

std::string_view data_of(const OnnxInitializer& initializer) {
  if (initializer.value.type != OnnxType::int64) return bytes_of(initializer.tensor);
  const std::span<const std::int64_t> integers = initializer.integers;
  return {reinterpret_cast<const char*>(integers.data()), integers.size_bytes()};
}

// The sum of what tensors take, before memory is taken for it.
void check_initializers(const OnnxGraph& graph) {
  std::int64_t total = 0;
  for (const OnnxInitializer& each : graph.initializers()) {
    if (each.tensor.defined()) total += each.tensor.elements() * itemsize(each.tensor.dtype());
  }
  check_size(total, graph);
}

void write(const OnnxInitializer& from, onnx::TensorProto& to) {
  to.set_name(from.value.name);
  to.set_data_type(static_cast<std::int32_t>(from.value.type));
  for (const std::int64_t size : from.value.shape) to.add_dims(size);
  const std::string_view bytes = data_of(from);
  to.set_raw_data(bytes.data(), bytes.size());
}

void write(const OnnxValue& from, onnx::ValueInfoProto& to) {
  to.set_name(from.name);
  onnx::TypeProto_Tensor& type = *to.mutable_type()->mutable_tensor_type();
  type.set_elem_type(static_cast<std::int32_t>(from.type));
  type.mutable_shape();  // there also for a scalar
  for (const std::int64_t size : from.shape) {
    auto& dim = *type.mutable_shape()->add_dim();
    const std::int64_t known = from.graph->resolve(size);
    if (known >= 0) {
      dim.set_dim_value(known);
    } else {
      dim.set_dim_param(from.graph->size_name(known));
    }
  }
}

void write_list(const Config::List& list, onnx::AttributeProto& to) {
  to.set_type(onnx::AttributeProto::INTS);
  for (const Config& each : list) to.add_ints(each.as_int(to.name()));
}

void write(const std::string& name, const Config& value, onnx::AttributeProto& to) {
  to.set_name(name);
  if (value.is_list()) return write_list(value.as_list(name), to);
  if (value.is_string()) {
    to.set_type(onnx::AttributeProto::STRING);
    to.set_s(value.as_string(name));
  } else if (std::holds_alternative<std::int64_t>(value.value())) {
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(value.as_int(name));
  } else {
    to.set_type(onnx::AttributeProto::FLOAT);
    to.set_f(static_cast<float>(value.as_double(name)));
  }
}

void write(const OnnxBody& from, onnx::GraphProto& to);

void write(const OnnxNode& from, onnx::NodeProto& to) {
  to.set_op_type(from.op);
  to.set_name(from.name);
  for (const std::string& input : from.inputs) to.add_input(input);
  for (const std::string& output : from.outputs) to.add_output(output);
  for (const auto& [name, value] : from.attributes) write(name, value, *to.add_attribute());
  if (!from.body) return;
  onnx::AttributeProto& body = *to.add_attribute();
  body.set_name("body");
  body.set_type(onnx::AttributeProto::GRAPH);
  write(*from.body, *body.mutable_g());
}

void write(const OnnxBody& from, onnx::GraphProto& to) {
  to.set_name(from.name);
  for (const OnnxNode& node : from.nodes) write(node, *to.add_node());
  for (const OnnxValue& input : from.inputs) write(input, *to.add_input());
  for (const OnnxValue& output : from.outputs) write(output, *to.add_output());
}

}  // namespace

std::string detail::onnx_file(const OnnxGraph& graph) {
  check_initializers(graph);
  onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("kindling");
  model.set_producer_version(version_string);
  model.add_opset_import()->set_version(opset);
  onnx::GraphProto& to = *model.mutable_graph();
  write(graph.body(), to);
  for (const OnnxInitializer& each : graph.initializers()) write(each, *to.add_initializer());
  check_size(static_cast<std::int64_t>(model.ByteSizeLong()), graph);
  return model.SerializeAsString();
}

std::string onnx_bytes(const Layer& model, const OnnxOptions& options) {
  return detail::onnx_file(*detail::onnx_graph(model, options));
}

void export_onnx(const Layer& model, const std::string& path, const OnnxOptions& options) {
  write_file(path, onnx_bytes(model, options));
}

}  // namespace kindling
