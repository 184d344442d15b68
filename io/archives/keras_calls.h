// Calls of layers in Keras's configs: inbound_nodes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <kindling/layers/config.h>

namespace kindling::keras {

// Where a tensor comes from: [layer, call, result].
using Resolve = std::function<Config(const Config& history)>;

// Whether it is Keras 2's: what is given to the layer, each [layer, call, result, kwargs].
bool is_old_call(const Config& call);

// Whether its call() has that argument; one of the user's is taken to.
bool takes_training(const std::string& class_name);

// A call as ours are: {"args": [..], "kwargs": {..}}. `resolve` gives the history to write for one
// that stands in the file. `inputs` are the names of a nested model's: Keras goes by them where it
// is given an object.
Config call_from_keras(const std::string& class_name, const Config& call, const Resolve& resolve,
                       const std::string& what, const std::vector<std::string>& inputs = {});

// The numbers among an operation's arguments; it takes one tensor.
Config::List constants_of(const Config& call, const std::string& what);

// Triples in the order that Keras flattens them: lists as they stand, objects by their keys.
Config::List flattened_triples(const Config& ends, const std::string& what);

}  // namespace kindling::keras
