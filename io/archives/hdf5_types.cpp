#include <kindling/io/archives/hdf5_types.h>

#include <string>

namespace kindling::hdf5 {
namespace {

constexpr unsigned most_rank = 32;  // of the format

Type integers(Cursor& body, std::uint32_t flags, std::uint32_t size) {
  const std::uint16_t offset = body.u16(), bits = body.u16();
  const bool known = (size == 1 || size == 2 || size == 4 || size == 8) && offset == 0 &&
                     bits == 8 * size;
  return {known ? Type::integers : Type::other, size, (flags & 1) != 0, (flags & 8) != 0};
}

Type floats(Cursor& body, std::uint32_t flags, std::uint32_t size) {
  struct Layout {
    std::uint32_t size, sign, exponent_at, exponent, mantissa, bias;
  };
  constexpr Layout ieee[] = {
      {2, 15, 10, 5, 10, 15}, {4, 31, 23, 8, 23, 127}, {8, 63, 52, 11, 52, 1023}};
  const std::uint16_t offset = body.u16(), bits = body.u16();
  const std::uint8_t exponent_at = body.u8(), exponent = body.u8();
  const std::uint8_t mantissa_at = body.u8(), mantissa = body.u8();
  const std::uint32_t bias = body.u32(), sign = (flags >> 8) & 0xff;
  const bool implied = ((flags >> 4) & 3) == 2, vax = (flags & 64) != 0;
  Type type{Type::other, size, (flags & 1) != 0, true};
  for (const Layout& l : ieee) {
    if (size == l.size && bits == 8 * size && offset == 0 && sign == l.sign &&
        exponent_at == l.exponent_at && exponent == l.exponent && mantissa_at == 0 &&
        mantissa == l.mantissa && bias == l.bias && implied && !vax) {
      type.kind = Type::floats;
    }
  }
  return type;
}

// h5py's bool: bytes that are FALSE or TRUE.
Type enumeration(Cursor& body, unsigned version, std::uint32_t flags, std::uint32_t size) {
  Type type{Type::other, size};
  constexpr std::uint8_t of_integers = 0;
  if ((flags & 0xffff) != 2 || size != 1 || (body.u8() & 15) != of_integers) return type;
  const auto base_flags = static_cast<std::uint32_t>(body.number(3));
  const std::uint32_t base_size = body.u32();
  if (base_size != 1 || integers(body, base_flags, base_size).kind != Type::integers) return type;
  std::string names[2];
  for (std::string& name : names) {
    const std::uint64_t begin = body.at();
    name = body.text();
    const std::uint64_t beyond = (body.at() - begin) % 8;
    if (version < 3 && beyond != 0) body.skip(8 - beyond);
  }
  const std::uint8_t first = body.u8(), second = body.u8();
  if (names[0] == "FALSE" && names[1] == "TRUE" && first == 0 && second == 1) {
    type.kind = Type::booleans;
  }
  return type;
}

}  // namespace

Type type_in(Cursor& body) {
  const std::uint8_t head = body.u8();
  const unsigned version = head >> 4;
  const auto flags = static_cast<std::uint32_t>(body.number(3));
  const std::uint32_t size = body.u32();
  if (version < 1 || version > 4 || size == 0) body.damaged();
  switch (head & 15) {
    case 0: return integers(body, flags, size);
    case 1: return floats(body, flags, size);
    case 3: return {Type::fixed_text, size};
    case 8: return enumeration(body, version, flags, size);
    case 9: return {(flags & 15) == 1 && size == 16 ? Type::loose_text : Type::other, size};
    default: return {Type::other, size};
  }
}

std::optional<std::vector<std::uint64_t>> sizes_in(Cursor& body) {
  const std::uint8_t version = body.u8(), rank = body.u8(), flags = body.u8();
  if (rank > most_rank || (version != 1 && version != 2)) body.damaged();
  const std::uint8_t last = body.u8();  // of version 2, the kind
  if (version == 1) body.skip(4);
  if (version == 2 && last > 2) body.damaged();
  if (version == 2 && last == 2) return std::nullopt;
  std::vector<std::uint64_t> sizes;
  for (unsigned axis = 0; axis < rank; ++axis) sizes.push_back(body.u64());
  if ((flags & 1) != 0) body.skip(std::uint64_t{8} * rank);  // how far they may grow
  return sizes;
}

}  // namespace kindling::hdf5
