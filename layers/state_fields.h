// What states of runs that are taken up need beside the fields of options (layers/config.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kindling/layers/config.h>

#pragma GCC visibility push(default)
namespace kindling {

// A whole number that must be there and within [least, most] when it is read.
void between(Fields& f, const char* name, std::int64_t& value, std::int64_t least,
             std::int64_t most);

// What has the names `kept`, of weights or logs, under the names `own` of the same model made once
// more. Automatic names count on in a process ("dense_2/kernel" for "dense/kernel"), so names that
// differ in such numbers alone, place by place, become those of `own`; others stay as they are.
std::vector<std::string> renumbered(const std::vector<std::string>& kept,
                                    const std::vector<std::string>& own);

}  // namespace kindling
#pragma GCC visibility pop
