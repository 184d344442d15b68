// How the programs that are compared take their times. C++17, for the peers.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

// The median of at least `seconds` of calls, in milliseconds.
template <class Call>
double median_ms(double seconds, Call call) {
  for (int warm = 0; warm < 3; ++warm) call();
  std::vector<double> times;
  for (double total = 0; total < seconds || times.size() < 5;) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    times.push_back(took.count());
    total += took.count();
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return 1000 * *middle;
}
