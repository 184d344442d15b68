// What stands in for model_file.cpp and info.cpp in a build without ONNX's library: errors.
#include <kindling/io/onnx/onnx.h>

#include <kindling/tensor/error.h>

namespace kindling {
namespace {

[[noreturn]] void left_out(const char* who) {
  throw Error(std::string(who) +
              ": this kindling was built without ONNX; install libonnx-dev and libprotobuf-dev and "
              "build it with -DKINDLING_ONNX=ON");
}

}  // namespace

void export_onnx(const Layer&, const std::string&, const OnnxOptions&) { left_out("export_onnx"); }

std::string onnx_bytes(const Layer&, const OnnxOptions&) { left_out("onnx_bytes"); }

OnnxInfo onnx_info(const std::string&) { left_out("onnx_info"); }

}  // namespace kindling
