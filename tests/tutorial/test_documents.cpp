// The code blocks of the README and the tutorial stand in the programs that compile and run them,
// paragraph by paragraph, but for white space and comments.
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "tests/catch.h"

namespace {

std::string content(const std::string& path) {
  std::ifstream file(std::string(KINDLING_SOURCE_DIR) + "/" + path);
  INFO(path);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string bare(const std::string& code) {
  const std::string uncommented = std::regex_replace(code, std::regex("//[^\n]*"), "");
  return std::regex_replace(uncommented, std::regex("\\s+"), "");
}

// The paragraphs of all blocks of C++: a program may do things between them.
std::vector<std::string> cpp_paragraphs(const std::string& markdown) {
  std::vector<std::string> blocks;
  const std::string open = "```cpp\n", close = "```";
  for (std::size_t at = markdown.find(open); at != std::string::npos;
       at = markdown.find(open, at)) {
    at += open.size();
    const std::size_t end = markdown.find(close, at);
    std::istringstream lines(markdown.substr(at, end - at));
    blocks.emplace_back();
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) {
        blocks.emplace_back();
      } else {
        blocks.back() += line + "\n";
      }
    }
    at = end;
  }
  return blocks;
}

}  // namespace

TEST_CASE("documents: the tutorial's code is the code that runs") {
  const std::string program = bare(content("tests/tutorial/test_tutorial.cpp"));
  const std::vector<std::string> blocks = cpp_paragraphs(content("docs/tutorial.md"));
  CHECK(blocks.size() >= 9);
  for (const std::string& block : blocks) {
    INFO(block);
    CHECK(program.find(bare(block)) != std::string::npos);
  }
}

TEST_CASE("documents: the README's code is the code that runs") {
  const std::string program = bare(content("tests/tutorial/test_readme.cpp")) +
                              bare(content("tests/tutorial/test_tutorial.cpp"));
  const std::vector<std::string> blocks = cpp_paragraphs(content("README.md"));
  CHECK(blocks.size() >= 4);
  for (const std::string& block : blocks) {
    INFO(block);
    CHECK(program.find(bare(block)) != std::string::npos);
  }
}
