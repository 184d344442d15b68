// compile()'s options in Keras's layout, and back. For source files.
#pragma once

#include <string>
#include <vector>

#include <kindling/train/model.h>

namespace kindling {

// The outputs of a model, as losses and metrics are given for them.
struct KerasOutput {
  std::string name;
  Shape shape;
};

// What of a compile_config could be had.
struct KerasCompile {
  CompileOptions options = {};
  // Why there is no optimizer or no loss; empty if there is.
  std::string no_optimizer = {}, no_loss = {};
  std::vector<std::string> no_metrics = {};  // why, for each that was left out
};

// `what` names the config in messages.
KerasCompile compile_from_keras(const Config& config, const std::vector<KerasOutput>& outputs,
                                const std::string& what);

// Fails on what Keras doesn't have.
Config compile_options_to_keras(const CompileOptions& options);

}  // namespace kindling
