// What an exported model's file is made of.
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <kindling/io/onnx/onnx.h>

#include "tests/catch.h"
#include "tests/onnx/cases.h"

using namespace kindling;

namespace {

onnx::ModelProto parsed(const std::string& bytes) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  return model;
}

}  // namespace

TEST_CASE("Every layer's models pass ONNX's checker and shape inference") {
  set_dropped_mask_policy(DroppedMask::silent);
  for (const OnnxCase& c : onnx_cases()) {
    CAPTURE(c.name);
    const std::string bytes = onnx_bytes(c.model);
    onnx::ModelProto model = parsed(bytes);
    std::string error = "no error";
    try {
      onnx::checker::check_model(model);
      onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), {true, 1, true});
    } catch (const std::exception& e) {
      error = e.what();
    }
    CHECK(error == "no error");
    CHECK(onnx_bytes(c.model) == bytes);
  }
  set_dropped_mask_policy(DroppedMask::warn);
}
