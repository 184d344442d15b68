// wordnet_pairs FOLDER: writes the pairs of the demo as train.tsv and validation.tsv, for
// benchmarks/text_similarity_torch.py.
#include <fmt/format.h>

#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <kindling/data/wordnet.h>

namespace {

void write(const std::string& path, const std::vector<kindling::TextPair>& pairs) {
  std::ofstream file(path);
  for (const kindling::TextPair& pair : pairs) {
    file << fmt::format("{}\t{}\t{}\n", pair.first, pair.second, pair.score);
  }
  if (!file.flush()) throw std::runtime_error(path + " can't be written");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: wordnet_pairs FOLDER\n");
    return 2;
  }
  try {
    const kindling::PairSplit pairs = kindling::wordnet_pairs();
    const std::string folder = argv[1];
    write(folder + "/train.tsv", pairs.train);
    write(folder + "/validation.tsv", pairs.validation);
  } catch (const std::exception& error) {
    fmt::print(stderr, "wordnet_pairs: {}\n", error.what());
    return 1;
  }
}
