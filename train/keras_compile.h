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

// `what` names the config in messages. Fails on a loss, metric or optimizer that we don't have.
CompileOptions compile_options_from_keras(const Config& config,
                                          const std::vector<KerasOutput>& outputs,
                                          const std::string& what);

// Fails on what Keras doesn't have.
Config compile_options_to_keras(const CompileOptions& options);

}  // namespace kindling
