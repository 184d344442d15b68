// A run that is killed, whenever that may be, and started again ends with the same files as one
// that ran through.
#include <signal.h>

#include <charconv>
#include <filesystem>
#include <map>

#include <kindling/io/file.h>

#include "tests/data/temporary_folder.h"
#include "tests/run_program.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

namespace fs = std::filesystem;

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

TEST_CASE("A run killed at any of its changes to files, and started again, ends with the same") {
  const TemporaryFolder whole;
  const ProgramResult through = run_program("resume_run", whole.path());
  CAPTURE(through.output);
  REQUIRE(through.status == 0);
  int changes = 0;
  std::from_chars(through.output.data(), through.output.data() + through.output.size(), changes);
  // At the least a backup every third of 40 steps in 8 epochs, of two files that are synced each.
  REQUIRE(changes > 8 * 40 / 3 * 4);
  const auto expected = files_in(whole.path());
  CHECK(expected.size() == 7);  // a log, two checkpoints and a model of two files each
  constexpr int points = 20;
  for (int point = 0; point < points; ++point) {
    const TemporaryFolder folder;
    // From the first to the last. What an epoch's end writes is no multiple of the steps between,
    // so that they meet it at other places each time.
    const int at = 1 + point * (changes - 1) / (points - 1);
    CAPTURE(at);
    REQUIRE(run_program("resume_run", fmt::format("{} {}", folder.path(), at)).status ==
            128 + SIGKILL);
    REQUIRE(run_program("resume_run", folder.path()).status == 0);
    const auto files = files_in(folder.path());
    REQUIRE(files.size() == expected.size());
    for (const auto& [name, bytes] : expected) {
      CAPTURE(name);
      CHECK((files.contains(name) && files.at(name) == bytes));
    }
  }
}
