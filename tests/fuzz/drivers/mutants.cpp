// Runs a target on its corpus, and on as many mutants of it as it is told. The same sequence each
// time: a test must not fail by chance. libFuzzer sees which code an input reaches; here an input
// is kept, to be changed further, if what it is refused with was not said before.
//   fuzz_mutants NAME COUNT CORPUS [WORDS.dict]
// An input that ends the program is written to NAME-finding, which
//   fuzz_mutants NAME 0 FOLDER
// runs again when it lies in FOLDER.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "tests/fuzz/fuzz.h"

namespace {

using Inputs = std::vector<std::string>;

const std::string* running = nullptr;
char finding[256];
constexpr unsigned most_seconds = 10;  // of an input, as scripts/fuzz has it

extern "C" void write_finding(int signal) {
  const int file = ::open(finding, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const bool written = running != nullptr && file >= 0 &&
                       ::write(file, running->data(), running->size()) >= 0;
  std::fprintf(stderr, "%s: signal %d; the input %s\n", finding, signal,
               written ? "is in that file" : "could not be written");
  ::_exit(1);
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Inputs corpus_in(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path());
  Inputs inputs;
  for (const auto& path : paths) inputs.push_back(content_of(path));
  return inputs;
}

// libFuzzer's dictionaries: a word a line, in quotes, with \" \\ and \xAB.
Inputs words_in(const char* path) {
  Inputs words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('"')) continue;
    std::string word;
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      if (line[i] != '\\') {
        word += line[i];
      } else if (line[++i] == 'x') {
        word += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        word += line[i];
      }
    }
    words.push_back(word);
  }
  return words;
}

class Mutator {
 public:
  explicit Mutator(Inputs words) : words_(std::move(words)) {}

  std::string mutant(const Inputs& pool) {
    std::string input = pool[below(pool.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input, pool);
    return input;
  }

 private:
  std::size_t below(std::size_t n) { return engine_() % n; }  // the same in every library

  void change(std::string& input, const Inputs& pool) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t left = input.size() - at, some = std::min(left, 1 + below(16));
    switch (below(9)) {
      case 0:
        if (left > 0) input[at] = static_cast<char>(engine_());
        break;
      case 1:
        if (left > 0) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 2:
        input.erase(at, some);
        break;
      case 3:
        input.insert(at, 1 + below(16), static_cast<char>(engine_()));
        break;
      case 4:
        input.resize(at);
        break;
      case 5: {  // a number of 1, 2, 4 or 8 bytes: at an edge, or close to what it was
        const std::size_t bytes = std::min<std::size_t>(std::size_t{1} << below(4), left);
        std::uint64_t number = 0;
        std::memcpy(&number, input.data() + at, bytes);
        const std::uint64_t edges[] = {0, ~0ull, ~0ull >> 1, 1ull << ((8 * bytes - 1) & 63)};
        number = below(2) == 0 ? edges[below(4)] : number + below(9) - 4;
        std::memcpy(input.data() + at, &number, bytes);
        break;
      }
      case 6: {  // another number in text
        const std::size_t digit = input.find_first_of("0123456789", at);
        const char* const numbers[] = {"-1", "0", "1e999", "NaN", "4294967296", "1.5",
                                       "9223372036854775808", "2147483647", "null"};
        if (digit != input.npos) input.replace(digit, 1, numbers[below(std::size(numbers))]);
        break;
      }
      case 7: {  // a piece of another
        const std::string& other = pool[below(pool.size())];
        const std::size_t from = below(other.size() + 1);
        input.replace(at, below(2) == 0 ? 0 : some, other.substr(from, 1 + below(64)));
        break;
      }
      default:
        if (!words_.empty()) input.insert(at, words_[below(words_.size())]);
    }
  }

  Inputs words_;
  std::mt19937_64 engine_;
};

// What a refusal says, without its numbers and quotations.
std::string kind_of(const std::string& refusal) {
  std::string kind;
  bool quoted = false;
  for (std::size_t i = 0; i < refusal.size(); ++i) {
    const char c = refusal[i];
    if (c == '"') quoted = !quoted;
    if (c == '\\' && quoted) ++i;
    if (!quoted && (c < '0' || c > '9')) kind += c;
  }
  return kind;
}

}  // namespace

int main(int count, char** arguments) {
  const auto found = std::ranges::find_if(fuzz::Target::all(), [&](const fuzz::Target* target) {
    return count >= 4 && target->name == arguments[1];
  });
  if (found == fuzz::Target::all().end()) {
    std::fprintf(stderr, "usage: fuzz_mutants NAME COUNT CORPUS [WORDS.dict]\n");
    return 2;
  }
  std::snprintf(finding, sizeof finding, "%s-finding", arguments[1]);
  std::signal(SIGABRT, write_finding);
  std::signal(SIGALRM, write_finding);

  Inputs pool = corpus_in(arguments[3]);
  std::size_t most_bytes = 4096, most_inputs = pool.size() + 1000;
  for (const std::string& input : pool) most_bytes = std::max(most_bytes, input.size());
  std::set<std::string> kinds;
  const auto run = [&](const std::string& input) {
    running = &input;
    fuzz::last_refusal().clear();
    ::alarm(most_seconds);
    (*found)->run(input);
    ::alarm(0);
    return kinds.insert(kind_of(fuzz::last_refusal())).second;
  };
  for (const std::string& input : pool) run(input);
  Mutator mutator(count > 4 ? words_in(arguments[4]) : Inputs());
  const unsigned long mutants = pool.empty() ? 0 : std::stoul(arguments[2]);
  for (unsigned long i = 0; i < mutants; ++i) {
    std::string input = mutator.mutant(pool);
    if (input.size() > most_bytes) input.resize(most_bytes);
    if (run(input) && pool.size() < most_inputs) pool.push_back(std::move(input));
  }
  std::printf("%s: %lu mutants, %zu kinds of refusals\n", arguments[1], mutants, kinds.size());
  return pool.empty() ? 1 : 0;
}
