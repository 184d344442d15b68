// What a Config holds. Apart from config.h, which many files include, because a variant is slow to
// compile.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <kindling/layers/config.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

struct Config::Value
    : std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map, Tensor> {
  using variant::variant;
};

}  // namespace kindling
#pragma GCC visibility pop
