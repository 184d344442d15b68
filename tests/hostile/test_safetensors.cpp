#include "tests/catch.h"
#include "tests/hostile/refusal.h"

#include <fmt/format.h>

#include <kindling/io/safetensors.h>

using namespace kindling;

namespace {

// 8 bytes of length, 168 bytes of header, 40 bytes of data.
const std::string& valid() {
  static const std::string bytes = safetensors_bytes(
      {{"k", tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}})}, {"b", tensor({1, 2, 3})},
       {"m", mask_of({{true, false, true, true}})}});
  return bytes;
}

constexpr std::size_t header_at = 8;
std::size_t data_at() { return header_at + static_cast<unsigned char>(valid()[0]); }

// The valid file with a part of its header replaced, and its length with it.
std::string header_with(std::string_view part, std::string_view other) {
  const std::string header = with(valid().substr(header_at, data_at() - header_at), part, other);
  return little(8, header.size()) + header + valid().substr(data_at());
}

}  // namespace

TEST_CASE("hostile safetensors files") {
  const std::string& file = valid();
  const std::string length = std::to_string(data_at() - header_at);
  REQUIRE(valid().size() == data_at() + 40);
  const std::string k = R"("dtype":"F32","shape":[2,3],"data_offsets":[0,24])";
  const std::string b = R"("dtype":"I32","shape":[3],"data_offsets":[24,36])";
  const std::string m = R"("dtype":"BOOL","shape":[1,4],"data_offsets":[36,40])";
  const auto read = [](const std::string& bytes) { parse_safetensors(bytes, "f"); };
  CHECK(refusal([&] { read(file); }) == "no error");
  check_refused(read, {
      {"", "is cut short, the length of the header is 8 bytes, got 0"},
      {file.substr(0, 7), "is cut short, the length of the header is 8 bytes, got 7"},
      {file.substr(0, 8), "is cut short, the header is " + length + " bytes, got 0"},
      {file.substr(0, data_at() - 1), "is cut short, the header is " + length + " bytes, got " +
                                          std::to_string(data_at() - header_at - 1)},
      {file.substr(0, data_at()), "is cut short, tensor \"m\" ends at byte 40 of the data, got 0 "
                                  "bytes"},
      {file.substr(0, data_at() + 24), "is cut short, tensor \"m\" ends at byte 40 of the data, "
                                       "got 24 bytes"},
      {file.substr(0, file.size() - 1), "is cut short, tensor \"m\" ends at byte 40 of the data, "
                                        "got 39 bytes"},
      {file + "x", "the tensors end at byte 40 of the data, got 41 bytes"},
      {with_bytes(file, 0, little(8, 100'000'000)),
       "is cut short, the header is 100000000 bytes, got 248"},
      {with_bytes(file, 0, little(8, 100'000'001)),
       "the header is at most 100000000 bytes, got 100000001"},
      {with_bytes(file, 0, little(8, ~0ull)),
       "the header is at most 100000000 bytes, got 18446744073709551615"},
      {with_bytes(file, 8, "["), "the header must start with '{', got \"[\""},
      {header_with("\"k\"", "\"b\""), "header:1:91: key \"b\" stands twice in one object"},
      {header_with("\"k\"", "\"\xed\xa0\x80\""), "header:1:34: text is not UTF-8"},
      {header_with("[2,3]", std::string(100'000, '[')),
       "header:1:258: nested deeper than 200 levels"},
      {header_with("\"pt\"", "{}"), "__metadata__ has texts only, got {} at \"format\""},
      {header_with("F32", "F64"),
       "tensor \"k\": F64 (2, 3) takes 48 bytes, got data_offsets [0, 24]"},
      {header_with("F32", "F4"),
       "tensor \"k\": dtype \"F4\" is not supported, one of F16, BF16, F32, F64, I8, I16, I32, "
       "I64, U8, U16, U32, U64, BOOL is needed"},
      {header_with("[2,3]", "[2,-3]"),
       "tensor \"k\": shape must be a list of whole numbers, at least 0, got [2, -3]"},
      {header_with("[2,3]", "[1,1,1,1,1,2,3]"),
       "tensor \"k\": at most 6 axes are supported, got 7"},
      {header_with("[2,3]", "[3,3]"),
       "tensor \"k\": F32 (3, 3) takes 36 bytes, got data_offsets [0, 24]"},
      {header_with("[2,3]", "[4294967296,4294967296]"),
       "tensor \"k\": F32 (4294967296, 4294967296) has more bytes than 64 bits count"},
      {header_with(k, R"("dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000])"),
       "tensor \"b\": begins at byte 24 of the data, inside tensor \"k\", which ends at "
       "4000000000000"},
      {header_with(m, R"("dtype":"BOOL","shape":[8000000000],"data_offsets":[36,8000000036])"),
       "is cut short, tensor \"m\" ends at byte 8000000036 of the data, got 40 bytes"},
      {header_with("[0,24]", "[24,0]"),
       "tensor \"k\": data_offsets must be [begin, end] with 0 <= begin <= end, got [24, 0]"},
      {header_with("[0,24]", "[0,9223372036854775808]"),
       "header:1:102: a whole number has at most 64 bits, got 9223372036854775808"},
      {header_with("[24,36]", "[20,32]"),
       "tensor \"b\": begins at byte 20 of the data, inside tensor \"k\", which ends at 24"},
      {header_with("[24,36]", "[0,12]"),
       "tensor \"k\": begins at byte 0 of the data, inside tensor \"b\", which ends at 12"},
      {header_with("[24,36]", "[28,40]"),
       "tensor \"b\": begins at byte 28 of the data, after a gap from byte 24"},
      {header_with("\"b\":{" + b + "},", ""),
       "tensor \"m\": begins at byte 36 of the data, after a gap from byte 24"},
      {with_bytes(file, file.size() - 1, "\7"),
       "tensor \"m\": element 3 is 7, a bool is 0 or 1"},
  });
}

TEST_CASE("a large header takes no more memory than a model's may") {
  const auto read = [](const std::string& header) {
    const std::string file = little(8, header.size()) + header;
    return refusal([&] { parse_safetensors(file, "f"); }, std::size_t{1} << 29);
  };
  std::string lists = "{\"a\":[[]", entries = "{", text = "{\"a\":\"";
  while (lists.size() < 14'000'000) lists += ",[]";
  for (int i = 0; entries.size() < 14'000'000; ++i) {
    entries += fmt::format("\"{}\":0,", i);
  }
  text.append(14'000'000, 'x');
  CHECK(read(lists + "]}").find("has more than 1048576 values") != std::string::npos);
  CHECK(read(entries + "\"a\":0}").find("has more than 1048576 values") != std::string::npos);
  CHECK(read(text + "\"}").starts_with("f: tensor \"a\": an object with dtype, shape and"));
  CHECK(read("{" + std::string(70'000'000, ' ') + "}") ==
        "f: header: JSON has at most 67108864 bytes, got 70000002");
}
