#include <kindling/data/text_batches.h>

#include <algorithm>
#include <numeric>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

using Ids = std::vector<std::int32_t>;

class TextPairs : public IndexedDatasetImpl {
 public:
  TextPairs(const std::vector<TextPair>& pairs, const Vocabulary& vocabulary,
            const TextPairOptions& options)
      : options_(options) {
    if (options.batch_size < 1 || options.bucket_batches < 1 || options.max_length < 0) {
      fail("text_pairs: batch_size and bucket_batches are at least 1 and max_length at least 0, "
           "got {}, {} and {}", options.batch_size, options.bucket_batches, options.max_length);
    }
    for (const TextPair& pair : pairs) {
      first_.push_back(encode(vocabulary, pair.first));
      second_.push_back(encode(vocabulary, pair.second));
      scores_.push_back(pair.score);
    }
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(scores_.size()); }

  BatchPlan plan(std::int64_t epoch) const override {
    if (!options_.shuffle) {
      std::vector<std::int64_t> order(scores_.size());
      std::iota(order.begin(), order.end(), 0);
      sort_by_length(order.begin(), order.end());
      return chop(order, options_.batch_size);
    }
    Generator generator(options_.seed, static_cast<std::uint64_t>(epoch) << 40);
    std::vector<std::int64_t> order = permutation(size(), generator);
    const bool whole = options_.bucket_batches > size() / options_.batch_size;
    const std::int64_t window = whole ? size() : options_.bucket_batches * options_.batch_size;
    for (std::int64_t at = 0; options_.bucket_batches > 1 && at < size(); at += window) {
      sort_by_length(order.begin() + at, order.begin() + std::min(size(), at + window));
    }
    const BatchPlan sorted = chop(order, options_.batch_size);
    BatchPlan shuffled;
    for (const std::int64_t b : permutation(static_cast<std::int64_t>(sorted.size()), generator)) {
      shuffled.push_back(sorted[static_cast<std::size_t>(b)]);
    }
    return shuffled;
  }

  Batch batch(const std::vector<std::int64_t>& rows) const override {
    std::vector<Ids> first, second;
    Tensor target = Tensor::empty({static_cast<std::int64_t>(rows.size()), 1});
    auto score = target.mutable_floats().begin();
    for (const std::int64_t row : rows) {
      const auto r = static_cast<std::size_t>(row);
      first.push_back(first_[r]);
      second.push_back(second_[r]);
      *score++ = scores_[r];
    }
    return {{padded_ids(first), padded_ids(second)}, {target}};
  }

 private:
  Ids encode(const Vocabulary& vocabulary, const std::string& text) const {
    Ids ids = vocabulary.encode(text);
    if (ids.empty()) {
      fail("text_pairs: pair {} has a text without words, \"{}\"", scores_.size(), text);
    }
    if (options_.max_length > 0 && static_cast<std::int64_t>(ids.size()) > options_.max_length) {
      ids.resize(static_cast<std::size_t>(options_.max_length));
    }
    return ids;
  }

  void sort_by_length(std::vector<std::int64_t>::iterator begin,
                      std::vector<std::int64_t>::iterator end) const {
    // Padding goes by the longest text on either side; ties stay in order.
    std::stable_sort(begin, end, [&](std::int64_t a, std::int64_t b) {
      return lengths(a) < lengths(b);
    });
  }

  std::pair<std::size_t, std::size_t> lengths(std::int64_t row) const {
    const auto r = static_cast<std::size_t>(row);
    const std::size_t a = first_[r].size(), b = second_[r].size();
    return {a + b, a};
  }

  std::vector<Ids> first_, second_;
  std::vector<float> scores_;
  TextPairOptions options_;
};

}  // namespace

Dataset text_pairs(const std::vector<TextPair>& pairs, const Vocabulary& vocabulary,
                   const TextPairOptions& options) {
  return Dataset(std::make_shared<TextPairs>(pairs, vocabulary, options));
}

Tensor padded_ids(const std::vector<Ids>& rows) {
  std::size_t longest = 0;
  for (const Ids& row : rows) longest = std::max(longest, row.size());
  Tensor ids = Tensor::empty({static_cast<std::int64_t>(rows.size()),
                              static_cast<std::int64_t>(longest)}, DType::int32);
  auto out = ids.mutable_ints();
  std::ranges::fill(out, Vocabulary::padding);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(rows[i], out.begin() + static_cast<std::ptrdiff_t>(i * longest));
  }
  return ids;
}

}  // namespace kindling
