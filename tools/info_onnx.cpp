// kindling info FILE.onnx: what is in a file of ONNX's, which is shown, not run.
#include <fmt/format.h>

#include <kindling/io/onnx/onnx.h>
#include <kindling/tensor/shown.h>

#include "commands.h"
#include "print.h"

namespace kindling::tools {
namespace {

using Infos = std::vector<OnnxTensorInfo>;

std::string shape_of(const OnnxTensorInfo& info) {
  return fmt::format("({}{})", fmt::join(info.shape, ", "), info.shape.size() == 1 ? "," : "");
}

std::int64_t bytes_of(const Infos& initializers) {
  std::int64_t bytes = 0;
  for (const OnnxTensorInfo& each : initializers) bytes += each.bytes;
  return bytes;
}

Config config_of(const std::map<std::string, std::int64_t>& counts) {
  Config::Map map;
  for (const auto& [name, count] : counts) map.emplace_back(name, count);
  return map;
}

// Sizes without a number stay texts.
Config config_of(const OnnxTensorInfo& info) {
  const auto shape = Config::List(info.shape.begin(), info.shape.end());
  return Config::Map{{"name", info.name}, {"shape", shape}, {"dtype", info.dtype}};
}

Config config_of(const Infos& infos) {
  Config::List list;
  for (const OnnxTensorInfo& info : infos) list.push_back(config_of(info));
  return list;
}

void print_json(const std::string& path, const OnnxInfo& found) {
  Config::List tensors;
  for (const OnnxTensorInfo& each : found.initializers) {
    Config tensor = config_of(each);
    tensor.set("bytes", each.bytes);
    tensors.push_back(tensor);
  }
  const Config graph = Config::Map{{"producer", found.producer},
                                   {"ir_version", found.ir_version},
                                   {"opsets", config_of(found.opsets)},
                                   {"operators", config_of(found.operators)},
                                   {"inputs", config_of(found.inputs)},
                                   {"outputs", config_of(found.outputs)}};
  const Config totals = Config::Map{{"tensors", std::ssize(found.initializers)},
                                    {"bytes", bytes_of(found.initializers)}};
  tools::print_json(Config::Map{{"file", path},
                                {"kind", "ONNX"},
                                {"graph", graph},
                                {"tensors", tensors},
                                {"totals", totals},
                                {"metadata", metadata_config(found.metadata)}});
}

void print_ports(const char* what, const Infos& ports) {
  for (const OnnxTensorInfo& port : ports) {
    fmt::print("{}  {} {} {}\n", what, kindling::in_quotes(port.name), shown(shape_of(port)),
               shown(port.dtype));
  }
}

void print_text(const std::string& path, const OnnxInfo& found) {
  fmt::print("{}: ONNX, by {}, IR version {}", shown(path),
             found.producer.empty() ? "an unknown producer" : shown(found.producer),
             found.ir_version);
  for (const auto& [domain, version] : found.opsets) fmt::print(", {} {}", shown(domain), version);
  fmt::print("\n\n");
  print_ports("input", found.inputs);
  print_ports("output", found.outputs);
  fmt::print("\n");
  std::int64_t nodes = 0;
  for (const auto& [name, count] : found.operators) {
    fmt::print("  {:>5} {}\n", count, shown(name));
    nodes += count;
  }
  fmt::print("\n{} nodes\n\n", nodes);
  std::vector<TableRow> rows = {{"Initializer", "Type", "Shape", "Bytes"}};
  for (const OnnxTensorInfo& each : found.initializers) {
    rows.push_back({each.name, each.dtype, shape_of(each), std::to_string(each.bytes)});
  }
  print_table(rows);
  fmt::print("\n{} initializers, {} bytes\n", found.initializers.size(),
             bytes_of(found.initializers));
  print_metadata(found.metadata);
}

}  // namespace

void info_of_onnx(const InfoOptions& options) {
  const OnnxInfo found = onnx_info(options.file);
  if (options.json) {
    print_json(options.file, found);
  } else {
    print_text(options.file, found);
  }
}

}  // namespace kindling::tools
