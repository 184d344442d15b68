// Dates as people write them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <kindling/tensor/random.h>

namespace dates {

// The days of 1950 to 2049, in an order that is always the same. A year of two digits is clear
// among them.
std::vector<std::chrono::sys_days> shuffled_days();

// "1987-03-03"
std::string iso(std::chrono::sys_days day);

// "3rd of March 1987", "TUE, MAR. 3 '87", "03/03/1987": one way of many. With slashes the month
// comes first, with dots the day.
std::string written(std::chrono::sys_days day, kindling::Generator& generator);

}  // namespace dates
