// Keras's short names of losses, metrics and optimizers. For source files.
#pragma once

#include <string>

namespace kindling {

// "mse", "mean_squared_error", "MeanSquaredError" -> MeanSquaredError. Fail on others.
std::string loss_class_of(const std::string& name, const std::string& what);
std::string metric_class_of(const std::string& name, const std::string& what);
// "rmsprop" -> RMSprop; as it is where none of ours is meant.
std::string optimizer_class_of(const std::string& name);

// A loss, metric or optimizer that Keras has too; one that we have and Keras doesn't. Others are
// the user's own.
bool is_of_keras(const std::string& class_name);
bool is_ours_alone(const std::string& class_name);

}  // namespace kindling
