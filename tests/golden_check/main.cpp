// golden_check DIR...: runs every case of every family in folders of golden files and compares with
// what Keras computed. Prints the cases that fail, then "N passed, M failed"; exits with 1 if any
// failed.
//
// golden_check --not-yet FILE DIR...: for the test suite. FILE lists, a line each, cases that can't
// pass yet ("losses 020"); exits with 1 if any other fails, or if one of these passes.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include <kindling/io/file.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>
#include <kindling/tools/check_output.h>

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
                                                      {"schedule", check_schedule},
                                                      {"training", check_training}};
  const auto at = checks.find(c.kind());
  if (at == checks.end()) fail("kind \"{}\" is not known", c.kind());
  at->second(c);
}

struct Count {
  int passed = 0, failed = 0;
  std::set<std::string> failures;  // "losses 020"
};

void check_file(const std::filesystem::path& path, Count& total) {
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
      total.failures.insert(path.stem().string() + " " + c.id());
      fmt::print("FAILED {} {} {}: {}\n", path.stem().string(), c.id(),
                 fields["class"].is_string() ? c.class_name() : c.kind(), error.what());
    }
  }
  fmt::print("{}: {} passed, {} failed\n", path.stem().string(), count.passed, count.failed);
  total.passed += count.passed;
  total.failed += count.failed;
}

// 0 if the failures are exactly those that a file lists.
int compare_with_list(const std::string& list, const std::set<std::string>& failures) {
  std::set<std::string> expected;
  std::istringstream lines(read_file(list));
  for (std::string line; std::getline(lines, line);) expected.insert(line);
  int differences = 0;
  for (const std::string& failure : failures) {
    if (expected.contains(failure)) continue;
    fmt::print("{} should pass\n", failure);
    ++differences;
  }
  for (const std::string& line : expected) {
    if (failures.contains(line)) continue;
    fmt::print("{} passes; take it out of {}\n", line, list);
    ++differences;
  }
  return differences > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> folders(argv + 1, argv + argc);
  std::string not_yet;
  if (folders.size() > 1 && folders[0] == "--not-yet") {
    not_yet = folders[1];
    folders.erase(folders.begin(), folders.begin() + 2);
  }
  if (folders.empty()) {
    fmt::print(stderr, "usage: golden_check [--not-yet FILE] DIR...\n");
    return 2;
  }
  Count total;
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(folder)) fail("{}: there is no such folder", folder);
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
    }
    if (files.empty()) fail("{}: holds no golden files", folder);
    std::ranges::sort(files);
    for (const auto& file : files) check_file(file, total);
  }
  fmt::print("{} passed, {} failed\n", total.passed, total.failed);
  if (not_yet.empty()) {
    check_output();
    return total.failed > 0 ? 1 : 0;
  }
  const int differences = compare_with_list(not_yet, total.failures);
  check_output();
  return differences;
} catch (const std::exception& error) {
  fmt::print(stderr, "golden_check: {}\n", error.what());
  return 1;
}
