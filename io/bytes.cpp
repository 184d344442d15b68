#include <kindling/io/bytes.h>

#include <cmath>
#include <limits>

namespace kindling {

float float_of_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float number = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                               : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  if (exponent == 31) {
    number = fraction == 0 ? std::numeric_limits<float>::infinity()
                           : std::numeric_limits<float>::quiet_NaN();
  }
  return bits >> 15 != 0 ? -number : number;
}

std::string_view bytes_of(const Tensor& x) {
  const auto view = [](auto elements) {
    return std::string_view(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  };
  switch (x.dtype()) {
    case DType::float32: return view(x.floats());
    case DType::int32: return view(x.ints());
    case DType::boolean: return view(x.bools());
  }
  return {};
}

std::span<std::byte> writable_bytes_of(Tensor& x) {
  switch (x.dtype()) {
    case DType::float32: return std::as_writable_bytes(x.mutable_floats());
    case DType::int32: return std::as_writable_bytes(x.mutable_ints());
    case DType::boolean: return std::as_writable_bytes(x.mutable_bools());
  }
  return {};
}

std::optional<std::int64_t> size_in_bytes(const Shape& shape, std::int64_t element) {
  std::int64_t bytes = element;
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return {};
  }
  return bytes;
}

}  // namespace kindling
