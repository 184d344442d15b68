// A model as an OnnxGraph, and that as a file's bytes: for the source files.
#pragma once

#include <memory>
#include <string>

#include <kindling/io/onnx/graph.h>
#include <kindling/io/onnx/onnx.h>

namespace kindling::detail {

std::unique_ptr<OnnxGraph> onnx_graph(const Layer& model, const OnnxOptions& options);
std::string onnx_file(const OnnxGraph& graph);

}  // namespace kindling::detail
