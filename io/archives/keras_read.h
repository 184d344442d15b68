// Models in Keras's configs, as their parts need to know them.
#pragma once

#include <string>
#include <vector>

#include <kindling/layers/config.h>

namespace kindling::keras {

bool is_model(const Config& object);  // Functional, Sequential

// A model that stands inside a layer's options, in our layout.
Config graph_inside(const Config& model, const std::string& file);

// The configs of a model's layers.
const Config::List& layers_of(const Config& model, const std::string& file);

// The operations that we have: NotEqual and its kin.
const std::vector<std::string>& operations();

}  // namespace kindling::keras
