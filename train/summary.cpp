// Model::summary: Keras's table.
#include <algorithm>
#include <array>

#include <kindling/autograd/graph.h>
#include <kindling/layers/observer.h>
#include <kindling/tensor/shown.h>
#include <kindling/train/model.h>

namespace kindling {
namespace {

using Row = std::array<std::string, 4>;

constexpr std::size_t longest_name = 60;  // a table is as wide as its longest cell

std::string thousands(std::int64_t n) {
  std::string digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string amount(std::int64_t floats) {
  const double bytes = 4 * static_cast<double>(floats);
  if (bytes < 1024) return fmt::format("{:.2f} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.2f} KB", bytes / 1024);
  return fmt::format("{:.2f} MB", bytes / 1024 / 1024);
}

std::string repeated(const char* piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

// What a layer of one's own calls inside, on zeros of what it was built for.
Trace calls_inside(const Layer& layer) {
  const NoGrad no_grad;
  const detail::IsolatedCalls isolated(detail::IsolatedCalls::Keeps::nothing);
  Tensors inputs;
  for (std::size_t i = 0; i < layer.impl()->built_dtypes().size(); ++i) {
    inputs.push_back(cast(zeros(layer.impl()->built_shapes()[i]), layer.impl()->built_dtypes()[i]));
  }
  return inputs.empty() ? Trace() : trace(layer, inputs, {.training = false});
}

// The shape of a layer's results, as of its first call.
std::string output_shape(const Layer& layer, const FunctionalImpl* graph, const Trace& inside) {
  for (const CallTrace& call : inside.calls) {
    if (call.depth != 1 || call.name != layer.name()) continue;
    Shapes shapes = call.results;
    for (Shape& s : shapes) s = s.rank() > 0 ? s.with(0, any) : s;
    return text_of(shapes);
  }
  return graph != nullptr ? text_of(graph->calls_of(*layer.impl())[0]->shapes) : "?";
}

// "embedding[0][0], embedding[1][0]": results (call, index) that a layer's calls take.
std::vector<std::string> connections(const Layer& layer, const FunctionalImpl* graph) {
  std::vector<std::string> all;
  if (graph == nullptr) return all;
  const auto add = [&](const SymbolicTensor& t) {
    if (!t.defined()) return;
    all.push_back(fmt::format("{}[{}][{}]", shown(t.node()->layer.name(), longest_name),
                              graph->call_index(*t.node()), t.index()));
  };
  for (const auto& node : graph->calls_of(*layer.impl())) {
    for (const SymbolicTensor& input : node->inputs) add(input);
    for (const SymbolicTensor& mask : node->masks) add(mask);
  }
  return all;
}

}  // namespace

std::string Model::summary() const {
  std::vector<std::vector<Row>> blocks;  // a layer each; further lines are further connections
  std::array<std::size_t, 4> width = {};
  const auto add = [&](std::vector<Row> rows) {
    for (const Row& row : rows) {
      for (std::size_t c = 0; c < 4; ++c) width[c] = std::max(width[c], row[c].size());
    }
    blocks.push_back(std::move(rows));
  };
  add({{"Layer (type)", "Output Shape", "Param #", "Connected to"}});
  const Trace inside = functional() == nullptr ? calls_inside(*this) : Trace();
  for (const Layer& layer : layers()) {
    const std::vector<std::string> from = connections(layer, functional());
    std::vector<Row> rows = {{fmt::format("{} ({})", shown(layer.name(), longest_name),
                                          shown(layer.class_name(), longest_name)),
                              shown(output_shape(layer, functional(), inside), 80),
                              thousands(layer.count_params()),
                              from.empty() ? "-" : from[0]}};
    for (std::size_t i = 1; i < from.size(); ++i) rows.push_back({"", "", "", from[i]});
    add(std::move(rows));
  }
  const auto rule = [&](const char* left, const char* line, const char* cross, const char* right) {
    std::string text = left;
    for (std::size_t c = 0; c < 4; ++c) {
      text += repeated(line, width[c] + 2) + (c < 3 ? cross : right);
    }
    return text + "\n";
  };
  std::string text = fmt::format("Model: \"{}\"\n", shown(name())) + rule("┏", "━", "┳", "┓");
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const char* bar = b == 0 ? "┃" : "│";
    for (const Row& r : blocks[b]) {
      text += fmt::format("{0} {1:<{2}} {0} {3:<{4}} {0} {5:>{6}} {0} {7:<{8}} {0}\n", bar, r[0],
                          width[0], r[1], width[1], r[2], width[2], r[3], width[3]);
    }
    if (b + 1 < blocks.size()) {
      text += b == 0 ? rule("┡", "━", "╇", "┩") : rule("├", "─", "┼", "┤");
    }
  }
  text += rule("└", "─", "┴", "┘");
  std::int64_t total = 0, trainable = 0;
  for (const Weight& w : weights()) {
    total += w.value.elements();
    trainable += w.trainable ? w.value.elements() : 0;
  }
  const auto count = [](const char* what, std::int64_t n) {
    return fmt::format(" {} params: {} ({})\n", what, thousands(n), amount(n));
  };
  return text + count("Total", total) + count("Trainable", trainable) +
         count("Non-trainable", total - trainable);
}

}  // namespace kindling
