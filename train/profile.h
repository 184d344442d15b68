// What a training step takes, layer by layer.
//
//   std::cout << profile(model, train.batch(train.plan(0)[0])).str();
#pragma once

#include <string>
#include <vector>

#include <kindling/train/model.h>

#pragma GCC visibility push(default)
namespace kindling {

// Of one layer in a step; what the layers inside it take is part of it.
struct LayerProfile {
  std::string name, class_name;
  int depth = 0;
  double forward_ms = 0, backward_ms = 0;
  std::int64_t bytes = 0;       // of the results its operations made, there
  std::int64_t operations = 0;  // there
};

struct StepProfile {
  std::vector<LayerProfile> layers;  // in the order of their calls; last what is outside of layers
  double forward_ms = 0, backward_ms = 0, optimizer_ms = 0;  // of the whole step, loss included
  std::string str() const;  // a table
};

// Runs some training steps on a batch and takes their mean. The model is left as it was.
StepProfile profile(Model& model, const Batch& batch, int steps = 10);

}  // namespace kindling
#pragma GCC visibility pop
