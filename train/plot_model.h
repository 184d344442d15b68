// A model as a picture: its layers and what flows between them.
//
//   plot_model(model, "model.svg", {.show_shapes = true});
//
// Source: keras.utils.plot_model.
#pragma once

#include <string>

#include <kindling/train/model.h>

#pragma GCC visibility push(default)
namespace kindling {

struct PlotOptions {
  bool show_shapes = false;
  bool show_dtype = false;
  bool show_layer_names = false;
  std::string rankdir = "TB";  // top to bottom; LR: left to right
};

// The graph in Graphviz's language. Fails for a model that is no graph.
std::string model_to_dot(const Model& model, const PlotOptions& options = {});

// Into a file, replaced in one step: .dot, or .svg where Graphviz's program `dot` is there. Without
// it the DOT goes beside it, into FILE.dot, with a warning. Returns the path of what was written.
std::string plot_model(const Model& model, const std::string& path,
                       const PlotOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
