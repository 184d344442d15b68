// A random generator as part of a layer's state.
#pragma once

#include <kindling/layers/config.h>
#include <kindling/tensor/random.h>

#pragma GCC visibility push(default)
namespace kindling {

Config to_config(const Generator& generator);
void from_config(const Config& config, Generator& generator, const std::string& what);

}  // namespace kindling
#pragma GCC visibility pop
