#include <kindling/io/elements.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

#include <kindling/io/bytes.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

template <class Number>
Number swapped_bytes(Number number) {
  auto bytes = std::bit_cast<std::array<char, sizeof number>>(number);
  std::ranges::reverse(bytes);
  return std::bit_cast<Number>(bytes);
}

template <class From, class To, class Convert>
void convert_each(std::string_view bytes, bool swapped, std::span<To> to, Convert convert) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto value = number_at<From>(bytes, i * sizeof(From));
    to[i] = convert(swapped ? swapped_bytes(value) : value, i);
  }
}

template <class Value, class Limit>
[[noreturn]] void out_of_range(const std::string& name, std::size_t i, Value value, Limit low,
                               Limit high) {
  fail("{}: element {} is {}, {} is in [{}, {}]", name, i, value,
       kindling::name(std::is_same_v<Limit, float> ? DType::float32 : DType::int32), low, high);
}

void copy_floats(std::string_view bytes, bool swapped, const std::string&, Tensor& x) {
  convert_each<float>(bytes, swapped, x.mutable_floats(), [](float v, std::size_t) { return v; });
}

void round_doubles(std::string_view bytes, bool swapped, const std::string& name, Tensor& x) {
  convert_each<double>(bytes, swapped, x.mutable_floats(), [&](double value, std::size_t i) {
    const auto number = static_cast<float>(value);
    if (std::isinf(number) && std::isfinite(value)) {
      out_of_range(name, i, value, std::numeric_limits<float>::lowest(),
                   std::numeric_limits<float>::max());
    }
    return number;
  });
}

void widen_halves(std::string_view bytes, bool swapped, const std::string&, Tensor& x) {
  convert_each<std::uint16_t>(bytes, swapped, x.mutable_floats(),
                              [](std::uint16_t v, std::size_t) { return float_of_half(v); });
}

// The upper half of a float32.
void widen_bfloats(std::string_view bytes, bool swapped, const std::string&, Tensor& x) {
  convert_each<std::uint16_t>(bytes, swapped, x.mutable_floats(), [](std::uint16_t v, std::size_t) {
    return std::bit_cast<float>(std::uint32_t{v} << 16);
  });
}

template <class From>
void load_ints(std::string_view bytes, bool swapped, const std::string& name, Tensor& x) {
  convert_each<From>(bytes, swapped, x.mutable_ints(), [&](From value, std::size_t i) {
    if (!std::in_range<std::int32_t>(value)) {
      out_of_range(name, i, value, std::numeric_limits<std::int32_t>::min(),
                   std::numeric_limits<std::int32_t>::max());
    }
    return static_cast<std::int32_t>(value);
  });
}

void load_bools(std::string_view bytes, bool swapped, const std::string& name, Tensor& x) {
  convert_each<std::uint8_t>(bytes, swapped, x.mutable_bools(),
                             [&](std::uint8_t value, std::size_t i) {
    if (value > 1) fail("{}: element {} is {}, a bool is 0 or 1", name, i, value);
    return value == 1;
  });
}

constexpr ElementKind kinds[] = {
    {"f2", "F16", 2, DType::float32, false, widen_halves},
    {"", "BF16", 2, DType::float32, false, widen_bfloats},
    {"f4", "F32", 4, DType::float32, true, copy_floats},
    {"f8", "F64", 8, DType::float32, false, round_doubles},
    {"i1", "I8", 1, DType::int32, false, load_ints<std::int8_t>},
    {"i2", "I16", 2, DType::int32, false, load_ints<std::int16_t>},
    {"i4", "I32", 4, DType::int32, true, load_ints<std::int32_t>},
    {"i8", "I64", 8, DType::int32, false, load_ints<std::int64_t>},
    {"u1", "U8", 1, DType::int32, false, load_ints<std::uint8_t>},
    {"u2", "U16", 2, DType::int32, false, load_ints<std::uint16_t>},
    {"u4", "U32", 4, DType::int32, false, load_ints<std::uint32_t>},
    {"u8", "U64", 8, DType::int32, false, load_ints<std::uint64_t>},
    {"b1", "BOOL", 1, DType::boolean, true, load_bools},
};

}  // namespace

std::span<const ElementKind> element_kinds() { return kinds; }

Tensor tensor_of(const ElementKind& kind, const Shape& shape, std::string_view bytes, bool swapped,
                 const std::string& name) {
  Tensor x = Tensor::empty(shape, kind.dtype);
  if (kind.is_ours && kind.dtype != DType::boolean && !swapped) {
    std::ranges::copy(std::as_bytes(std::span(bytes)), writable_bytes_of(x).begin());
  } else {
    kind.load(bytes, swapped, name, x);
  }
  return x;
}

}  // namespace kindling
