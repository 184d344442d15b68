// The objects of Keras's configs, all but models: layers, initializers, functions, dtype policies.
#pragma once

#include <string>

#include <kindling/layers/config.h>

namespace kindling::keras {

// An option's value as our layers have it: objects keep their class_name and config, functions
// become their names.
Config value_from_keras(const Config& value, const std::string& what);

// A layer's config as our layer of that class has it. `what` names the layer in messages. Where a
// layer stands in the graph (batch_shape, inbound_nodes) is not its business.
Config layer_config_from_keras(const std::string& class_name, const Config& config,
                               const std::string& what);

// A config with what a version of Keras wrote and means otherwise than the newest: activations of
// Keras 2 that are other functions now, and "training": false in calls, which Keras 3 wrote on its
// own before it went by it, in 3.16.
Config as_now(const Config& value, const std::string& version);

// float32 and its kin: what our layers compute with. Fails on others.
void check_dtype_policy(const Config& dtype, const std::string& what);

// The dtype of an input: int32 for whole numbers, float32, bool.
Config input_dtype_from_keras(const Config& dtype, const std::string& what);

// The class that our registry has for an object of Keras's: class_name, or the name that a class of
// the user's is registered by.
std::string class_of(const Config& object, const std::string& what);

bool is_text(const Config& value, const char* text);
bool is_operation(const Config& object);  // of keras.ops, no layer

}  // namespace kindling::keras
