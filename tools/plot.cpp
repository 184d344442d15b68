// kindling plot MODEL -o FILE: a picture of a model.
#include <fmt/format.h>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/shown.h>
#include <kindling/train/plot_model.h>

#include "commands.h"
#include "files.h"

namespace kindling::tools {

void plot(const PlotOptionsOfTool& options) {
  const Model model = load_model(options.model);
  // What plot_model warns of is an error here: there is no picture.
  set_warning_handler([](const std::string& message) { throw Error(message); });
  fmt::print("{}\n", shown(plot_model(model, options.output, {.show_shapes = options.shapes,
                                                              .show_dtype = options.dtypes,
                                                              .show_layer_names = options.names,
                                                              .rankdir = options.rankdir})));
}

}  // namespace kindling::tools
