// Every operation: its numbers against a naive computation, its derivatives against differences.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include <kindling/autograd/gradcheck.h>
#include <kindling/autograd/graph.h>

#include "tests/autograd/operations.h"

namespace kindling {

Operations all_operations() {
  Operations all;
  for (const auto family :
       {elementwise_operations, activation_operations, comparison_operations, reduce_operations,
        softmax_operations, shaping_operations, matmul_operations, sequence_operations}) {
    for (Operation& operation : family()) all.push_back(std::move(operation));
  }
  return all;
}

}  // namespace kindling

using namespace kindling;

namespace {

void check(const Operation& operation) {
  CAPTURE(operation.name, operation.kind);
  const Tensor y = operation.f(operation.inputs);
  check_close(y, operation.expected, operation.tolerance);
  CHECK(y.node() == nullptr);
  if (operation.differentiable) {
    CHECK(message_of([&] { gradcheck(operation.f, operation.inputs); }) == "no error");
  }
  // Operands keep their numbers, and only operations on variables have history.
  Tensors variables, before;
  bool any_variable = false;
  for (const Tensor& x : operation.inputs) {
    before.push_back(x.defined() ? x.clone() : x);
    const bool is_float = x.defined() && x.dtype() == DType::float32;
    variables.push_back(is_float ? variable(x) : x);
    any_variable = any_variable || is_float;
  }
  const Tensor again = operation.f(variables);
  CHECK(same_bits(again, y));
  CHECK((again.node() != nullptr) == (operation.differentiable && any_variable));
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].defined()) CHECK(same_bits(operation.inputs[i], before[i]));
  }
}

// The names of the functions that the headers of ops.h declare.
std::set<std::string> declared() {
  const std::filesystem::path folder = std::filesystem::path(KINDLING_SOURCE_DIR) / "autograd";
  static const std::regex include(R"(#include <kindling/autograd/(\w+\.h)>)");
  static const std::regex function(
      R"(^(?:inline )?(?:Tensors?|std::vector<Tensor>) ([\w+*/-]+)\(.*)");
  std::set<std::string> names;
  std::ifstream ops(folder / "ops.h");
  std::string line;
  while (std::getline(ops, line)) {
    std::smatch match;
    if (!std::regex_match(line, match, include)) continue;
    std::ifstream header(folder / match[1].str());
    while (std::getline(header, line)) {
      if (std::regex_match(line, match, function)) names.insert(match[1]);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("Every operation computes what a naive loop does, and its derivatives are right") {
  for (const Operation& operation : all_operations()) check(operation);
}

TEST_CASE("No operation is missing from the table") {
  std::set<std::string> tabled;
  for (const Operation& operation : all_operations()) tabled.insert(operation.name);
  CHECK(declared().size() > 60);
  CHECK(tabled == declared());
}
