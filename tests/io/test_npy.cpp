#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <kindling/io/file.h>
#include <kindling/io/npy.h>

using namespace kindling;

namespace {

// A file as anyone might build it: version 1, the true length of the header.
std::string npy_of(const std::string& header, const std::string& data = "") {
  const std::string text = header + '\n';
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(text.size() % 256);
  bytes += static_cast<char>(text.size() / 256);
  return bytes + text + data;
}

std::string header_of(const std::string& descr, const std::string& shape,
                      const std::string& fortran_order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape +
         "}";
}

Tensor parse(const std::string& descr, const std::string& shape, const std::string& data,
             const std::string& fortran_order = "False") {
  return parse_npy(npy_of(header_of(descr, shape, fortran_order), data), "f");
}

// The message without the file's name.
std::string npy_error(const std::string& bytes) {
  const std::string message = message_of([&] { parse_npy(bytes, "f"); });
  return message.starts_with("f: ") ? message.substr(3) : message;
}

std::string error_of(const std::string& descr, const std::string& shape,
                     const std::string& data = "") {
  return npy_error(npy_of(header_of(descr, shape), data));
}

template <class Number>
std::string bytes_of(std::initializer_list<Number> numbers, bool swapped = false) {
  std::string all;
  for (const Number number : numbers) {
    std::string bytes(reinterpret_cast<const char*>(&number), sizeof number);
    if (swapped) std::ranges::reverse(bytes);
    all += bytes;
  }
  return all;
}

using Numbers = std::vector<double>;

// To the last bit: numbers() goes over floats.
Numbers exact(const Tensor& x) {
  if (x.dtype() != DType::int32) return numbers(x);
  return {x.ints().begin(), x.ints().end()};
}

}  // namespace

TEST_CASE("npy: written as numpy does it") {
  const std::string bytes = npy_bytes(tensor({{1.0, -2.5}}));
  const std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" + std::string(58, ' ') + "\n";
  CHECK(bytes == std::string("\x93NUMPY\1\0\x76\0", 10) + header + bytes_of({1.0f, -2.5f}));
  CHECK(npy_bytes(tensor({7, 8})).find("'<i4', 'fortran_order': False, 'shape': (2,), }") == 20);
  CHECK(npy_bytes(mask_of({{true}})).find("'descr': '|b1'") == 11);
  CHECK(npy_bytes(scalar(1)).find("'shape': (), }") != std::string::npos);
  CHECK(message_of([] { npy_bytes(Tensor()); }) == "npy: the tensor is undefined");
}

TEST_CASE("npy: tensors come back as they were") {
  const TemporaryFolder folder;
  for (const Tensor& x :
       {normals({3, 5}, 1), scalar(2), zeros({0, 4}), zeros({0}), normals({1, 2, 1, 3, 1, 2}, 2),
        tensor({-1, 2, 3, 2147483647}), coins({3, 3}, 3)}) {
    write_npy(folder.file("x.npy"), x);
    CHECK(same_bits(read_npy(folder.file("x.npy")), x));
  }
  CHECK(message_of([] { read_npy("/none/x.npy"); }) ==
        "/none/x.npy: cannot be opened, No such file or directory");
}

TEST_CASE("npy: dtypes become ours") {
  const auto check = [](const Tensor& x, DType dtype, const Numbers& expected) {
    CHECK(x.dtype() == dtype);
    CHECK(exact(x) == expected);
  };
  for (const bool swapped : {false, true}) {
    const std::string order = swapped ? ">" : "<";
    check(parse(order + "f4", "(2,)", bytes_of({1.5f, -2.0f}, swapped)), DType::float32, {1.5, -2});
    check(parse(order + "f8", "(2,)", bytes_of({0.1, -2e30}, swapped)), DType::float32,
          {0.1f, -2e30f});
    check(parse(order + "i2", "(2,)", bytes_of<std::int16_t>({-2, 300}, swapped)), DType::int32,
          {-2, 300});
    check(parse(order + "i4", "(2,)", bytes_of({-2, 70000}, swapped)), DType::int32, {-2, 70000});
    check(parse(order + "i8", "(2,)", bytes_of<std::int64_t>({-2147483648, 2147483647}, swapped)),
          DType::int32, {-2147483648.0, 2147483647.0});
    check(parse(order + "u2", "(1,)", bytes_of<std::uint16_t>({65535}, swapped)), DType::int32,
          {65535});
    check(parse(order + "u4", "(1,)", bytes_of<std::uint32_t>({2147483647}, swapped)),
          DType::int32, {2147483647.0});
    check(parse(order + "u8", "(1,)", bytes_of<std::uint64_t>({5}, swapped)), DType::int32, {5});
    // 1, -2, the smallest, the largest subnormal, 65504
    check(parse(order + "f2", "(5,)",
                bytes_of<std::uint16_t>({0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff}, swapped)),
          DType::float32, {1, -2, 1.0 / (1 << 24), 1023.0 / (1 << 24), 65504});
  }
  check(parse("|i1", "(2,)", "\xff\x05"), DType::int32, {-1, 5});
  check(parse("|u1", "(2,)", "\xff\x05"), DType::int32, {255, 5});
  check(parse("|b1", "(2,)", std::string("\1\0", 2)), DType::boolean, {1, 0});

  const Tensor special = parse("<f2", "(3,)", bytes_of<std::uint16_t>({0x7c00, 0xfc00, 0x7e01}));
  CHECK(special.floats()[0] == std::numeric_limits<float>::infinity());
  CHECK(special.floats()[1] == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(special.floats()[2]));
  const Tensor wide = parse("<f8", "(2,)", bytes_of<double>({HUGE_VAL, NAN}));
  CHECK(std::isinf(wide.floats()[0]));
  CHECK(std::isnan(wide.floats()[1]));
}

TEST_CASE("npy: numbers that don't fit are refused") {
  CHECK(error_of("<i8", "(2,)", bytes_of<std::int64_t>({1, 2147483648})) ==
        "element 1 is 2147483648, int32 is in [-2147483648, 2147483647]");
  CHECK(error_of("<i8", "()", bytes_of<std::int64_t>({-2147483649})) ==
        "element 0 is -2147483649, int32 is in [-2147483648, 2147483647]");
  CHECK(error_of("<u4", "()", bytes_of<std::uint32_t>({3000000000})) ==
        "element 0 is 3000000000, int32 is in [-2147483648, 2147483647]");
  CHECK(error_of(">u8", "()", std::string(8, '\xff')) ==
        "element 0 is 18446744073709551615, int32 is in [-2147483648, 2147483647]");
  CHECK(error_of("<f8", "(1,)", bytes_of({-1e300})) ==
        "element 0 is -1e+300, float32 is in [-3.4028235e+38, 3.4028235e+38]");
  CHECK(error_of("|b1", "(3,)", std::string("\0\1\2", 3)) == "element 2 is 2, a bool is 0 or 1");
}

TEST_CASE("npy: Fortran's order is turned into ours") {
  const std::string data = bytes_of({1.0f, 4.0f, 2.0f, 5.0f, 3.0f, 6.0f});
  const Tensor x = parse("<f4", "(2, 3)", data, "True");
  CHECK(x.shape() == Shape{2, 3});
  CHECK(numbers(x) == Numbers{1, 2, 3, 4, 5, 6});
  CHECK(numbers(parse("<f4", "(6,)", data, "True")) == Numbers{1, 4, 2, 5, 3, 6});
  CHECK(parse("<f4", "(2, 0, 3)", "", "True").shape() == Shape{2, 0, 3});
  const Tensor mask = parse("|b1", "(2, 2)", std::string("\1\0\0\0", 4), "True");
  CHECK(numbers(mask) == Numbers{1, 0, 0, 0});
  CHECK(numbers(parse("<i4", "(1, 2, 2)", bytes_of({1, 2, 3, 4}), "True")) ==
        Numbers{1, 3, 2, 4});
}

TEST_CASE("npy: versions 2 and 3 have longer headers") {
  const std::string text = header_of("<f4", "()") + "\n";
  for (const char version : {'\2', '\3'}) {
    std::string bytes("\x93NUMPY");
    bytes += version;
    bytes += std::string("\0", 1) + bytes_of(std::initializer_list{static_cast<int>(text.size())});
    CHECK(parse_npy(bytes + text + bytes_of({3.0f}), "f").item() == 3);
  }
}

TEST_CASE("npy: headers that mean the same") {
  for (const std::string header :
       {"{'descr':'<f4','fortran_order':False,'shape':(1,)}",
        "{\"shape\": (1,), \"descr\": \"<f4\", \"fortran_order\": False,}",
        "  { 'fortran_order' : False , 'shape' : ( 1 , ) , 'descr' : '<f4' , }  "}) {
    CHECK(parse_npy(npy_of(header, bytes_of({3.0f})), "f").shape() == Shape{1});
  }
  CHECK(parse("<f4", "(1, 1,)", bytes_of({3.0f})).shape() == Shape{1, 1});
  // As Python 2 wrote it.
  CHECK(parse("<f4", "(2L, 1L)", bytes_of({3.0f, 4.0f})).shape() == Shape{2, 1});
  CHECK(parse("<f4", "(1L,)", bytes_of({3.0f})).shape() == Shape{1});
}
