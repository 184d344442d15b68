// onnx_cases FOLDER [SEED]: for every case of tests/onnx, FOLDER/NAME.onnx and, for batches and
// lengths at random, FOLDER/NAME.0.safetensors and so on: "input.X" and, as kindling computes them,
// "output.Y". onnx_runtime.js compares.
#include <fmt/format.h>

#include <kindling/autograd/graph.h>
#include <kindling/io/onnx/model_graph.h>
#include <kindling/io/onnx/onnx.h>
#include <kindling/io/safetensors.h>

#include "tests/onnx/cases.h"

using namespace kindling;

namespace {

constexpr int runs = 4;

void write_runs(const std::string& path, const OnnxCase& c, std::mt19937_64& random) {
  const auto graph = detail::onnx_graph(c.model, {});
  for (int run = 0; run < runs; ++run) {
    const Tensors inputs = random_inputs(c, random);
    const Tensors outputs = c.model.call(inputs);
    NamedTensors named;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      named.emplace_back("input." + graph->body().inputs[i].name, inputs[i]);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      named.emplace_back("output." + graph->body().outputs[i].name, outputs[i]);
    }
    write_safetensors(fmt::format("{}.{}.safetensors", path, run), named);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2) throw Error("onnx_cases: FOLDER is needed");
    set_dropped_mask_policy(DroppedMask::silent);
    const NoGrad no_grad;
    std::mt19937_64 random(argc > 2 ? std::stoull(argv[2]) : 1);
    for (const OnnxCase& c : onnx_cases()) {
      const std::string path = fmt::format("{}/{}", argv[1], c.name);
      export_onnx(c.model, path + ".onnx");
      write_runs(path, c, random);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
