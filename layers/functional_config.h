// The graph of a model as a config, which is FunctionalImpl's, and back: the layout of Keras's own
// functional models, in which each layer lists its calls and each call names the results it takes
// as [layer, call, result]. A layer that stands in several places, in graphs or layers one inside
// the other, has a shared_object_id there.
#pragma once

#include <map>
#include <string>

#include <kindling/layers/functional.h>

#pragma GCC visibility push(default)
namespace kindling {

// Numbers, from 1, of the layers that stand in several places of a model.
std::map<const LayerImpl*, std::int64_t> shared_layers(const FunctionalImpl& model);

// Whether a class is that of such models: Functional, or Sequential for a chain.
bool is_graph_class(const std::string& class_name);

// `file` names the source in errors. Fails on an unknown class or option, a call that takes a
// result that isn't there, a cycle, and whatever the layers themselves refuse.
Functional functional_from_config(const Config& config, const std::string& file,
                                  bool sequential = false);
// The same for one inside of another, or inside of a layer: the file is the outer one's.
Functional nested_functional(const Config& config, bool sequential);

}  // namespace kindling
#pragma GCC visibility pop
