// What goes into a model and comes out, by name.
#pragma once

#include <string>
#include <vector>

#include <kindling/train/model.h>

namespace kindling::tools {

struct Port {
  std::string name;
  Shape shape;
  DType dtype;
};

// In order. Those of a layer of one's own are "input_0" and so on, of the shapes it was built for.
std::vector<Port> inputs_of(const Model& model);
std::vector<Port> outputs_of(const Model& model);  // none of a layer of one's own

}  // namespace kindling::tools
