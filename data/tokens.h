// Tokens: the words of a text, as the models see them.
//
//   tokenize("Don't PANIC: it's 42!")  ->  don t panic it s 42
//
// Rules, in this order:
//   1. lower case, then Unicode normal form NFC: "e" with a combining acute equals "é". A sigma
//      that ends a Greek word is the final one, whatever its case was.
//   2. What is never seen (soft hyphen, joiners, variation selectors) is left out; a zero width
//      space separates, since that is what it is for.
//   3. A token is a run of letters, marks and digits (categories L*, M* and N*) that starts with a
//      letter or a digit. Everything else separates and is dropped, emoji and the apostrophe inside
//      a word too: ' is as often a quotation mark, and ’ is another character.
//
// Scripts without spaces (Chinese, Japanese, Thai) give one token for each run between punctuation.
// Errors: text that is not UTF-8.
// Source: utf8proc, the usual small library of Unicode's tables (the Julia language's), does the
// normal form, the cases and the categories.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/tensor/utf8.h>

#pragma GCC visibility push(default)
namespace kindling {

std::vector<std::string> tokenize(std::string_view text);

// Fails if the text is not UTF-8, or has no token: "pairs.csv:3: the first text has no letter or
// digit, got "!?"".
// `who` is what the message starts with: a place and which text it is.
void require_tokens(std::string_view text, std::string_view who);

}  // namespace kindling
#pragma GCC visibility pop
