// A run that is killed, whenever that may be, and started again ends with the same files as one
// that ran through.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include <kindling/io/file.h>
#include <kindling/tensor/random.h>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"

extern char** environ;

using namespace kindling;

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

pid_t start(const std::string& folder) {
  std::string program = KINDLING_BIN_DIR "/resume_run", argument = folder;
  char* argv[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, program.c_str(), nullptr, nullptr, argv, environ) == 0);
  return child;
}

// Waits; true if the program ended by itself, and well.
bool finished(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return false;
  CHECK(WEXITSTATUS(status) == 0);
  return true;
}

std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).generic_string();
    // What a killed writer leaves behind may be deleted (io/file.h).
    if (!entry.is_regular_file() || name.find(".tmp-") != std::string::npos) continue;
    files[name] = read_file(entry.path().string());
  }
  return files;
}

}  // namespace

TEST_CASE("A run killed at any of 20 points, and started again, ends with the same files") {
  const TemporaryFolder whole;
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(finished(start(whole.path())));
  const auto took = std::chrono::steady_clock::now() - before;
  const auto expected = files_in(whole.path());
  CHECK(expected.size() == 7);  // a log, two checkpoints and a model of two files each
  Generator random(1);
  int killed = 0;
  for (int point = 0; point < 20; ++point) {
    const TemporaryFolder folder;
    const pid_t child = start(folder.path());
    std::this_thread::sleep_for(took * random.uniform());
    kill(child, SIGKILL);
    if (!finished(child)) {
      ++killed;
      REQUIRE(finished(start(folder.path())));
    }
    const auto files = files_in(folder.path());
    CAPTURE(point);
    REQUIRE(files.size() == expected.size());
    for (const auto& [name, bytes] : expected) {
      CAPTURE(name);
      CHECK((files.contains(name) && files.at(name) == bytes));
    }
  }
  CHECK(killed >= 10);
}
