// A model as an ONNX file, for ONNX Runtime and others.
//
//   export_onnx(model, "model.onnx");
//
// What it holds   one graph of float32, opset 17, IR version 8; batches and lengths stay open, from
//                 one row on.
// Inputs          named after the model's inputs, (batch, shape...); where a size is open it has a
//                 name: "batch", and "query_time" along axis 1 of "query".
// Outputs         named after the layers that they come from, as in fit's logs: "score".
// Weights         an initializer each, as it is in the model, with its path for a name:
//                 "cnn_layer/kernel". Where ONNX wants another layout, the graph turns them.
// Masks           travel in the graph as they do in a call of the model: a layer that drops one
//                 warns, or fails (set_dropped_mask_policy). A row that sees nothing is weighed
//                 alike by attention, and has the mean 0, as here.
// States          of stateful layers are inputs, "lstm_state_0", and outputs after the model's,
//                 "lstm_next_state_0", for the next run; the first is given zeros.
// Ids             outside [0, input_dim) are no error that the graph foresees: ONNX counts ids
//                 from -input_dim to -1 from the end of the table, and ONNX Runtime fails on
//                 others.
// Layers of one's own need an exporter: io/onnx/registry.h.
//
// Errors
//   export_onnx: this kindling was built without ONNX; install libonnx-dev and libprotobuf-dev and
//     build it with -DKINDLING_ONNX=ON
//   Scale "scale": has no exporter to ONNX; give its class one with register_onnx<..>()
//     (io/onnx/registry.h)
//   export_onnx: a file of protobuf has at most 2147483647 bytes, "large" takes 4000000000
//
//   model.onnx: is no ONNX file, or is cut short
//
// Source: keras.Model.export; https://github.com/onnx/onnx/blob/main/docs/IR.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <kindling/layers/layer.h>
#include <kindling/layers/symbolic.h>

#pragma GCC visibility push(default)
namespace kindling {

struct OnnxOptions {
  // For a layer that is no graph of layers: its inputs. Else those of its first call, named
  // "input_0" and so on, batches open.
  std::vector<InputOptions> input_signature = {};
};

// The file is replaced as a whole, or, on any error, left as it was (io/file.h).
void export_onnx(const Layer& model, const std::string& path, const OnnxOptions& options = {});

// The same as bytes; equal for equal models.
std::string onnx_bytes(const Layer& model, const OnnxOptions& options = {});

// A tensor that an ONNX file names.
struct OnnxTensorInfo {
  std::string name, dtype;         // "query", "int32"
  std::vector<std::string> shape;  // {"batch", "12"}; "?" is a size without a name
  std::int64_t bytes = 0;          // of an initializer, in the file
};

// What is in an ONNX file, of any producer: it is shown, not run.
struct OnnxInfo {
  std::string producer;  // "kindling 1.0.0"
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;     // by domain; ONNX's own is "ai.onnx"
  std::map<std::string, std::int64_t> operators;  // nodes by operator, those of loops' bodies too
  std::vector<OnnxTensorInfo> inputs, outputs, initializers;
  std::map<std::string, std::string> metadata;
};
OnnxInfo onnx_info(const std::string& path);

}  // namespace kindling
#pragma GCC visibility pop
