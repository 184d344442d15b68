// Numbers and tensors as the bytes that files have of them: little-endian, row-major. For source
// files.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <kindling/tensor/tensor.h>

namespace kindling {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they lie in memory");
static_assert(sizeof(bool) == 1);

// The number that starts at a byte; the bytes must be there.
template <class Number>
  requires std::is_arithmetic_v<Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// A float of 2 bytes: a sign, 5 bits of exponent, 10 of fraction.
float float_of_half(std::uint16_t bits);

template <std::integral Number>
std::string bytes_of(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

// The elements of a tensor; writing is for tensors that are fresh.
std::string_view bytes_of(const Tensor& x);
std::span<std::byte> writable_bytes_of(Tensor& x);

// What elements of `element` bytes take; none if that is more than 64 bits count.
std::optional<std::int64_t> size_in_bytes(const Shape& shape, std::int64_t element);

}  // namespace kindling
