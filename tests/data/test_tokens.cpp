#include "tests/catch.h"

#include <kindling/data/fields.h>
#include <kindling/data/tokens.h>

using kindling::find_invalid_utf8;
using kindling::require_tokens;
using kindling::tokenize;
using Tokens = std::vector<std::string>;

TEST_CASE("tokens of English text") {
  CHECK(tokenize("A man RIDES a horse.") == Tokens{"a", "man", "rides", "a", "horse"});
  CHECK(tokenize("Don't PANIC: it's 42!") == Tokens{"don", "t", "panic", "it", "s", "42"});
  CHECK(tokenize("don\u2019t \u201cquote\u201d") == Tokens{"don", "t", "quote"});
  CHECK(tokenize("well-known, e.g. snake_case") ==
        Tokens{"well", "known", "e", "g", "snake", "case"});
  CHECK(tokenize("mp3 2nd 3.14") == Tokens{"mp3", "2nd", "3", "14"});
  CHECK(tokenize("").empty());
  CHECK(tokenize(" \t\r\n.,;!?").empty());
  CHECK(tokenize(std::string_view("a\0b", 3)) == Tokens{"a", "b"});
}

TEST_CASE("tokens with marks: composed and decomposed are the same word") {
  CHECK(tokenize("\u00dcBER") == Tokens{"\u00fcber"});
  CHECK(tokenize("U\u0308BER") == Tokens{"\u00fcber"});
  CHECK(tokenize("Stra\u00dfe STRA\u1e9eE") == Tokens{"stra\u00dfe", "stra\u00dfe"});
  CHECK(tokenize("Cafe\u0301 CAF\u00c9") == Tokens{"caf\u00e9", "caf\u00e9"});
  // No single character for the capital, but one for the small letter.
  CHECK(tokenize("H\u0331") == tokenize("\u1e96"));
  // Marks in another order.
  CHECK(tokenize("a\u0323\u0302") == tokenize("a\u0302\u0323"));
}

TEST_CASE("tokens in other scripts") {
  CHECK(tokenize("\u039f\u0394\u039f\u03a3 \u039f\u03a3\u0391") ==  // ΟΔΟΣ ΟΣΑ
        Tokens{"\u03bf\u03b4\u03bf\u03c2", "\u03bf\u03c3\u03b1"});   // οδος οσα
  CHECK(tokenize("\u03bf\u03b4\u03bf\u03c3") == Tokens{"\u03bf\u03b4\u03bf\u03c2"});
  CHECK(tokenize("\u03a3 = 3") == Tokens{"\u03c3", "3"});
  CHECK(tokenize("\u041f\u0440\u0438\u0432\u0435\u0442, \u041c\u0418\u0420!") ==
        Tokens{"\u043f\u0440\u0438\u0432\u0435\u0442", "\u043c\u0438\u0440"});
  CHECK(tokenize("\u6211\u7231\u4f60\u3002\u4f60\u597d") ==
        Tokens{"\u6211\u7231\u4f60", "\u4f60\u597d"});
  // Arabic with vowel marks, the comma of that script, and its digits.
  CHECK(tokenize("\u0643\u064e\u062a\u064e\u0628\u060c \u0664\u0662") ==
        Tokens{"\u0643\u064e\u062a\u064e\u0628", "\u0664\u0662"});
  CHECK(tokenize("\u0939\u093f\u0928\u094d\u0926\u0940") ==  // Hindi: vowel signs are marks
        Tokens{"\u0939\u093f\u0928\u094d\u0926\u0940"});
  CHECK(tokenize("\u2167 x\u00b2 \uff11\uff12") == Tokens{"\u2177", "x\u00b2", "\uff11\uff12"});
}

TEST_CASE("tokens leave out emoji and what is never seen") {
  CHECK(tokenize("good \U0001f600 day\u2764\ufe0f!") == Tokens{"good", "day"});
  CHECK(tokenize("\u2764\ufe0f \u0301 \U0001f469\u200d\U0001f680").empty());
  CHECK(tokenize("co\u00adoperate") == Tokens{"cooperate"});
  CHECK(tokenize("one\u200btwo") == Tokens{"one", "two"});
  CHECK(tokenize("\ufeffstart\u00a0end") == Tokens{"start", "end"});
}

TEST_CASE("tokens of text that is not UTF-8") {
  CHECK(message_of([] { tokenize("abc\xff"); }) ==
        "tokenize: text is not UTF-8, byte 0xff at offset 3");
  CHECK(message_of([] { tokenize("\u00e4\xc3"); }) ==
        "tokenize: text is not UTF-8, byte 0xc3 at offset 2");
  CHECK(find_invalid_utf8("\u00e4 \U0001f600") == std::string_view::npos);
  CHECK(find_invalid_utf8("a\xc0\x80") == 1);      // overlong
  CHECK(find_invalid_utf8("a\xed\xa0\x80") == 1);  // a surrogate
  CHECK(find_invalid_utf8("\xe2\x82") == 0);       // cut short
  CHECK(find_invalid_utf8("a\x80") == 1);          // a continuation without a start
}

TEST_CASE("any number of combining marks is put in order, in time that goes by their number") {
  // Below (class 220) comes before above (230), each in its order: a dot below, then two graves.
  CHECK(tokenize("q\u0300\u0323\u0300") == Tokens{"q\u0323\u0300\u0300"});
  CHECK(tokenize("A\u0323\u0300") == Tokens{"\u1ea1\u0300"});
  CHECK(tokenize("\u1112\u1161\u11ab") == Tokens{"\ud55c"});
  std::string text = "q", below, above;
  for (int i = 0; i < 200'000; ++i) {
    text += "\u0300\u0323";
    below += "\u0323";
    above += "\u0300";
  }
  CHECK((tokenize(text) == Tokens{"q" + below + above}));
}

TEST_CASE("an empty text is refused") {
  CHECK_NOTHROW(require_tokens("a", "first"));
  CHECK(message_of([] { require_tokens("", "predict: the first text"); }) ==
        "predict: the first text has no letter or digit, got \"\"");
  CHECK(message_of([] { require_tokens("?!", "predict: the second text"); }) ==
        "predict: the second text has no letter or digit, got \"?!\"");
}

TEST_CASE("numbers are read in no locale but their own") {
  using kindling::parse_digits;
  using kindling::parse_number;
  CHECK(parse_number("3") == 3);
  CHECK(parse_number("-.5") == -0.5);
  CHECK(parse_number("+2") == 2);
  CHECK(parse_number("1e-3") == 0.001);
  for (const char* bad : {"", " 1", "1 ", "1,5", "nan", "inf", "-inf", "1e999", "+-1", "0x10"}) {
    INFO(bad);
    CHECK(!parse_number(bad));
  }
  CHECK(parse_digits("007") == 7);
  CHECK(parse_digits("1f", 16) == 31);
  for (const char* bad : {"", "-1", "+1", "1.0", "99999999999999999999"}) {
    INFO(bad);
    CHECK(!parse_digits(bad));
  }
}

TEST_CASE("texts in messages are cut between characters") {
  CHECK(kindling::in_quotes("a\tb\n") == "\"a\\tb\\n\"");
  CHECK(kindling::in_quotes(std::string(59, 'x') + "\u00e4\u00e4") ==
        '"' + std::string(59, 'x') + "\"...");
}
