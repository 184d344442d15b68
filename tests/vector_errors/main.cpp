// The largest error of each function in tensor/kernels/vector_math-inl.h, in units in the last
// place, for every instruction set that the machine has, against the standard library's in double.
//   vector_errors STRIDE TABLE [FUNCTION..]
// Every STRIDE-th float is tried, of both signs, NaNs and infinities included. Prints a table;
// fails where an error is larger than the one in TABLE, a file with lines of the same form.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tools/check_output.h>

#include "tests/kernels/targets.h"
#include "tests/kernels/units.h"

namespace {

namespace kernels = kindling::kernels;

struct Function {
  const char* name;
  kernels::PointwiseKernel* kernel;
  double (*exact)(double);
};

const Function functions[] = {
    {"exp", kernels::exp, [](double x) { return std::exp(x); }},
    {"expm1", kernels::expm1, [](double x) { return std::expm1(x); }},
    {"log", kernels::log, [](double x) { return std::log(x); }},
    {"log1p", kernels::log1p, [](double x) { return std::log1p(x); }},
    {"tanh", kernels::tanh, [](double x) { return std::tanh(x); }},
    {"sigmoid", kernels::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"erf", kernels::erf, [](double x) { return std::erf(x); }},
    {"sin", kernels::sin, [](double x) { return std::sin(x); }},
    {"cos", kernels::cos, [](double x) { return std::cos(x); }},
};

using Errors = std::map<std::string, double>;  // by the instruction set's name

Errors errors_of(const Function& function, std::uint64_t stride) {
  constexpr std::size_t block = 1 << 16;
  std::vector<float> x(block), y(block), before(block);
  std::vector<double> exact(block);
  Errors worst;
  for (std::uint64_t bits = 0; bits <= 0xffffffff;) {
    std::size_t n = 0;
    for (; n < block && bits <= 0xffffffff; ++n, bits += stride) {
      x[n] = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    }
    std::transform(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n), exact.begin(),
                   function.exact);
    double off = -1;  // of what is in `before`: instruction sets often give the same
    for_each_target([&](const char* target) {
      function.kernel(x.data(), y.data(), static_cast<std::int64_t>(n));
      if (off < 0 || std::memcmp(y.data(), before.data(), n * sizeof(float)) != 0) {
        off = 0;
        for (std::size_t i = 0; i < n; ++i) off = std::max(off, units_off(y[i], exact[i]));
        before.swap(y);
      }
      double& so_far = worst[target];
      so_far = std::max(so_far, off);
    });
  }
  return worst;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t at = 1, end; (end = line.find('|', at)) != line.npos; at = end + 1) {
    std::string cell = line.substr(at, end - at);
    std::erase_if(cell, [](char c) { return c == ' ' || c == '`'; });
    cells.push_back(cell);
  }
  return cells;
}

// Its row of instruction sets begins with "function".
std::map<std::string, Errors> table_in(const char* path) {
  std::map<std::string, Errors> table;
  std::vector<std::string> head;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = line.starts_with('|') ? cells_of(line) : head;
    if (!line.starts_with('|') || cells.empty()) {
      head.clear();
    } else if (cells[0] == "function") {
      head = cells;
    } else if (cells.size() == head.size() && cells[0].find('-') == line.npos) {
      for (std::size_t i = 1; i < cells.size(); ++i) table[cells[0]][head[i]] = std::stod(cells[i]);
    }
  }
  return table;
}

// Of an instruction set that isn't listed, as of the worst that is.
double most_in(const std::map<std::string, Errors>& table, const std::string& name,
               const std::string& target) {
  const auto row = table.find(name);
  if (row == table.end()) return -1;
  if (const auto cell = row->second.find(target); cell != row->second.end()) return cell->second;
  double most = -1;
  for (const auto& [listed, error] : row->second) most = std::max(most, error);
  return most;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::uint64_t stride = count > 2 ? std::strtoull(arguments[1], nullptr, 10) : 0;
  if (stride == 0) {
    std::fprintf(stderr, "usage: vector_errors STRIDE TABLE [FUNCTION..]\n");
    return 2;
  }
  const auto table = table_in(arguments[2]);
  std::string head = "| function |", rule = "| --- |";
  for_each_target([&](const char* target) {
    head += fmt::format(" {} |", target);
    rule += " --- |";
  });
  std::printf("%s\n%s\n", head.c_str(), rule.c_str());
  std::string too_large;
  for (const Function& function : functions) {
    const std::string name = function.name;
    if (count > 3 && std::find(arguments + 3, arguments + count, name) == arguments + count) {
      continue;
    }
    const Errors errors = errors_of(function, stride);
    std::string row = fmt::format("| {} |", name);
    for_each_target([&](const char* target) {
      const double error = errors.at(target);
      row += fmt::format(" {:.2f} |", error);
      const double most = most_in(table, name, target);
      if (error > most) {
        too_large += fmt::format("{} with {}: {:.2f}, {} says {:.2f}\n", name, target, error,
                                 arguments[2], most);
      }
    });
    std::printf("%s\n", row.c_str());
    std::fflush(stdout);
  }
  std::fputs(too_large.c_str(), stderr);
  kindling::check_output();
  return too_large.empty() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "vector_errors: %s\n", error.what());
  return 1;
}
