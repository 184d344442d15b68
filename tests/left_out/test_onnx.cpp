// What a build without ONNX says.
#include <kindling/io/onnx/onnx.h>
#include <kindling/layers/dense.h>

#include "tests/catch.h"

using namespace kindling;

TEST_CASE("Without ONNX's library an export says what to install") {
  const std::string text = ": this kindling was built without ONNX; install libonnx-dev and "
                           "libprotobuf-dev and build it with -DKINDLING_ONNX=ON";
  const auto dense = Dense({.units = 1});
  CHECK(message_of([&] { export_onnx(dense, "model.onnx"); }) == "export_onnx" + text);
  CHECK(message_of([&] { onnx_bytes(dense); }) == "onnx_bytes" + text);
  CHECK(message_of([] { onnx_info("model.onnx"); }) == "onnx_info" + text);
}
