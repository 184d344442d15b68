#include "tests/catch.h"
#include "tests/hostile/refusal.h"

#include <kindling/io/npy.h>

using namespace kindling;

namespace {

// 10 bytes before the header, 118 bytes of header, 24 bytes of elements.
const std::string& valid() {
  static const std::string bytes = npy_bytes(tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}));
  return bytes;
}

// With a part of its header replaced, at the expense of spaces after it.
std::string header_with(std::string_view part, std::string_view other) {
  std::string file = with(valid(), part, other);
  if (other.size() < part.size()) file.insert(file.find('\n', 10), part.size() - other.size(), ' ');
  return other.size() > part.size() ? file.erase(file.find("   "), other.size() - part.size())
                                    : file;
}

// With a header of its own.
std::string header_of(const std::string& text, const std::string& elements = valid().substr(128)) {
  return std::string("\x93NUMPY\1\0", 8) + little(2, text.size()) + text + elements;
}

}  // namespace

TEST_CASE("hostile npy files") {
  const std::string& file = valid();
  REQUIRE(file.size() == 128 + 24);
  const auto read = [](const std::string& bytes) { parse_npy(bytes, "f"); };
  CHECK(refusal([&] { read(file); }) == "no error");
  const std::string words = "one of f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, b1 is needed";
  check_refused(read, {
      {"", "is no npy file, it starts with \"\""},
      {file.substr(0, 5), "is no npy file, it starts with \"\ufffdNUMP\""},
      {with_bytes(file, 1, "X"), "is no npy file, it starts with \"\ufffdXUMPY\""},
      {file.substr(0, 6), "is cut short, the header begins at byte 10, got 6"},
      {file.substr(0, 9), "is cut short, the header begins at byte 10, got 9"},
      {with_bytes(file, 6, "\2").substr(0, 11),
       "is cut short, the header begins at byte 12, got 11"},
      {file.substr(0, 10), "is cut short, the header is 118 bytes, got 0"},
      {file.substr(0, 127), "is cut short, the header is 118 bytes, got 117"},
      {file.substr(0, 128), "<f4 (2, 3) takes 24 bytes, got 0"},
      {file.substr(0, 151), "<f4 (2, 3) takes 24 bytes, got 23"},
      {file + "x", "<f4 (2, 3) takes 24 bytes, got 25"},
      {with_bytes(file, 6, "\4"), "version 4.0 is not supported, 1.0, 2.0 or 3.0 is needed"},
      {with_bytes(file, 7, "\1"), "version 1.1 is not supported, 1.0, 2.0 or 3.0 is needed"},
      {with_bytes(file, 8, little(2, 0xffff)), "the header is at most 10000 bytes, got 65535"},
      {with_bytes(with_bytes(file, 6, "\3"), 8, little(4, 0xffffffff)),
       "the header is at most 10000 bytes, got 4294967295"},
      {with_bytes(file, 127, "x"), "the header must end with a line end"},
      {with_bytes(file, 100, "x"), "header, byte 90: only spaces may follow the dict"},
      {header_of("[]\n"), "header, byte 0: a dict is needed, got \"[]\\n\""},
      {header_of("\n"), "header, byte 1: a dict is needed, got its end"},
      {header_of("{" + std::string(5000, '{') + "\n"),
       "header, byte 1: a key is needed, got \"{{{{{{{{{{{{\""},
      {header_of("{}\n"), "the header has no key \"descr\""},
      {header_of("{'descr': '<f4', 'shape': (2, 3)}\n"), "the header has no key \"fortran_order\""},
      {header_of("{'descr': '<f4\n"), "header, byte 10: a text doesn't end"},
      {header_with("'shape'", "'descr'"), "header, byte 49: key \"descr\" stands twice"},
      {header_with("'shape'", "'shade'"), "header, byte 49: key \"shade\" is unknown"},
      {header_with("'<f4'", "'\\x4'"), "header, byte 10: a text with '\\' is not supported"},
      {header_with("False", "0    "),
       "header, byte 34: True or False is needed, got \"0    , 'shap\""},
      {header_with("'<f4'", "'|O'"),
       "holds Python objects (|O), which are not read; numbers are needed"},
      {header_with("'<f4'", "[('x', '<f4')]"),
       "holds records of several fields, which are not read; numbers are needed"},
      {header_with("'<f4'", "'<c8'"), "dtype \"<c8\" is not supported, " + words},
      {header_with("'<f4'", "'f4'"), "dtype \"f4\" is not supported, " + words},
      {header_with("'<f4'", "'<i1'"), "dtype \"<i1\" is not supported, " + words},
      {header_with("'<f4'", "''"), "dtype \"\" is not supported, " + words},
      {header_with("'<f4'", "'<f8'"), "<f8 (2, 3) takes 48 bytes, got 24"},
      {header_with("(2, 3)", "(6)"),
       "header, byte 52: a ',' is needed after the only size, got \"), }        \""},
      {header_with("(2, 3)", "(-2, -3)"),
       "header, byte 51: a size, at least 0, is needed, got \"-2, -3), }  \""},
      {header_with("(2, 3)", "(2, 3.)"),
       "header, byte 55: a ',' or ')' is needed, got \".), }       \""},
      {header_with("(2, 3)", "(2LL, 3)"),
       "header, byte 53: a ',' is needed after the only size, got \"L, 3), }    \""},
      {header_with("(2, 3)", "(L, 3)"),
       "header, byte 51: a size, at least 0, is needed, got \"L, 3), }    \""},
      {header_with("(2, 3)", "(1, 1, 1, 1, 1, 2, 3)"),
       "at most 6 axes are supported, the shape has more"},
      {header_with("(2, 3)", "(9223372036854775808,)"),
       "header, byte 51: a size has at most 63 bits"},
      {header_with("(2, 3)", "(4294967296, 4294967296)"),
       "<f4 (4294967296, 4294967296) has more bytes than 64 bits count"},
      {header_of("{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4, 4611686018427387904)}\n",
                 ""),
       "<f4 (0, 4, 4611686018427387904) has more bytes than 64 bits count"},
      {header_with("(2, 3)", "(1000000000000,)"),
       "<f4 (1000000000000,) takes 4000000000000 bytes, got 24"},
  });
}
