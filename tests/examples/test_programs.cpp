// What all programs do alike: numbers in their options, output that can't be written, signals.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/data/temporary_folder.h"
#include "tests/run_program.h"

namespace {

// With its output elsewhere, and what it says of that; "#" is the end for the shell.
ProgramResult run_into(const std::string& program, const std::string& arguments,
                       const std::string& output) {
  return run_program(program, arguments + " 2>&1 >" + output + " #");
}

}  // namespace

TEST_CASE("Numbers in options are decimal and in range, in every program") {
  const auto error = [](const std::string& program, const std::string& arguments) {
    const ProgramResult result = run_program(program, arguments);
    INFO(program << " " << arguments << "\n" << result.output);
    CHECK(result.status == 2);
    return result.output.substr(0, result.output.find('\n'));
  };
  const std::string seed = ": a whole number from 0 to 9223372036854775807 is needed, got ";
  for (const std::string program : {"spiral", "char_lm", "dates", "text_classification",
                                    "text_similarity train --model m"}) {
    for (const std::string wrong : {"99999999999999999999", "9223372036854775808", "-1", "0x10",
                                    "1e3", "7a", "", "+5", "1.0", "nan"}) {
      CHECK(error(program, "--seed \"" + wrong + "\"") == "--seed" + seed + '"' + wrong + '"');
    }
    for (const std::string wrong : {"nan", "inf", "-inf", "1e999", "1e39", "-0.1", "0x1p3",
                                    "1.7-003", "1,5"}) {
      CHECK(error(program, "--learning-rate=\"" + wrong + "\"")
                .starts_with("--learning-rate: a number from 0 to "));
    }
    CHECK(error(program, program == "spiral" ? "--steps 1000000001" : "--epochs 1000001")
              .ends_with("1\""));
  }
  CHECK(error("text_similarity train --model m", "--batch-size 4294967297") ==
        "--batch-size: a whole number from 1 to 1000000000 is needed, got \"4294967297\"");
  CHECK(error("text_similarity evaluate --model m", "--score-max nan")
            .starts_with("--score-max: a number from "));
  CHECK(error("text_similarity predict --model m a b", "--threads 0x2")
            .starts_with("--threads: a whole number from 1 to "));
  // A loss that is no number is no success.
  const ProgramResult lost =
      run_program("dates", "--examples 100 --units 4 --epochs 1 --learning-rate 1e38");
  CHECK(lost.status == 1);
  CHECK(lost.output.ends_with(" in epoch 1; a smaller --learning-rate may help\n"));
  CHECK(run_program("spiral", "--learning-rate 1e38").status == 1);
  CHECK(error("char_lm", "--depth 10 --heads 3") == "--heads: must divide --depth");
  // Octal for CLI11, and for nobody else.
  CHECK(run_program("spiral", "--steps 01 --points 010").status == 0);
}

TEST_CASE("Output that can't be written is an error, in every program") {
  if (!std::filesystem::exists("/dev/full")) return;
  for (const std::string program : {"spiral", "char_lm", "dates", "text_classification",
                                    "text_similarity", "text_similarity predict"}) {
    const std::string start =
        program.substr(0, program.find(' ')) + ": standard output: cannot be written, ";
    const ProgramResult full = run_into(program, "--help", "/dev/full");
    CHECK(full.status == 1);
    CHECK(full.output == start + "No space left on device\n");
    const ProgramResult closed = run_into(program, "--help", "&-");
    CHECK(closed.status == 1);
    CHECK(closed.output == start + "Bad file descriptor\n");
  }
  for (const char* output : {"/dev/full", "&-"}) {
    const ProgramResult result = run_into("spiral", "--steps 1", output);
    CHECK(result.status == 1);
    CHECK(result.output.starts_with("spiral: standard output: cannot be written"));
    // Where fit() writes.
    const ProgramResult trained =
        run_into("dates", "--examples 20 --units 4 --epochs 1", output);
    CHECK(trained.status == 1);
    CHECK(trained.output.starts_with("dates: standard output: cannot be written"));
  }
}

TEST_CASE("A training that Ctrl-C stops says how to go on, and the same command goes on") {
  const TemporaryFolder folder;
  const std::string backup = folder.file("backup");
  const std::string small = " --examples 400 --units 4 --epochs 300 --batch-size 8";
  const auto stopped = [&](const std::string& options) {
    const std::string log = folder.file("log");
    // With job control (set -m), or bash would let it ignore the signal.
    const std::string command = std::string("bash -c 'set -m; ") + KINDLING_BIN_DIR + "/dates" +
                                options + " > " + log + " 2>&1 < /dev/null & pid=$!; " +
                                "while ! grep -q Epoch " + log + "; do sleep 0.05; done; " +
                                "kill -INT $pid; wait $pid; exit $?' 2> /dev/null";
    const int ended = std::system(command.c_str());
    std::ifstream file(log);
    return ProgramResult{WEXITSTATUS(ended), {std::istreambuf_iterator<char>(file), {}}};
  };
  const ProgramResult without = stopped(small);
  INFO(without.output);
  CHECK(without.status == 130);
  CHECK(without.output.ends_with(
      "dates: stopped; with --backup FOLDER, the same command would go on from here\n"));

  const std::string kept = small + " --backup " + backup;
  for (const std::string& begin :
       {std::string(), "Going on with the run that is in " + backup + "\n"}) {
    const ProgramResult with = stopped(kept);
    INFO(with.output);
    CHECK(with.status == 130);
    CHECK(with.output.find(begin) != std::string::npos);
    CHECK(with.output.ends_with(
        "dates: stopped; the same command goes on from here, with the run in " + backup + "\n"));
  }
  const ProgramResult other = run_program("dates", kept + " --seed 2");
  CHECK(other.status == 1);
  CHECK(other.output.find("holds a run that was stopped, and its options or data were others; give "
                          "the same ones, or delete the folder to start anew") !=
        std::string::npos);
}
