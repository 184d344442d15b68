// The pairs of wordnet.h: which are related, which part each belongs to, and what the unrelated
// ones are paired with.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <kindling/data/tokens.h>
#include <kindling/data/wordnet.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

using TextId = std::uint32_t;

// A synset's definition and its first hypernym's.
struct Example {
  TextId first, second;
};

// Equal definitions have one id, so that to compare and to look up is to compare numbers.
class Texts {
 public:
  explicit Texts(const std::vector<Synset>& synsets) {
    std::unordered_map<std::string_view, TextId> ids;
    for (const Synset& synset : synsets) {
      const auto [at, is_new] =
          ids.try_emplace(synset.definition, static_cast<TextId>(texts_.size()));
      if (is_new) {
        texts_.push_back(&synset.definition);
        usable_.push_back(!tokenize(synset.definition).empty());
      }
      of_synset_.push_back(at->second);
    }
  }

  std::size_t size() const { return texts_.size(); }
  TextId of(std::size_t synset) const { return of_synset_[synset]; }
  bool usable(TextId id) const { return usable_[id]; }
  const std::string& text(TextId id) const { return *texts_[id]; }

 private:
  std::vector<const std::string*> texts_;
  std::vector<bool> usable_;
  std::vector<TextId> of_synset_;
};

// For each text what must not stand beside it as unrelated: itself and all its hypernyms.
using Related = std::vector<std::vector<TextId>>;

bool unrelated(const Related& related, TextId first, TextId second) {
  const std::vector<TextId>& to = related[first];
  return std::find(to.begin(), to.end(), second) == to.end();
}

// The examples' second texts in another order, none of them beside a first that it is related to.
std::vector<TextId> unrelated_seconds(const std::vector<Example>& examples, const Related& related,
                                      Generator& generator) {
  const std::size_t n = examples.size();
  std::vector<TextId> seconds;
  seconds.reserve(n);
  for (const std::int64_t from : permutation(static_cast<std::int64_t>(n), generator)) {
    seconds.push_back(examples[static_cast<std::size_t>(from)].second);
  }
  // Where chance put a related one, it changes places with the next, from a random one on, that
  // does for both.
  for (std::size_t i = 0; i < n; ++i) {
    if (unrelated(related, examples[i].first, seconds[i])) continue;
    const auto start = static_cast<std::size_t>(generator.below(static_cast<std::int64_t>(n)));
    std::size_t tried = 0;
    for (; tried < n; ++tried) {
      const std::size_t j = (start + tried) % n;
      if (unrelated(related, examples[i].first, seconds[j]) &&
          unrelated(related, examples[j].first, seconds[i])) {
        std::swap(seconds[i], seconds[j]);
        break;
      }
    }
    if (tried == n) fail("wordnet_pairs: {} synsets are too few to find unrelated texts", n);
  }
  return seconds;
}

// Examples with equal first texts next to each other, these groups in random order.
std::vector<std::vector<Example>> shuffled_groups(const std::vector<Example>& examples,
                                                  std::size_t texts, Generator& generator) {
  constexpr auto none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> group_of(texts, none);
  std::vector<std::vector<Example>> groups;
  for (const Example& example : examples) {
    std::size_t& group = group_of[example.first];
    if (group == none) {
      group = groups.size();
      groups.emplace_back();
    }
    groups[group].push_back(example);
  }
  std::vector<std::vector<Example>> shuffled;
  for (const std::int64_t i : permutation(std::ssize(groups), generator)) {
    shuffled.push_back(std::move(groups[static_cast<std::size_t>(i)]));
  }
  return shuffled;
}

void check(const WordNetOptions& options) {
  const auto check_part = [](const char* name, std::int64_t pairs) {
    if (pairs < 0 || pairs % 2 != 0) {
      fail("wordnet_pairs: {} must be even and not negative, got {}", name, pairs);
    }
  };
  check_part("validation", options.validation);
  check_part("test", options.test);
}

}  // namespace

PairSplit wordnet_pairs(const std::string& folder, const WordNetOptions& options) {
  check(options);
  const std::vector<Synset> synsets = read_wordnet_nouns(folder);
  const Texts texts(synsets);

  std::vector<Example> examples;
  Related related(texts.size());
  for (std::size_t s = 0; s < synsets.size(); ++s) {
    if (synsets[s].hypernyms.empty()) continue;
    const TextId first = texts.of(s), second = texts.of(synsets[s].hypernyms.front().synset);
    related[first].push_back(first);
    for (const Hypernym& h : synsets[s].hypernyms) related[first].push_back(texts.of(h.synset));
    if (!texts.usable(first) || !texts.usable(second) || first == second) continue;
    examples.push_back({first, second});
  }

  // Test and validation take the groups that still fit, training all others.
  Generator generator(options.seed);
  std::vector<Example> train, validation, test;
  const auto wanted_validation = static_cast<std::size_t>(options.validation / 2);
  const auto wanted_test = static_cast<std::size_t>(options.test / 2);
  for (const auto& group : shuffled_groups(examples, texts.size(), generator)) {
    std::vector<Example>& part = test.size() + group.size() <= wanted_test ? test
                                 : validation.size() + group.size() <= wanted_validation
                                     ? validation
                                     : train;
    part.insert(part.end(), group.begin(), group.end());
  }
  if (test.size() != wanted_test || validation.size() != wanted_validation || train.empty()) {
    fail("wordnet_pairs: {} pairs for validation and {} for test leave none to train on, there are "
         "{}", options.validation, options.test, 2 * examples.size());
  }

  const auto pairs_of = [&](const std::vector<Example>& part) {
    const std::vector<TextId> seconds = unrelated_seconds(part, related, generator);
    std::vector<TextPair> pairs;
    pairs.reserve(2 * part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::string& first = texts.text(part[i].first);
      pairs.push_back({.first = first, .second = texts.text(part[i].second), .score = 1});
      pairs.push_back({.first = first, .second = texts.text(seconds[i]), .score = 0});
    }
    return pairs;
  };
  // One after the other, for each moves the generator on.
  PairSplit split;
  split.train = pairs_of(train);
  split.validation = pairs_of(validation);
  split.test = pairs_of(test);
  return split;
}

}  // namespace kindling
