// Hostile files: each is refused with its own message, in little memory.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/edits.h"

// What `read` says of a file, in a process of its own that may map `bound` bytes more than it has
// when it starts (8 times that under the address sanitizer): an Error's message, "no error" or, of
// whatever must not happen, what it was.
std::string refusal(const std::function<void()>& read, std::size_t bound = std::size_t{1} << 24);

struct Hostile {
  std::string bytes;
  std::string message;  // after what the reader calls the file
};

// Checks that read(bytes) says "f: message" of each, or "f:message" where that starts with a line,
// and that no two say the same.
void check_refused(const std::function<void(const std::string& bytes)>& read,
                   const std::vector<Hostile>& files);

// A number as little-endian bytes.
std::string little(std::size_t bytes, unsigned long long number);

// A text with its bytes from `at` on replaced.
std::string with_bytes(std::string text, std::size_t at, std::string_view other);
