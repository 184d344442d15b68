// Graphs of many calls: however they are written down, and however they end.
#include "tests/catch.h"
#include "tests/hostile/refusal.h"

#include <kindling/layers/functional_config.h>
#include <kindling/layers/activation.h>
#include <kindling/layers/merge.h>

using namespace kindling;

namespace {

constexpr std::size_t bound = std::size_t{1} << 28;

SymbolicTensor chain(const SymbolicTensor& input, int length) {
  const Activation layer({.activation = "relu"});
  SymbolicTensor last = input;
  while (length-- > 0) last = layer(last);
  return last;
}

Config result_of(const std::string& layer) {
  return Config::Map{{"class_name", "__keras_tensor__"},
                     {"config", Config::Map{{"keras_history", Config::List{layer, 0, 0}}}}};
}

Config layer_of(const std::string& class_name, const std::string& name, Config::Map options,
                Config::List calls) {
  options.insert(options.begin(), {"name", name});
  return Config::Map{{"class_name", class_name}, {"name", name}, {"config", std::move(options)},
                     {"inbound_nodes", std::move(calls)}};
}

Config call_of(Config argument) {
  return Config::Map{{"args", Config::List{std::move(argument)}},
                     {"kwargs", Config(Config::Map())}};
}

Config input_x() {
  return layer_of("InputLayer", "x", {{"batch_shape", Config::List{Config(), 1}},
                                      {"dtype", "float32"}}, {});
}

Config graph(Config::List layers, const std::string& last) {
  return Config::Map{{"name", "m"}, {"layers", std::move(layers)},
                     {"input_layers", Config::List{Config::List{"x", 0, 0}}},
                     {"output_layers", Config::List{Config::List{last, 0, 0}}}};
}

}  // namespace

TEST_CASE("A graph of 200,000 calls, one after the other, ends") {
  CHECK(refusal([] {
          const SymbolicTensor x = Input({.shape = {1}}), y = chain(x, 200'000);
          const Functional model({.inputs = {x}, .outputs = {y}});
          throw Error("too late");
        }, bound) == "too late");
}

TEST_CASE("Layers in any order are read in little time") {
  constexpr int count = 5'000;
  const auto name = [](int i) { return "l" + std::to_string(i); };
  // Each after the one that takes what it gives, the input last.
  Config::List reversed;
  for (int i = count; i-- > 0;) {
    reversed.push_back(layer_of("Activation", name(i), {{"activation", "relu"}},
                                {call_of(result_of(i > 0 ? name(i - 1) : "x"))}));
  }
  // One that takes what all the others give.
  Config::List wide, all;
  for (int i = 0; i < count; ++i) all.push_back(result_of(name(i)));
  wide.push_back(layer_of("Add", "sum", {}, {call_of(all)}));
  for (int i = 0; i < count; ++i) {
    wide.push_back(layer_of("Activation", name(i), {{"activation", "relu"}},
                            {call_of(result_of("x"))}));
  }
  for (Config::List* layers : {&reversed, &wide}) layers->push_back(input_x());
  const auto read = [](const Config& config) { functional_from_config(config, "f"); };
  CHECK(refusal([&] { read(graph(reversed, name(count - 1))); }, bound) == "no error");
  CHECK(refusal([&] { read(graph(wide, "sum")); }, bound) == "no error");
  reversed.pop_back();
  reversed.push_back(layer_of("Activation", "x", {{"activation", "relu"}},
                              {call_of(result_of(name(count - 1)))}));
  CHECK(refusal([&] { read(graph(reversed, "x")); }, bound) ==
        "f: 5001 calls wait for each other, first that of \"l4999\"");
}
