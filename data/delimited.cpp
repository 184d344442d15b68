#include <kindling/data/delimited.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <kindling/data/fields.h>
#include <kindling/data/records.h>
#include <kindling/data/text_file.h>
#include <kindling/data/tokens.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// The three columns that are read, in the order first, second, score.
constexpr std::array<const char*, 3> roles = {"first", "second", "score"};
using Places = std::array<std::size_t, 3>;

char choose_delimiter(const std::string& name, const PairColumns& columns) {
  if (columns.delimiter == 0) return name.ends_with(".tsv") || name.ends_with(".TSV") ? '\t' : ',';
  if (columns.delimiter == '"' || columns.delimiter == '\n' || columns.delimiter == '\r') {
    fail("{}: the delimiter must be neither a quote nor a line break", name);
  }
  return columns.delimiter;
}

std::size_t find_name(const Record& header, const std::string& wanted, const std::string& place) {
  std::size_t found = header.size();
  std::string names;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string_view name = trimmed(header[i]);
    names += (i == 0 ? "" : ", ") + in_quotes(name);
    if (name != wanted) continue;
    if (found != header.size()) fail("{}: two columns are named {}", place, in_quotes(wanted));
    found = i;
  }
  if (found == header.size()) {
    fail("{}: no column is named {}, the first line has {}", place, in_quotes(wanted), names);
  }
  return found;
}

void require_columns(const Record& record, const Places& places, const std::string& place,
                     char delimiter) {
  const std::size_t needed = 1 + *std::max_element(places.begin(), places.end());
  if (record.size() < needed) {
    fail("{}: at least {} columns are needed, with a {} between, got {}", place, needed,
         delimiter == '\t' ? std::string("tab") : std::string(1, delimiter), record.size());
  }
}

// A broken number on the first line is an error of that line, not a header, so not all that is no
// number will do.
bool is_column_name(std::string_view field) {
  if (field.empty() || std::string_view("+-.0123456789").find(field[0]) != field.npos) return false;
  const std::vector<std::string> words = tokenize(field);
  return words.size() != 1 || (words[0] != "nan" && words[0] != "inf" && words[0] != "infinity");
}

// Where the three columns are, and whether the first record is a header.
std::pair<Places, bool> find_columns(const Record& record, const PairColumns& columns,
                                     const std::string& name, const std::string& place,
                                     char delimiter) {
  const std::array<const std::string*, 3> wanted = {&columns.first, &columns.second,
                                                    &columns.score};
  Places places{};
  bool named = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto number = parse_digits(*wanted[i]);
    named = named || !number;
    places[i] = number ? static_cast<std::size_t>(*number) : find_name(record, *wanted[i], place);
    for (std::size_t j = 0; j < i; ++j) {
      if (places[j] == places[i]) {
        fail("{}: {} and {} are the same column, {}", name, roles[j], roles[i], places[i]);
      }
    }
  }
  require_columns(record, places, place, delimiter);
  return {places, named || is_column_name(trimmed(record[places[2]]))};
}

std::string checked_pair_text(std::string_view text, const char* role, const std::string& place) {
  text = trimmed(text);
  require_tokens(text, fmt::format("{}: the {} text", place, role));
  return std::string(text);
}

float scaled_score(std::string_view text, const PairColumns& columns, const std::string& place) {
  const std::optional<double> score = parse_number(trimmed(text));
  if (!score) fail("{}: the score must be a finite number, got {}", place, in_quotes(text));
  if (*score < columns.score_min || *score > columns.score_max) {
    fail("{}: the score must be in [{}, {}], got {}; score_min and score_max set the range", place,
         columns.score_min, columns.score_max, *score);
  }
  const double range = columns.score_max - columns.score_min;
  return static_cast<float>((*score - columns.score_min) / range);
}

PairReader reader_of(Lines lines, const std::string& name, const PairColumns& columns) {
  if (!(columns.score_min < columns.score_max) || !std::isfinite(columns.score_min) ||
      !std::isfinite(columns.score_max)) {
    fail("{}: score_min must be below score_max, got {} and {}", name, columns.score_min,
         columns.score_max);
  }
  const char delimiter = choose_delimiter(name, columns);
  Records records(std::move(lines), name, delimiter, delimiter != '\t');
  Record record;
  if (!records.next(record)) fail("{}: is empty", name);
  const auto [places, has_header] = find_columns(record, columns, name, records.place(), delimiter);
  if (has_header && !records.next(record)) fail("{}: has a header and no pairs", name);
  return [=, records = std::move(records), places = places,
          first = true]() mutable -> std::optional<TextPair> {
    if (!std::exchange(first, false) && !records.next(record)) return {};
    const std::string place = records.place();
    require_columns(record, places, place, delimiter);
    return TextPair{.first = checked_pair_text(record[places[0]], roles[0], place),
                    .second = checked_pair_text(record[places[1]], roles[1], place),
                    .score = scaled_score(record[places[2]], columns, place)};
  };
}

std::vector<TextPair> all_of(const PairReader& next) {
  std::vector<TextPair> pairs;
  while (std::optional<TextPair> pair = next()) pairs.push_back(*std::move(pair));
  return pairs;
}

}  // namespace

PairReader open_pairs(const std::string& path, const PairColumns& columns) {
  return reader_of(lines_of_file(path), path, columns);
}

std::vector<TextPair> read_pairs(const std::string& path, const PairColumns& columns) {
  return all_of(open_pairs(path, columns));
}

std::vector<TextPair> parse_pairs(std::string_view text, const std::string& name,
                                  const PairColumns& columns) {
  return all_of(reader_of(lines_of(text), name, columns));
}

TextPair parse_pair_line(std::string_view line, const std::string& name, std::int64_t number) {
  const std::string place = fmt::format("{}:{}", name, number);
  require_utf8(line, name, number);
  const auto tabs = std::count(line.begin(), line.end(), '\t');
  if (tabs != 1) {
    fail("{}: two texts with a tab between them are needed, got {} fields", place, tabs + 1);
  }
  const std::size_t tab = line.find('\t');
  return {.first = checked_pair_text(line.substr(0, tab), roles[0], place),
          .second = checked_pair_text(line.substr(tab + 1), roles[1], place),
          .score = 0};
}

}  // namespace kindling
