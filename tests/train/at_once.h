// Threads that do something at once.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/tensors.h"

namespace kindling {

// Runs body(0) .. body(count - 1), each in a thread of its own.
inline void at_once(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> all;
  std::vector<std::string> failed(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    std::string& message = failed[static_cast<std::size_t>(i)];
    all.emplace_back([&, i] { message = message_of([&] { body(i); }); });
  }
  for (std::thread& one : all) one.join();
  for (const std::string& message : failed) CHECK(message == "no error");
}

}  // namespace kindling
