// What stands in for functions that some standard libraries lack, beside those that have them.
#include "tests/catch.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include <kindling/tensor/parse_double.h>
#include <kindling/io/descriptor.h>

using namespace kindling;

TEST_CASE("numbers are read without from_chars") {
  for (const std::string text :
       {"3", "-3", "0", "-0", ".5", "-.5", "5.", "1e3", "1E-3", "1.5e+10", "0.1", "3.4028235e38",
        "1.7976931348623157e308", "2.2250738585072014e-308", "123456789012345678901234567890",
        "0.30000000000000004", "007"}) {
    CAPTURE(text);
    const double expected = std::strtod(text.c_str(), nullptr);
    double number = 7;
    REQUIRE(parse_double(text, number));
    CHECK((number == expected && std::signbit(number) == std::signbit(expected)));
  }
  for (const std::string text :
       {"", "-", ".", "e5", "1e", "1e+", "+1", "--1", " 1", "1 ", "1,5", "0x10", "1p3", "inf",
        "-inf", "nan", "infinity", "1e999", "1-3", "-1.7-003", "1f", "1.2.3"}) {
    CAPTURE(text);
    double number = 0;
    CHECK(!parse_double(text, number));
  }
}

TEST_CASE("a system that exchanges no folders says so") { CHECK(!exchange("a", "b")); }
