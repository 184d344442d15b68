#include <kindling/layers/state_fields.h>

#include <algorithm>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

struct Within {
  std::int64_t &value, least, most;
  bool found = false;
};

Config to_config(const Within& within) { return within.value; }

void from_config(const Config& config, Within& within, const std::string& what) {
  within.found = true;
  within.value = config.as_int(what);
  if (within.value >= within.least && within.value <= within.most) return;
  fail("{} is in [{}, {}], got {}", what, within.least, within.most, within.value);
}

}  // namespace

void between(Fields& f, const char* name, std::int64_t& value, std::int64_t least,
             std::int64_t most) {
  Within within{value, least, most};
  f(name, within);
  if (f.reading() && !within.found) fail("the state of the run that was kept has no \"{}\"", name);
}

std::vector<std::string> renumbered(const std::vector<std::string>& kept,
                                    const std::vector<std::string>& own) {
  const auto stem = [](const std::string& name) {  // "dense_2/kernel" -> "dense/kernel"
    std::string without;
    for (std::size_t at = 0; at < name.size(); ++at) {
      const std::size_t end = std::min(name.find_first_not_of("0123456789", at + 1), name.size());
      const bool number = name[at] == '_' && end > at + 1 &&
                          (end == name.size() || name[end] == '/' || name[end] == '_');
      if (number) {
        at = end - 1;
      } else {
        without += name[at];
      }
    }
    return without;
  };
  const auto sorted = [](std::vector<std::string> names) {
    std::ranges::sort(names);
    return names;
  };
  if (!std::ranges::equal(kept, own, {}, stem, stem)) return kept;
  return sorted(kept) == sorted(own) ? kept : own;
}

}  // namespace kindling
