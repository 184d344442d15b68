// Text of others, made safe to print.
#include <fmt/format.h>

#include <kindling/tensor/error.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/shown.h>

#include "tests/catch.h"

using namespace kindling;

TEST_CASE("What would be more than text on a terminal is escaped, the rest stays") {
  CHECK(shown("plain \"text\" \\ \u00e4\u4e2d\U0001f600 e\u0301") ==
        "plain \"text\" \\ \u00e4\u4e2d\U0001f600 e\u0301");
  CHECK(shown("\x1b[31m\x7f\b\r\n\t") == "\\u001b[31m\\u007f\\u0008\\r\\n\\t");
  CHECK(shown(std::string_view("a\0b", 3)) == "a\\u0000b");
  CHECK(shown("\u009b2J\u0085") == "\\u009b2J\\u0085");                  // C1
  CHECK(shown("\u202eabc\u2066\u200f") == "\\u202eabc\\u2066\\u200f");  // changes direction
  CHECK(shown("a\u200bb\u00adc\ufeff") == "a\\u200bb\\u00adc\\ufeff");  // not seen
  CHECK(shown("\u2028\u2029") == "\\u2028\\u2029");
  CHECK(shown("\U000e0041") == "\\udb40\\udc41");
  CHECK(shown("caf\xe9, \x9b, \xed\xa0\x80, \xe2\x82") ==
        "caf\ufffd, \ufffd, \ufffd\ufffd\ufffd, \ufffd\ufffd");
  CHECK(shown(shown("\x1b\xff")) == shown("\x1b\xff"));
  CHECK(shown_lines("a\n\x1b\n") == "a\n\\u001b\n");
  CHECK(in_quotes("a \"b\" \\ \u202e") == "\"a \\\"b\\\" \\\\ \\u202e\"");
}

TEST_CASE("Long texts are cut, between characters") {
  const std::string x(1'000'000, 'x');
  CHECK(shown(x) == x.substr(0, 150) + "..." + x.substr(0, 50));
  CHECK(shown("abcdefgh", 8) == "abcdefgh");
  CHECK(shown("abcdefghi", 8) == "abcdef...hi");
  CHECK(shown("abcde\u00e4fg\u00e4i", 8) == "abcde...\u00e4i");
  CHECK(shown(std::string(1000, '\x80'), 8).size() == 8 * 3 + 3);
  CHECK(in_quotes(x) == '"' + x.substr(0, 60) + "\"...");
  CHECK(in_quotes(x.substr(0, 60)) == '"' + x.substr(0, 60) + '"');
  CHECK(in_quotes(x.substr(0, 59) + "\u00e4") == '"' + x.substr(0, 59) + "\"...");
}

TEST_CASE("Errors and warnings are safe to print, whatever the names in them") {
  const std::string name = "a\x1b[2J\u202e\n\xff", safe = "a\\u001b[2J\\u202e\\n\ufffd";
  CHECK(message_of([&] { fail("{}: a rule", name); }) == safe + ": a rule");
  CHECK(message_of([&] { fail("{}: a rule", name.c_str()); }) == safe + ": a rule");
  CHECK(message_of([&] { fail("{}: a rule", std::string_view(name)); }) == safe + ": a rule");
  CHECK(message_of([&] { throw Error(name + ": a rule"); }) ==
        "a\\u001b[2J\\u202e\n\ufffd: a rule");
  CHECK(message_of([&] { fail("{}: {} is below {:>3}", "f", 1, std::string("b")); }) ==
        "f: 1 is below   b");

  // A long name doesn't take the place of the rule.
  const std::string x(1'000'000, 'x');
  CHECK(message_of([&] { fail("Dense \"{}\": a rule, got {}", x, x); }) ==
        "Dense \"" + shown(x, 1000) + "\": a rule, got " + shown(x, 1000));
  const std::string both = message_of([&] { throw Error("begin " + x + " end"); });
  CHECK(both.size() < 10'000);
  CHECK(both.starts_with("begin x"));
  CHECK(both.ends_with("x end"));

  static std::string warned;
  const WarningHandler before = set_warning_handler([](const std::string& m) { warned = m; });
  warn("layer " + name + x);
  set_warning_handler(before);
  CHECK(warned.starts_with("layer a\\u001b[2J\\u202e\n\ufffdxxx"));
  CHECK(warned.size() < 10'000);
}
