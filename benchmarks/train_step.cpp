// train_step: how long a training step and a prediction of the documented model take, how much
// memory, and how near that is to what the machine can do.
#include <cblas.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include <kindling/tensor/threads.h>
#include <kindling/tools/program.h>

#include "machine_limit.h"
#include "median.h"

using namespace kindling;
using namespace benchmark_model;

namespace {

struct Result {
  double train_ms, infer_ms, peak_mb, fraction_of_limit, page_faults;
};

rusage usage() {
  rusage result{};
  getrusage(RUSAGE_SELF, &result);
  return result;
}

Result measure(const Sizes& sizes, int thread_count, double seconds) {
  set_threads(thread_count);
  set_random_seed(1);
  const Model model = documented_model(sizes);
  const Adam optimizer({.learning_rate = 1e-3});
  const BinaryCrossentropy loss;
  std::vector<Data> batches;
  for (std::uint64_t seed = 0; seed < 16; ++seed) batches.push_back(random_batch(sizes, seed));
  std::size_t next = 0;
  const auto batch = [&]() -> const Data& { return batches[next++ % batches.size()]; };
  Result result{};
  const auto step = [&] {
    const Data& data = batch();
    backward(loss(data.labels, model(data.ids, {.training = true})));
    optimizer.step(model.weights());
  };
  result.train_ms = median_ms(seconds, step);
  constexpr int counted = 20;
  const long before = usage().ru_minflt;
  for (int i = 0; i < counted; ++i) step();
  result.page_faults = static_cast<double>(usage().ru_minflt - before) / counted;
  result.infer_ms = median_ms(seconds, [&] { model.predict(batch().ids); });
  result.peak_mb = static_cast<double>(usage().ru_maxrss) / 1024;
  result.fraction_of_limit =
      1000 * training_limit(sizes, measure_machine()) / result.train_ms;
  return result;
}

// The model at its start, a batch and what the model predicts for it: for benchmarks/peers.
void export_inputs(const Sizes& sizes, const std::string& folder) {
  set_random_seed(1);
  const Model model = documented_model(sizes);
  const Data data = random_batch(sizes, 0);
  NamedTensors tensors = {{"queries", data.ids[0]},
                          {"values", data.ids[1]},
                          {"labels", data.labels},
                          {"predictions", model.predict(data.ids)}};
  const char* names[] = {"embedding", "kernel", "bias", "scale", "hidden_kernel", "hidden_bias",
                         "score_kernel", "score_bias"};
  const Weights weights = model.weights();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    tensors.emplace_back(names[i], stop_gradient(weights[i].value));
  }
  write_safetensors(folder + "/" + sizes.name() + ".safetensors", tensors);
}

// In a process of its own, so that each shape has its own peak of memory.
Result measure_apart(const Sizes& sizes, int thread_count, double seconds) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    const Result result = measure(sizes, thread_count, seconds);
    const bool written = write(ends[1], &result, sizeof result) == sizeof result;
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  Result result{};
  const bool whole = read(ends[0], &result, sizeof result) == sizeof result;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole || status != 0) throw std::runtime_error("shape " + sizes.name() + " failed");
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Training steps and predictions of the documented model", "train_step");
  int thread_count = 2;
  double seconds = 2;
  bool json = false;
  std::string only, export_folder;
  add_threads(app, thread_count);
  add_number(app, "--seconds", seconds, "Time for each measurement", 0.001, 3600);
  app.add_flag("--json", json, "Print JSON");
  const std::vector<Sizes> shapes = {{32, 32, 32}, {64, 64, 64}, {16, 256, 256}};
  std::vector<std::string> names;
  for (const Sizes& shape : shapes) names.push_back(shape.name());
  app.add_option("--shape", only, "Only this one")->check(CLI::IsMember(names));
  app.add_option("--export", export_folder,
                 "Write weights, a batch and predictions of each shape to this folder, and end")
      ->check(CLI::ExistingDirectory);
  app.footer("The fraction of the limit (benchmarks/machine_limit.h) may be above 1: the limit\n"
             "counts what the model's definition needs, of which kindling saves some.");
  return run_program(app, argc, argv, [&] {
    if (!export_folder.empty()) {
      for (const Sizes& shape : shapes) export_inputs(shape, export_folder);
      return;
    }
    if (!json) {
      fmt::print("{:>8} {:>9} {:>9} {:>8} {:>18} {:>12}\n", "shape", "train ms", "infer ms",
                 "peak MB", "fraction of limit", "page faults");
    }
    nlohmann::json results = nlohmann::json::array();
    for (const Sizes& shape : shapes) {
      if (!only.empty() && shape.name() != only) continue;
      check_output();  // before the measurement, whose process must not have it to write too
      const Result r = measure_apart(shape, thread_count, seconds);
      results.push_back({{"shape", shape.name()},
                         {"train_ms", r.train_ms},
                         {"infer_ms", r.infer_ms},
                         {"peak_mb", r.peak_mb},
                         {"fraction_of_limit", r.fraction_of_limit},
                         {"page_faults", r.page_faults}});
      if (json) continue;
      fmt::print("{:>8} {:>9.2f} {:>9.2f} {:>8.0f} {:>18.2f} {:>12.1f}\n", shape.name(),
                 r.train_ms, r.infer_ms, r.peak_mb, r.fraction_of_limit, r.page_faults);
    }
    // Which of its kernels OpenBLAS took for this machine: products make up half of a step.
    const nlohmann::json all = {{"results", results}, {"openblas", openblas_get_corename()}};
    if (json) fmt::print("{}\n", all.dump());
  });
}
