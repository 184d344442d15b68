#include "tests/hostile/refusal.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <fstream>
#include <new>
#include <set>

#include "tests/catch.h"

// There in a program with the address sanitizer.
extern "C" [[gnu::weak]] void __asan_init();

namespace {

// No more than `bound` bytes beyond those that the process has. The address sanitizer, which mapped
// its shadow before, keeps what is freed for a while, and surrounds all that there is.
void bound_memory(std::size_t bound) {
  if (__asan_init != nullptr) bound *= 8;
  std::size_t pages[6] = {};
  std::ifstream statm("/proc/self/statm");
  for (std::size_t& n : pages) statm >> n;
  const rlim_t limit = pages[5] * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + bound;
  const rlimit both{limit, limit};
  if (!statm || ::setrlimit(RLIMIT_DATA, &both) != 0) throw std::runtime_error("no bound");
}

std::string outcome(const std::function<void()>& read) {
  try {
    read();
    return "no error";
  } catch (const kindling::Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("not an Error: ") + error.what();
  }
}

}  // namespace

std::string refusal(const std::function<void()>& read, std::size_t bound) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(300);  // a reader that hangs is none
    const std::string text = outcome([&] {
      bound_memory(bound);
      read();
    });
    const bool written = ::write(ends[1], text.data(), text.size()) == std::ssize(text);
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char block[4096];
  while (const ssize_t n = ::read(ends[0], block, sizeof block)) {
    REQUIRE(n > 0);
    text.append(block, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (status != 0) return "ended with status " + std::to_string(status);
  return text;
}

void check_refused(const std::function<void(const std::string& bytes)>& read,
                   const std::vector<Hostile>& files) {
  std::set<std::string> messages;
  for (const Hostile& file : files) {
    const bool has_line = file.message.starts_with(':');
    CHECK(refusal([&] { read(file.bytes); }) == (has_line ? "f" : "f: ") + file.message);
    INFO("another file says the same: " << file.message);
    CHECK(messages.insert(file.message).second);
  }
}

std::string little(std::size_t bytes, unsigned long long number) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xff);
  return text;
}

std::string with_bytes(std::string text, std::size_t at, std::string_view other) {
  REQUIRE(at + other.size() <= text.size());
  return text.replace(at, other.size(), other);
}

TEST_CASE("memory beyond the bound is refused, and a process that dies is seen") {
  const auto map = [](std::size_t size) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    if (::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
      throw kindling::Error("no memory");
    }
  };
  CHECK(refusal([&] { map(std::size_t{1} << 20); }) == "no error");
  CHECK(refusal([&] { map(std::size_t{1} << 28); }) == "no memory");
  CHECK(refusal([] { throw std::bad_alloc(); }) == "not an Error: std::bad_alloc");
  CHECK(refusal([] { ::raise(SIGKILL); }) == "ended with status 9");
}
