// golden_check DIR...: runs every case of every family in folders of golden files and compares with
// what Keras computed. Prints the cases that fail, then "N passed, M failed"; exits with 1 if any
// failed.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

#include "tests/golden_check/case.h"

namespace {

using namespace kindling;
using namespace kindling::golden;

void run(const Case& c) {
  using Check = void (*)(const Case&);
  static const std::map<std::string, Check> checks = {{"layer", check_layer},
                                                      {"loss", check_loss},
                                                      {"metric", check_metric},
                                                      {"optimizer", check_optimizer},
                                                      {"schedule", check_optimizer},
                                                      {"training", check_training}};
  const auto at = checks.find(c.kind());
  if (at == checks.end()) fail("kind \"{}\" is not known", c.kind());
  at->second(c);
}

struct Count {
  int passed = 0, failed = 0;
};

Count check_file(const std::filesystem::path& path) {
  Count count;
  const TensorFile file = read_safetensors(path.string());
  const auto cases = file.metadata.find("cases");
  if (cases == file.metadata.end()) fail("{}: has no list of cases", path.string());
  const Config list = parse_json(cases->second, path.string() + ", cases");
  for (const Config& fields : list.as_list(path.string() + ", cases")) {
    const Case c(file, fields);
    try {
      run(c);
      ++count.passed;
    } catch (const std::exception& error) {
      ++count.failed;
      fmt::print("FAILED {} {} {}: {}\n", path.stem().string(), c.id(),
                 fields["class"].is_string() ? c.class_name() : c.kind(), error.what());
    }
  }
  fmt::print("{}: {} passed, {} failed\n", path.stem().string(), count.passed, count.failed);
  return count;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    fmt::print(stderr, "usage: golden_check DIR...\n");
    return 2;
  }
  Count total;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
    }
    if (files.empty()) fail("{}: holds no golden files", argv[i]);
    std::ranges::sort(files);
    for (const auto& file : files) {
      const Count count = check_file(file);
      total.passed += count.passed;
      total.failed += count.failed;
    }
  }
  fmt::print("{} passed, {} failed\n", total.passed, total.failed);
  return total.failed > 0 ? 1 : 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "golden_check: {}\n", error.what());
  return 1;
}
