#include "tests/tensors.h"
#include "tests/data/temporary_folder.h"

#include <cstdint>
#include <cstring>
#include <filesystem>

#include <kindling/io/file.h>
#include <kindling/io/safetensors.h>

using namespace kindling;

namespace {

// A file as anyone might build it: the true length of the header, then the header and the data.
std::string file_of(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + data;
}

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes = file_of("");
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + rest;
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return '"' + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape +
         R"(,"data_offsets":)" + offsets + '}';
}

// The message without the file's name.
std::string fault(const std::string& bytes) {
  const std::string message = message_of([&] { parse_safetensors(bytes, "f"); });
  return message.starts_with("f: ") ? message.substr(3) : message;
}

// For a file of one tensor "w".
std::string error_of_w(const std::string& dtype, const std::string& shape,
                       const std::string& offsets, const std::string& data = "") {
  return fault(file_of('{' + entry("w", dtype, shape, offsets) + '}', data));
}

std::string zeros_of(std::size_t n) { return std::string(n, '\0'); }

template <class T>
std::vector<T> list(std::span<const T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("tensors are written as the format says") {
  const std::string bytes = safetensors_bytes(
      {{"m", mask_of({{true, false}})}, {"w", tensor({1.0, -2.5})}, {"i", tensor({258})}});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},)"
      R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("i":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},)"
      R"("m":{"dtype":"BOOL","shape":[1,2],"data_offsets":[12,14]}})";
  const std::string padding(7 - (header.size() + 7) % 8, ' ');
  const std::string data("\x00\x00\x80\x3f\x00\x00\x20\xc0\x02\x01\x00\x00\x01\x00", 14);
  CHECK(bytes == file_of(header + padding, data));
  CHECK(bytes == safetensors_bytes({{"m", mask_of({{true, false}})},
                                    {"w", tensor({1.0, -2.5})},
                                    {"i", tensor({258})}}));
}

TEST_CASE("tensors come back as they were, whatever their shape") {
  const NamedTensors tensors = {{"dense/kernel", random_normal({3, 5})},
                                {"", scalar(2)},
                                {"\u00fc \"x\"", zeros({0, 4})},
                                {"six", random_normal({1, 2, 1, 3, 1, 2})},
                                {"ids", tensor({-1, 2, 3, 2147483647}).reshaped({2, 2})},
                                {"none", zeros({0})},
                                {"mask", mask_of({{true, false, true}})}};
  const Metadata metadata = {{"format", "np"}, {"made by", "\u00e4 test\n"}};
  const TemporaryFolder folder;
  const std::string path = folder.file("w.safetensors");
  write_safetensors(path, tensors, metadata);
  const TensorFile file = read_safetensors(path);
  CHECK(file.name == path);
  CHECK(file.metadata == metadata);
  REQUIRE(file.tensors.size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, x] = tensors[i];
    CHECK(file.tensors[i].first == name);
    CHECK(file.contains(name));
    const Tensor& y = file.at(name);
    CHECK(y.shape() == x.shape());
    REQUIRE(y.dtype() == x.dtype());
    if (x.dtype() == DType::float32) CHECK(list(y.floats()) == list(x.floats()));
    if (x.dtype() == DType::int32) CHECK(list(y.ints()) == list(x.ints()));
    if (x.dtype() == DType::boolean) CHECK(list(y.bools()) == list(x.bools()));
  }
  CHECK(!file.contains("w"));
  CHECK(message_of([&] { file.at("w"); }) == path + ": has no tensor \"w\"");
  CHECK(safetensors_bytes(file.tensors, file.metadata) == read_file(path));
}

TEST_CASE("a file may have no tensors") {
  const TensorFile file = parse_safetensors(safetensors_bytes({}), "f");
  CHECK(file.tensors.empty());
  CHECK(file.metadata == Metadata{{"format", "pt"}});
  CHECK(parse_safetensors(file_of("{}"), "f").metadata.empty());
}

TEST_CASE("what other writers make is accepted") {
  // Spaces after the header, entries in another order than the data, an entry of their own, an
  // element that is not aligned, and a tensor without elements anywhere at an edge.
  const std::string header = "{" + entry("b", "F32", "[1]", "[1,5]") + "," +
                             entry("zero", "F32", "[2,0]", "[1,1]") + "," +
                             entry("end", "I32", "[0]", "[5,5]") + "," +
                             R"("a":{"data_offsets":[0,1],"shape":[],"dtype":"BOOL","x":0}}  )";
  const TensorFile file =
      parse_safetensors(file_of(header, std::string("\1\0\0\x80\x3f", 5)), "f");
  CHECK(file.at("b").item() == 1);
  CHECK(file.at("a").bools()[0]);
  CHECK(file.at("zero").shape() == Shape{2, 0});
  CHECK(file.tensors.front().first == "b");
}

TEST_CASE("files whose frame is broken") {
  CHECK(fault("") == "is cut short, the length of the header is 8 bytes, got 0");
  CHECK(fault("1234567") == "is cut short, the length of the header is 8 bytes, got 7");
  CHECK(fault(with_length(3, "{}")) == "is cut short, the header is 3 bytes, got 2");
  CHECK(fault(with_length(100'000'000, "{}")) ==
        "is cut short, the header is 100000000 bytes, got 2");
  CHECK(fault(with_length(100'000'001, "{}")) ==
        "the header is at most 100000000 bytes, got 100000001");
  CHECK(fault(with_length(UINT64_MAX, "{}")) ==
        "the header is at most 100000000 bytes, got 18446744073709551615");
  CHECK(fault(with_length(UINT64_MAX - 7, "{}")) ==
        "the header is at most 100000000 bytes, got 18446744073709551608");
  CHECK(fault(file_of("")) == "the header must start with '{', got \"\"");
  CHECK(fault(file_of(" {}")) == "the header must start with '{', got \" \"");
  CHECK(fault(file_of("[]")) == "the header must start with '{', got \"[\"");
  CHECK(fault(file_of("\xef\xbb\xbf{}")) == "the header must start with '{', got \"\ufffd\"");
}

TEST_CASE("headers that are no JSON") {
  CHECK(fault(file_of("{")) ==
        "header:1:2: not JSON, unexpected end of the text");
  CHECK(fault(file_of("{} {}")) ==
        "header:1:4: not JSON, unexpected \"{\"");
  CHECK(fault(file_of(std::string("{}\0\0", 4))) == "header:1:3: not JSON, a zero byte");
  CHECK(fault(file_of("{\"\xff\":1}")) == "header:1:3: text is not UTF-8");
  CHECK(fault(file_of("{\"a\":NaN}")) == "header:1:6: not JSON, unexpected \"NaN\"");
  const std::string w = entry("w", "F32", "[]", "[0,4]");
  CHECK(fault(file_of("{" + w + "," + w + "}", zeros_of(4))) ==
        "header:1:56: key \"w\" stands twice in one object");
  CHECK(fault(file_of(R"({"w":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]}})",
                      zeros_of(4))) == "header:1:27: key \"dtype\" stands twice in one object");
  CHECK(fault(file_of("{\"a\":" + std::string(1'000'000, '['))) ==
        "header:1:205: nested deeper than 200 levels");
  CHECK(error_of_w("F32", "[18446744073709551617]", "[0,4]", zeros_of(4)) ==
        "header:1:49: a whole number has at most 64 bits, got 18446744073709551617");
}

TEST_CASE("metadata that is no table of texts") {
  CHECK(fault(file_of(R"({"__metadata__":3})")) == "__metadata__ must be an object, got 3");
  CHECK(fault(file_of(R"({"__metadata__":{"a":"x","b":1}})")) ==
        "__metadata__ has texts only, got 1 at \"b\"");
}

TEST_CASE("entries that say too little or too much") {
  CHECK(fault(file_of(R"({"w":3})")) ==
        "tensor \"w\": an object with dtype, shape and data_offsets is needed, got 3");
  CHECK(fault(file_of(R"({"w":{"shape":[],"data_offsets":[0,4]}})", zeros_of(4))) ==
        "tensor \"w\": dtype must be a text, got null");
  CHECK(fault(file_of(R"({"w":{"dtype":"F32","data_offsets":[0,4]}})", zeros_of(4))) ==
        "tensor \"w\": shape must be a list of whole numbers, at least 0, got null");
  CHECK(fault(file_of(R"({"w":{"dtype":"F32","shape":[]}})", zeros_of(4))) ==
        "tensor \"w\": data_offsets must be [begin, end] with 0 <= begin <= end, got null");
  CHECK(fault(file_of(R"({"w":{"dtype":["F32"],"shape":[],"data_offsets":[0,4]}})")) ==
        "tensor \"w\": dtype must be a text, got [\"F32\"]");
}

TEST_CASE("dtypes that are not supported are named") {
  for (const std::string dtype : {"F8_E4M3", "F4", "C64", "f32", ""}) {
    CHECK(error_of_w(dtype, "[]", "[0,4]", zeros_of(4)) ==
          "tensor \"w\": dtype \"" + dtype +
              "\" is not supported, one of F16, BF16, F32, F64, I8, I16, I32, I64, U8, U16, U32, "
              "U64, BOOL is needed");
  }
}

TEST_CASE("dtypes that aren't ours become ours, and a warning says so") {
  static std::string warning;
  const auto before = set_warning_handler([](const std::string& w) { warning = w; });
  const auto read = [](const std::string& dtype, const std::string& shape, auto... elements) {
    std::string data;
    (data.append(reinterpret_cast<const char*>(&elements), sizeof elements), ...);
    const std::string end = std::to_string(data.size());
    warning.clear();
    const std::string header = '{' + entry("w", dtype, shape, "[0," + end + "]") + '}';
    return parse_safetensors(file_of(header, data), "f").at("w");
  };
  const auto check = [&](const Tensor& x, DType dtype, const std::vector<double>& expected,
                         const std::string& said) {
    CHECK(x.dtype() == dtype);
    CHECK(numbers(x) == expected);
    CHECK(warning == said);
  };
  using std::uint16_t, std::int64_t;
  check(read("F16", "[3]", uint16_t{0x3c00}, uint16_t{0xc000}, uint16_t{0x0001}), DType::float32,
        {1, -2, 1.0 / (1 << 24)}, "f: reads F16 as float32");
  check(read("BF16", "[2]", uint16_t{0x3f80}, uint16_t{0xc049}), DType::float32, {1, -3.140625},
        "f: reads BF16 as float32");
  check(read("F64", "[2]", 0.1, -2e30), DType::float32, {0.1f, -2e30f},
        "f: reads F64 as float32");
  check(read("I64", "[1,2]", int64_t{-7}, int64_t{70000}), DType::int32, {-7, 70000},
        "f: reads I64 as int32");
  check(read("U8", "[2]", '\xff', '\5'), DType::int32, {255, 5}, "f: reads U8 as int32");
  check(read("I8", "[1]", '\xff'), DType::int32, {-1}, "f: reads I8 as int32");
  check(read("U16", "[1]", uint16_t{65535}), DType::int32, {65535}, "f: reads U16 as int32");
  check(read("I16", "[1]", uint16_t{65535}), DType::int32, {-1}, "f: reads I16 as int32");
  check(read("U32", "[1]", 7u), DType::int32, {7}, "f: reads U32 as int32");
  check(read("U64", "[]", std::uint64_t{7}), DType::int32, {7}, "f: reads U64 as int32");
  check(read("I32", "[1]", 7), DType::int32, {7}, "");
  check(read("F32", "[1]", 7.0f), DType::float32, {7}, "");
  CHECK(message_of([&] { read("I64", "[2]", int64_t{1}, int64_t{3000000000}); }) ==
        "f: tensor \"w\": element 1 is 3000000000, int32 is in [-2147483648, 2147483647]");
  CHECK(message_of([&] { read("U32", "[]", 3000000000u); }) ==
        "f: tensor \"w\": element 0 is 3000000000, int32 is in [-2147483648, 2147483647]");
  CHECK(message_of([&] { read("F64", "[]", 1e300); }) ==
        "f: tensor \"w\": element 0 is 1e+300, float32 is in [-3.4028235e+38, 3.4028235e+38]");
  CHECK(warning.empty());
  parse_safetensors(file_of('{' + entry("a", "F16", "[1]", "[0,2]") + ',' +
                                entry("b", "F32", "[1]", "[2,6]") + ',' +
                                entry("c", "I64", "[0]", "[6,6]") + '}',
                            zeros_of(6)), "f");
  CHECK(warning == "f: reads F16 as float32, I64 as int32");
  set_warning_handler(before);
}

TEST_CASE("shapes that are none") {
  for (const std::string shape : {"[-1]", "[2.5]", "[\"2\"]", "[[2]]", "2", "[null]", "{}"}) {
    const std::string message = error_of_w("F32", shape, "[0,4]", zeros_of(4));
    CHECK(message == "tensor \"w\": shape must be a list of whole numbers, at least 0, got " +
                         shape);
  }
  CHECK(error_of_w("F32", "[1,1,1,1,1,1,1]", "[0,4]", zeros_of(4)) ==
        "tensor \"w\": at most 6 axes are supported, got 7");
}

TEST_CASE("sizes that overflow") {
  CHECK(error_of_w("F32", "[4294967296,4294967296]", "[0,0]") ==
        "tensor \"w\": F32 (4294967296, 4294967296) has more bytes than 64 bits count");
  CHECK(error_of_w("F32", "[4611686018427387904]", "[0,0]") ==
        "tensor \"w\": F32 (4611686018427387904,) has more bytes than 64 bits count");
  CHECK(error_of_w("BOOL", "[9223372036854775807,2,0]", "[0,0]") ==
        "tensor \"w\": BOOL (9223372036854775807, 2, 0) has more bytes than 64 bits count");
  // As large as they can be, but not there.
  CHECK(error_of_w("BOOL", "[9223372036854775807]", "[0,9223372036854775807]") ==
        "is cut short, tensor \"w\" ends at byte 9223372036854775807 of the data, got 0 bytes");
  CHECK(error_of_w("F32", "[250000000000]", "[0,1000000000000]", zeros_of(4)) ==
        "is cut short, tensor \"w\" ends at byte 1000000000000 of the data, got 4 bytes");
}

TEST_CASE("offsets that are none, or not the size of the tensor") {
  for (const std::string offsets :
       {"[4, 0]", "[-4, 0]", "[0, -4]", "[0]", "[]", "[0, 4, 8]", "[0.5, 4]", "[[0], [4]]", "4"}) {
    CHECK(error_of_w("F32", "[]", offsets, zeros_of(4)) ==
          "tensor \"w\": data_offsets must be [begin, end] with 0 <= begin <= end, got " + offsets);
  }
  CHECK(error_of_w("F32", "[2,3]", "[0,20]", zeros_of(20)) ==
        "tensor \"w\": F32 (2, 3) takes 24 bytes, got data_offsets [0, 20]");
  CHECK(error_of_w("F32", "[2,3]", "[0,28]", zeros_of(28)) ==
        "tensor \"w\": F32 (2, 3) takes 24 bytes, got data_offsets [0, 28]");
  CHECK(error_of_w("I32", "[]", "[0,0]") ==
        "tensor \"w\": I32 () takes 4 bytes, got data_offsets [0, 0]");
  CHECK(error_of_w("F32", "[0]", "[0,4]", zeros_of(4)) ==
        "tensor \"w\": F32 (0,) takes 0 bytes, got data_offsets [0, 4]");
}

TEST_CASE("data with a gap, an overlap, too little or too much") {
  const auto two = [](const std::string& a, const std::string& b, std::size_t data) {
    return fault(file_of('{' + entry("a", "F32", "[2]", a) + ',' + entry("b", "F32", "[2]", b) +
                             '}',
                         zeros_of(data)));
  };
  CHECK(two("[0,8]", "[8,16]", 16) == "no error");
  CHECK(two("[8,16]", "[0,8]", 16) == "no error");
  CHECK(two("[0,8]", "[12,20]", 20) ==
        "tensor \"b\": begins at byte 12 of the data, after a gap from byte 8");
  CHECK(two("[4,12]", "[12,20]", 20) ==
        "tensor \"a\": begins at byte 4 of the data, after a gap from byte 0");
  CHECK(two("[0,8]", "[4,12]", 12) ==
        "tensor \"b\": begins at byte 4 of the data, inside tensor \"a\", which ends at 8");
  CHECK(two("[0,8]", "[0,8]", 8) ==
        "tensor \"b\": begins at byte 0 of the data, inside tensor \"a\", which ends at 8");
  CHECK(two("[0,8]", "[8,16]", 15) ==
        "is cut short, tensor \"b\" ends at byte 16 of the data, got 15 bytes");
  CHECK(two("[0,8]", "[8,16]", 17) == "the tensors end at byte 16 of the data, got 17 bytes");
  CHECK(fault(file_of("{}", "x")) == "the tensors end at byte 0 of the data, got 1 bytes");
  // A tensor without elements has a place too.
  const std::string a = entry("a", "F32", "[2]", "[0,8]");
  CHECK(fault(file_of('{' + a + ',' + entry("z", "F32", "[0]", "[4,4]") + '}', zeros_of(8))) ==
        "tensor \"z\": begins at byte 4 of the data, inside tensor \"a\", which ends at 8");
  CHECK(fault(file_of('{' + a + ',' + entry("z", "F32", "[0]", "[9,9]") + '}', zeros_of(8))) ==
        "tensor \"z\": begins at byte 9 of the data, after a gap from byte 8");
}

TEST_CASE("a mask is made of zeros and ones") {
  CHECK(error_of_w("BOOL", "[3]", "[0,3]", std::string("\0\1\2", 3)) ==
        "tensor \"w\": element 2 is 2, a bool is 0 or 1");
  CHECK(error_of_w("BOOL", "[2,1]", "[0,2]", "\xff\xff") ==
        "tensor \"w\": element 0 is 255, a bool is 0 or 1");
}

TEST_CASE("names in messages are readable, whatever they are") {
  CHECK(fault(file_of(R"({"a\u0000\n\"b":1})")) ==
        "tensor \"a\\u0000\\n\\\"b\": an object with dtype, shape and data_offsets is needed, "
        "got 1");
}

TEST_CASE("a file that is cut anywhere, or has a byte changed, is refused or read") {
  const std::string whole = safetensors_bytes(
      {{"a", tensor({1.0, 2.0})}, {"b", tensor({1, 2})}, {"m", mask_of({{true, false}})}});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CHECK(fault(whole.substr(0, n)) != "no error");
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int change : {1, 2, 0x20, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      fault(bytes);  // anything but Error fails the test
    }
  }
}

TEST_CASE("tensors that cannot be written") {
  const auto refused = [](const NamedTensors& tensors) {
    return message_of([&] { safetensors_bytes(tensors); });
  };
  CHECK(refused({{"w", Tensor()}}) == "safetensors: tensor \"w\" is undefined");
  CHECK(refused({{"w", scalar(1)}, {"w", scalar(2)}}) == "safetensors: the name \"w\" is taken");
  CHECK(refused({{"__metadata__", scalar(1)}}) ==
        "safetensors: the name \"__metadata__\" is taken");
  CHECK(refused({{"\xff\xff", scalar(1)}}) ==
        "to_json: a text must be UTF-8, got \"\ufffd\ufffd\"");
}

TEST_CASE("a file that is not there is named once") {
  CHECK(message_of([] { read_safetensors("/none/w.safetensors"); }) ==
        "/none/w.safetensors: cannot be opened, No such file or directory");
}

TEST_CASE("the reference values are read, and written as they were read") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KINDLING_SOURCE_DIR
                                                               "/tests/golden")) {
    if (entry.path().extension() != ".safetensors") continue;
    INFO(entry.path());
    ++files;
    const TensorFile file = read_safetensors(entry.path().string());
    CHECK(file.metadata.contains("cases"));
    CHECK(!file.tensors.empty());
    const TensorFile again =
        parse_safetensors(safetensors_bytes(file.tensors, file.metadata), "again");
    REQUIRE(again.tensors.size() == file.tensors.size());
    CHECK(again.metadata.at("cases") == file.metadata.at("cases"));
    for (const auto& [name, x] : file.tensors) CHECK(again.at(name).shape() == x.shape());
  }
  CHECK(files >= 10);
  const TensorFile conv =
      read_safetensors(KINDLING_SOURCE_DIR "/tests/golden/conv1d.safetensors");
  CHECK(conv.at("000/weight.kernel").shape() == Shape{1, 3, 4});
  CHECK(conv.metadata.at("family") == "conv1d");
}
