// Keras casts the ids that an Embedding is given; here they are int32 from the start.
#pragma once

#include <string>

#include <kindling/layers/config.h>

namespace kindling::keras {

// Makes inputs of floats that go to an Embedding alone int32; fails for those that go elsewhere
// too. `layers` are those of a graph, as ours are.
void whole_number_inputs(Config::List& layers, const std::string& file);

}  // namespace kindling::keras
