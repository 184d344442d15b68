#include "writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace dates {

using namespace kindling;

namespace {

constexpr const char* months[] = {"January", "February", "March",     "April",   "May",      "June",
                                  "July",    "August",   "September", "October", "November",
                                  "December"};
constexpr const char* weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                    "Thursday", "Friday", "Saturday"};

// d: 3 or 03; m: the same of the month; month: March, Mar or Mar.; year: 1987, 87 or '87.
constexpr const char* patterns[] = {
    "{d} {month} {year}",
    "{day}{th} {month} {year}",
    "{day}{th} of {month} {year}",
    "{day}{th} of {month}, {year}",
    "the {day}{th} of {month} {year}",
    "{day}. {month} {year}",
    "{d}-{month}-{year}",
    "{month} {day}, {year}",
    "{month} {day} {year}",
    "{month} {day}{th}, {year}",
    "{month} the {day}{th}, {year}",
    "{weekday}, {month} {day} {year}",
    "{weekday}, {day} {month} {year}",
    "{weekday} {day}{th} {month} {year}",
    "{weekday} the {day}{th} of {month} {year}",
    "{weekday} {d}.{m}.{year}",
    "{m}/{d}/{year}",
    "{d}.{m}.{year}",
    "{d}. {m}. {year}",
    "{full_year}/{m}/{d}",
    "{full_year} {month} {day}",
    "{full_year}, {month} {day}{th}",
};

std::size_t pick(std::size_t count, Generator& generator) {
  return static_cast<std::size_t>(generator.below(static_cast<std::int64_t>(count)));
}

// In full, or its first three letters, with or without a full stop.
std::string maybe_short(std::string name, Generator& generator) {
  const std::size_t way = pick(3, generator);
  if (way == 0 || name.size() <= 3) return name;
  return name.substr(0, 3) + (way == 1 ? "." : "");
}

const char* ordinal_ending(unsigned day) {
  if (day / 10 == 1) return "th";
  return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
}

}  // namespace

std::vector<std::chrono::sys_days> shuffled_days() {
  using namespace std::chrono;
  const sys_days first = 1950y / January / 1, end = 2050y / January / 1;
  Generator generator(1);
  std::vector<sys_days> shuffled;
  for (const std::int64_t day : permutation((end - first).count(), generator)) {
    shuffled.push_back(first + days(day));
  }
  return shuffled;
}

std::string iso(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string written(std::chrono::sys_days date_day, Generator& generator) {
  const std::chrono::year_month_day date(date_day);
  const unsigned day = static_cast<unsigned>(date.day());
  const unsigned month = static_cast<unsigned>(date.month());
  const int year = static_cast<int>(date.year());
  const std::string years[] = {std::to_string(year), fmt::format("{:02}", year % 100),
                               fmt::format("'{:02}", year % 100)};
  const std::size_t zeros = 1 + pick(2, generator);  // 3/3 or 03/03
  const std::string weekday = weekdays[std::chrono::weekday(date_day).c_encoding()];
  std::string text = fmt::format(
      fmt::runtime(patterns[pick(std::size(patterns), generator)]),
      fmt::arg("day", day), fmt::arg("th", ordinal_ending(day)),
      fmt::arg("d", fmt::format("{:0{}}", day, zeros)),
      fmt::arg("m", fmt::format("{:0{}}", month, zeros)),
      fmt::arg("month", maybe_short(months[month - 1], generator)),
      fmt::arg("weekday", maybe_short(weekday, generator)), fmt::arg("full_year", year),
      fmt::arg("year", years[pick(std::size(years), generator)]));
  const std::size_t letters = pick(4, generator);  // lower case, upper case, or as they are
  if (letters < 2) {
    std::ranges::transform(text, text.begin(), [&](unsigned char c) {
      return static_cast<char>(letters == 0 ? std::tolower(c) : std::toupper(c));
    });
  }
  return text;
}

}  // namespace dates
