#include <kindling/data/wordnet.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <kindling/data/fields.h>
#include <kindling/data/text_file.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// The fields of one line of data.noun, taken from left to right.
class Fields {
 public:
  Fields(std::string_view line, std::string place) : rest_(line), place_(std::move(place)) {}

  std::string_view word(const char* what) {
    rest_ = trimmed(rest_);
    if (rest_.empty()) fail("{}: the line ends where {} must be", place_, what);
    const std::string_view field = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(field.size());
    return field;
  }

  std::int64_t number(const char* what, int base = 10) {
    const std::string_view field = word(what);
    const auto value = parse_digits(field, base);
    if (!value) {
      fail("{}: {} must be a{} number, got {}", place_, what, base == 16 ? " hexadecimal" : "",
           in_quotes(field));
    }
    return *value;
  }

  std::string_view rest() const { return rest_; }
  const std::string& place() const { return place_; }

 private:
  std::string_view rest_;
  std::string place_;
};

// A synset whose hypernyms are still offsets.
struct Line {
  Synset synset;
  std::string place;
  std::vector<std::int64_t> targets;
};

// synset_offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] p_cnt [ptr...] | gloss
// ptr: pointer_symbol synset_offset pos source/target
Line parse_line(std::string_view text, std::string place) {
  Fields fields(text, std::move(place));
  Line line;
  Synset& synset = line.synset;
  synset.offset = fields.number("the offset");
  const std::int64_t file = fields.number("the lexicographer file");
  if (!std::in_range<int>(file)) {
    fail("{}: the lexicographer file is a number of two digits, got {}", fields.place(), file);
  }
  synset.lexicographer_file = static_cast<int>(file);
  if (const auto type = fields.word("the type"); type != "n") {
    fail("{}: the type must be n, a noun, got {}", fields.place(), in_quotes(type));
  }
  const std::int64_t words = fields.number("the count of words", 16);
  for (std::int64_t i = 0; i < words; ++i) {
    std::string& word = synset.words.emplace_back(fields.word("a word"));
    std::replace(word.begin(), word.end(), '_', ' ');
    fields.word("a word's number");
  }
  const std::int64_t pointers = fields.number("the count of pointers");
  for (std::int64_t i = 0; i < pointers; ++i) {
    const std::string_view symbol = fields.word("a pointer");
    const std::int64_t target = fields.number("a pointer's offset");
    fields.word("a pointer's part of speech");
    fields.word("a pointer's source and target");
    if (symbol != "@" && symbol != "@i") continue;
    synset.hypernyms.push_back({.synset = 0, .instance = symbol == "@i"});
    line.targets.push_back(target);
  }
  if (const auto bar = fields.word("the gloss"); bar != "|") {
    fail("{}: a | must come before the gloss, got {}", fields.place(), in_quotes(bar));
  }
  synset.definition = trimmed(fields.rest().substr(0, fields.rest().find(';')));
  line.place = fields.place();
  return line;
}

}  // namespace

std::vector<Synset> read_wordnet_nouns(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / "data.noun").string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    fail("WordNet: there is no file {}; install wordnet-base (apt install wordnet-base) or give "
         "the folder", path);
  }
  const std::string text = read_text_file(path);

  std::vector<Line> lines;
  std::unordered_map<std::int64_t, std::size_t> places;
  std::string_view rest = text, line;
  for (std::int64_t number = 1; take_line(rest, line); ++number) {
    if (line.starts_with("  ")) continue;  // the licence
    lines.push_back(parse_line(line, fmt::format("{}:{}", path, number)));
    if (!places.try_emplace(lines.back().synset.offset, lines.size() - 1).second) {
      fail("{}: offset {:08} is there twice", lines.back().place, lines.back().synset.offset);
    }
  }

  std::vector<Synset> synsets;
  synsets.reserve(lines.size());
  for (Line& from : lines) {
    for (std::size_t i = 0; i < from.targets.size(); ++i) {
      const auto at = places.find(from.targets[i]);
      if (at == places.end()) {
        fail("{}: hypernym {:08} is not in the file", from.place, from.targets[i]);
      }
      from.synset.hypernyms[i].synset = at->second;
    }
    synsets.push_back(std::move(from.synset));
  }
  return synsets;
}

}  // namespace kindling
