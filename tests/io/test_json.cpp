#include "tests/catch.h"

#include <cmath>
#include <limits>

#include <kindling/io/json.h>
#include <kindling/layers/config_value.h>

using kindling::Config;
using kindling::parse_json;
using kindling::to_json;

namespace {

std::string error(std::string_view text) {
  return message_of([&] { parse_json(text, "f.json"); });
}

double reread(double v) { return parse_json(to_json(v), "f.json").as_double("v"); }

}  // namespace

TEST_CASE("a config becomes JSON, with its keys in order") {
  const Config config = Config::Map{{"name", "cnn \"1\"\n"},
                                    {"units", 3},
                                    {"rate", 0.1},
                                    {"whole", 2.0},
                                    {"bias", true},
                                    {"seed", Config()},
                                    {"empty", Config::List()},
                                    {"axes", Config::List{1, Config::Map()}}};
  CHECK(to_json(config, -1) ==
        R"({"name":"cnn \"1\"\n","units":3,"rate":0.1,"whole":2.0,"bias":true,"seed":null,)"
        R"("empty":[],"axes":[1,{}]})");
  CHECK(to_json(Config::Map{{"b", 1}, {"a", Config::List{2}}}) ==
        "{\n  \"b\": 1,\n  \"a\": [\n    2\n  ]\n}");
  CHECK(to_json(Config::Map{{"b", 1}}, 1) == "{\n \"b\": 1\n}");
  CHECK(to_json("\u00fcber") == "\"\u00fcber\"");
}

TEST_CASE("JSON is read back as it was") {
  const std::string text =
      R"({"z":1,"a":[true,false,null,-7,0.5,"\u00e4 \" \\ \u0000"],"m":{"b":{},"a":[]},"":1e3})";
  const Config config = parse_json(text, "f.json");
  CHECK(to_json(config, -1) ==
        "{\"z\":1,\"a\":[true,false,null,-7,0.5,\"\u00e4 \\\" \\\\ \\u0000\"],"
        "\"m\":{\"b\":{},\"a\":[]},\"\":1000.0}");
  CHECK(config["a"].as_list("a")[5].as_string("a") == std::string("\u00e4 \" \\ \0", 8));
  CHECK(to_json(parse_json(to_json(config), "f.json")) == to_json(config));
  CHECK(parse_json(" 3 \n", "f.json").as_int("v") == 3);
  CHECK(parse_json("\xef\xbb\xbf[]", "f.json").is_list());
  // The same key in two objects is no duplicate.
  CHECK(parse_json(R"({"a":{"a":1},"b":[{"a":2},{"a":3}]})", "f.json").is_map());
}

TEST_CASE("numbers keep their kind and their bits") {
  CHECK(std::holds_alternative<std::int64_t>(parse_json("2", "f.json").value()));
  CHECK(std::holds_alternative<double>(parse_json("2.0", "f.json").value()));
  CHECK(std::holds_alternative<double>(parse_json("2e0", "f.json").value()));
  for (const std::int64_t v : {std::numeric_limits<std::int64_t>::max(),
                               std::numeric_limits<std::int64_t>::min(), std::int64_t{0}}) {
    CHECK(parse_json(to_json(v), "f.json").as_int("v") == v);
  }
  for (const double v : {0.1, 1e-3, 1.0 / 3, 1e22, 1e-300, 5e-324, 1.7976931348623157e308,
                         9007199254740993.0, 1e19, -2.5}) {
    CHECK(reread(v) == v);
    CHECK(std::holds_alternative<double>(parse_json(to_json(v), "f.json").value()));
  }
  CHECK(std::signbit(reread(-0.0)));
}

TEST_CASE("text that is not JSON is refused, with its place") {
  // The words are ours, so that no version of the parser's library changes them.
  const auto unexpected = [](std::string_view text, const std::string& place,
                             std::string_view what) {
    CAPTURE(text);
    CHECK(error(text) == "f.json:" + place + ": not JSON, unexpected " + std::string(what));
  };
  const std::string_view end = "end of the text";
  unexpected("", "1:1", end);
  unexpected("[1, 2", "1:6", end);
  unexpected("[1, 2\n", "2:1", end);
  unexpected("\"a", "1:3", end);
  unexpected('"' + std::string(1'000'000, 'x'), "1:1000002", end);
  unexpected("{\n  \"a\": 1,\n}", "3:1", "\"}\"");
  unexpected("{\"a\" 123}", "1:6", "\"123\"");
  unexpected("{\"a\" \"bc\"}", "1:6", R"("\"bc\"")");
  unexpected("{'a': 1}", "1:2", "\"'\"");
  unexpected("[1, True]", "1:5", "\"True\"");
  unexpected("[nul]", "1:5", "\"]\"");
  unexpected("[nulL]", "1:2", "\"nulL\"");
  unexpected("[NaN]", "1:2", "\"NaN\"");
  unexpected("[Infinity]", "1:2", "\"Infinity\"");
  unexpected("[-Infinity]", "1:2", "\"-Infinity\"");
  unexpected("[01]", "1:2", "\"01\"");
  unexpected("[1.e5]", "1:2", "\"1.e5\"");
  unexpected("[\u00e4b]", "1:2", "\"\u00e4b\"");
  unexpected("[1] // no", "1:5", "\"/\"");
  unexpected(R"(["ab\xyz"])", "1:6", "\"xyz\"");  // in a string, the byte
  unexpected("\"a\t\"", "1:3", R"("\t")");
  unexpected(R"("a\ud800")", "1:1", R"("\"a\\ud800\"")");
  // A long text is not repeated in the message.
  unexpected("{\"a\" \"" + std::string(1'000'000, 'x') + "\"}", "1:6",
             "\"\\\"" + std::string(59, 'x') + "\"...");
}

TEST_CASE("nothing may follow the value") {
  CHECK(error("{} {}") == "f.json:1:4: not JSON, unexpected \"{\"");
  CHECK(error("{}x") == "f.json:1:3: not JSON, unexpected \"x\"");
  CHECK(error(std::string_view("{}\0{}", 5)) == "f.json:1:3: not JSON, a zero byte");
  CHECK(error(std::string_view("\"a\0\"", 4)) == "f.json:1:3: not JSON, a zero byte");
}

TEST_CASE("JSON is UTF-8") {
  CHECK(error("{\n\"caf\xe9\": 1}") == "f.json:2:5: text is not UTF-8");
  CHECK(error("\"\xc0\x80\"") == "f.json:1:2: text is not UTF-8");          // overlong
  CHECK(error("\"\xed\xa0\x80\"") == "f.json:1:2: text is not UTF-8");      // a surrogate
  CHECK(error("\"\xf4\x90\x80\x80\"") == "f.json:1:2: text is not UTF-8");  // above U+10FFFF
  CHECK(error("\"\xc3") == "f.json:1:2: text is not UTF-8");
  CHECK(error("[\xff]") == "f.json:1:2: text is not UTF-8");
}

TEST_CASE("a key stands once in an object, at any depth") {
  CHECK(error(R"({"a": 1, "a": 2})") == "f.json:1:12: key \"a\" stands twice in one object");
  CHECK(error("[{\"b\": {\n\"units\": 1, \"x\": 2,\n\"units\": 1}}]") ==
        "f.json:3:7: key \"units\" stands twice in one object");
  CHECK(error(R"({"a": 1, "\u0061": 2})") == "f.json:1:17: key \"a\" stands twice in one object");
}

TEST_CASE("nesting has a limit") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(error(nested(200)) == "no error");
  CHECK(error(nested(201)) == "f.json:1:201: nested deeper than 200 levels");
  CHECK(error(std::string(3'000'000, '[')) == "f.json:1:201: nested deeper than 200 levels");
  std::string objects;
  for (int i = 0; i < 201; ++i) objects += "{\"a\":";
  CHECK(error(objects) == "f.json:1:1001: nested deeper than 200 levels");
}

TEST_CASE("what could not be read is not written") {
  const auto nested = [](int depth) {
    Config config = Config::List();
    while (--depth > 0) config = Config::List{config};
    return config;
  };
  const std::string deepest = to_json(nested(200), -1);
  CHECK(parse_json(deepest, "f.json").is_list());
  CHECK(message_of([&] { to_json(nested(201)); }) == "to_json: nested deeper than 200 levels");
  const Config three = Config::List{1, Config::Map{{"a", 2}}};  // 4 with the list
  CHECK(message_of([&] { to_json(three, -1, 4); }) == "no error");
  CHECK(message_of([&] { parse_json(to_json(three), "f.json", 4); }) == "no error");
  CHECK(message_of([&] { to_json(three, -1, 3); }) == "to_json: has more than 3 values");
  CHECK(message_of([] { to_json(std::string(std::size_t{1} << 26, 'x'), -1); }) ==
        "to_json: has more than 67108864 bytes, got 67108866");
}

TEST_CASE("the number of values has a limit") {
  const auto refused = [](std::string_view text, std::size_t most) {
    return message_of([&] { parse_json(text, "f.json", most); });
  };
  CHECK(refused("[1, 2, {\"a\": 3}]", 5) == "no error");
  CHECK(refused("[1, 2, {\"a\": 3}]", 4) == "f.json:1:16: has more than 4 values");
  CHECK(refused("[1,\n2, 3]", 2) == "f.json:2:5: has more than 2 values");
}

TEST_CASE("numbers that would change are refused") {
  CHECK(error("[9223372036854775808]") ==
        "f.json:1:20: a whole number has at most 64 bits, got 9223372036854775808");
  CHECK(error("-9223372036854775809") ==
        "f.json:1:20: a whole number has at most 64 bits, got -9223372036854775809");
  CHECK(error("{\"a\":\n 1" + std::string(99, '0') + "\n}") ==
        "f.json:2:101: a whole number has at most 64 bits, got 1" + std::string(36, '0') + "...");
  CHECK(error("[1e999]") ==
        "f.json:1:6: a number is beyond the range of a double, got 1e999");
}

TEST_CASE("configs that have no JSON are refused") {
  const auto refused = [](const Config& config) {
    return message_of([&] { to_json(config); });
  };
  CHECK(refused(std::numeric_limits<double>::quiet_NaN()) ==
        "to_json: a number must be finite, got nan");
  CHECK(refused(Config::List{-std::numeric_limits<double>::infinity()}) ==
        "to_json: a number must be finite, got -inf");
  CHECK(refused(Config::Map{{"a", 1}, {"a", 2}}) ==
        "to_json: key \"a\" stands twice in one object");
  CHECK(refused("caf\xe9!") ==
        "to_json: a text must be UTF-8, got \"caf\ufffd!\"");
}

TEST_CASE("a byte order mark is no part of the JSON") {
  CHECK(kindling::parse_json("\xef\xbb\xbf{\"a\": 1}", "m.json")["a"].as_int("a") == 1);
}
