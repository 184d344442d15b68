// Calls of layers in Keras's configs: inbound_nodes.
#pragma once

#include <functional>
#include <string>

#include <kindling/layers/config.h>

namespace kindling::keras {

// Where a tensor comes from: [layer, call, result].
using Resolve = std::function<Config(const Config& history)>;

// A call as ours are: {"args": [..], "kwargs": {..}}. `resolve` gives the history to write for one
// that stands in the file.
Config call_from_keras(const std::string& class_name, const Config& call, const Resolve& resolve,
                       const std::string& what);

// The numbers among an operation's arguments; it takes one tensor.
Config::List constants_of(const Config& call, const std::string& what);

// Triples in the order that Keras flattens them: lists as they stand, objects by their keys.
Config::List flattened_triples(const Config& ends, const std::string& what);

}  // namespace kindling::keras
