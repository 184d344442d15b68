#include <kindling/train/plot_model.h>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>

#include <kindling/io/file.h>
#include <kindling/tensor/fail.h>

#if __has_include(<crt_externs.h>)  // macOS, where a library doesn't see environ
#include <crt_externs.h>
#else
extern char** environ;
#endif

namespace kindling {
namespace {

char** environment_now() {
#if __has_include(<crt_externs.h>)
  return *_NSGetEnviron();
#else
  return environ;
#endif
}

// As a text inside of DOT's quotes; braces and bars stand for themselves in a record.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (std::string_view("\\\"{}|<>").find(c) != std::string_view::npos) safe += '\\';
    safe += c;
  }
  return safe;
}

// The calls of a layer are one box, as in Keras.
std::string label_of(const FunctionalImpl& graph, const Layer& layer, const PlotOptions& options) {
  std::string label = layer.class_name();
  if (options.show_layer_names) label = shown(layer.name(), 60) + " (" + label + ")";
  label = escaped(label);
  for (const auto& node : graph.calls_of(*layer.impl())) {
    Shapes inputs;
    for (const SymbolicTensor& input : node->inputs) inputs.push_back(input.shape());
    if (options.show_shapes) {
      const std::string to = shown(text_of(node->shapes), 80);
      const std::string from = inputs.empty() ? to : shown(text_of(inputs), 80);
      label += fmt::format("|{{Input: {}|Output: {}}}", escaped(from), escaped(to));
    }
    if (options.show_dtype) {
      std::vector<DType> dtypes;
      for (const SymbolicTensor& input : node->inputs) dtypes.push_back(input.dtype());
      const std::vector<DType> results = layer.impl()->compute_output_dtypes(dtypes);
      label += fmt::format("|Dtype: {}", name(results.empty() ? DType::float32 : results[0]));
    }
    break;
  }
  return "{" + label + "}";
}

// Runs `dot -Tsvg`; false if there is no such program or it fails.
bool run_dot(const std::string& from, const std::string& to) {
  std::string program = "dot", kind = "-Tsvg", input = from, flag = "-o", output = to;
  char* argv[] = {program.data(), kind.data(), input.data(), flag.data(), output.data(), nullptr};
  pid_t child = 0;
  char** const environment = environment_now();
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, argv, environment) != 0) return false;
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::string model_to_dot(const Model& model, const PlotOptions& options) {
  const FunctionalImpl* graph = model.functional();
  if (graph == nullptr) {
    fail("{}: is a layer of its own code and no graph, so it can't be drawn; trace() shows what a "
         "call goes through", model.impl()->who());
  }
  if (options.rankdir != "TB" && options.rankdir != "LR") {
    fail("plot_model: rankdir is \"TB\" or \"LR\", got \"{}\"", options.rankdir);
  }
  std::string text = fmt::format(
      "digraph \"{}\" {{\n  rankdir={};\n  node [shape=record, fontname=Helvetica, fontsize=11];\n",
      escaped(shown(model.name(), 60)), options.rankdir);
  std::map<const LayerImpl*, std::string> boxes;
  std::set<std::string> taken;
  for (const Layer& layer : model.layers()) {
    std::string box = shown(layer.name(), 60);
    if (!taken.insert(box).second) box += fmt::format(" {}", boxes.size());
    boxes[layer.impl().get()] = escaped(box);
    text += fmt::format("  \"{}\" [label=\"{}\"];\n", escaped(box),
                        label_of(*graph, layer, options));
  }
  for (const auto& node : graph->nodes()) {
    const auto edge = [&](const SymbolicTensor& from, const char* style) {
      text += fmt::format("  \"{}\" -> \"{}\"{};\n", boxes.at(from.node()->layer.impl().get()),
                          boxes.at(node->layer.impl().get()), style);
    };
    for (const SymbolicTensor& input : node->inputs) edge(input, "");
    for (const SymbolicTensor& mask : node->masks) {
      if (mask.defined()) edge(mask, " [style=dashed]");
    }
  }
  return text + "}\n";
}

std::string plot_model(const Model& model, const std::string& path, const PlotOptions& options) {
  const std::string dot = model_to_dot(model, options);
  const std::string kind = std::filesystem::path(path).extension().string();
  if (kind != ".dot" && kind != ".svg") {
    fail("plot_model: a file .dot or .svg is needed, got \"{}\"", path);
  }
  if (kind == ".dot") {
    write_file(path, dot);
    return path;
  }
  const std::string source = path + ".dot", picture = fmt::format("{}.tmp-{}", path, getpid());
  write_file(source, dot);
  if (!run_dot(source, picture)) {
    warn("plot_model: Graphviz's program `dot` is not there or failed; the graph is in " + source);
    return source;
  }
  std::filesystem::rename(picture, path);
  std::filesystem::remove(source);
  return path;
}

}  // namespace kindling
