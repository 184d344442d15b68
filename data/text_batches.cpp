#include <kindling/data/text_batches.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <numeric>
#include <optional>
#include <string_view>
#include <system_error>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

using Ids = std::vector<std::int32_t>;

// What examples consist of, and what messages call them.
struct Form {
  const char *who, *noun;
  std::size_t texts;
  DType target;  // float32 as a column, int32 as a row
};

struct Example {
  std::vector<Ids> texts;
  double target;  // both types fit in
};

class Encoder {
 public:
  Encoder(const Form& form, const Vocabulary& vocabulary, const TextBatchOptions& options)
      : form_(form), vocabulary_(vocabulary), max_length_(options.max_length) {
    if (options.batch_size < 1 || options.bucket_batches < 1 || options.max_length < 0) {
      fail("{}: batch_size and bucket_batches are at least 1 and max_length at least 0, "
           "got {}, {} and {}", form.who, options.batch_size, options.bucket_batches,
           options.max_length);
    }
  }

  Example operator()(const TextPair& pair) {
    return encode({pair.first, pair.second}, pair.score);
  }

  Example operator()(const std::pair<std::string, std::int64_t>& text) {
    if (!std::in_range<std::int32_t>(text.second)) {
      fail("{}: {} {} has class {}, an int32 is needed", form_.who, form_.noun, count_,
           text.second);
    }
    return encode({text.first}, static_cast<double>(text.second));
  }

 private:
  Example encode(std::initializer_list<std::string_view> texts, double target) {
    Example example{{}, target};
    for (const std::string_view text : texts) {
      Ids ids = vocabulary_.encode(text);
      if (ids.empty()) {
        fail("{}: {} {} has a text without words, \"{}\"", form_.who, form_.noun, count_, text);
      }
      if (max_length_ > 0 && std::ssize(ids) > max_length_) {
        ids.resize(static_cast<std::size_t>(max_length_));
      }
      example.texts.push_back(std::move(ids));
    }
    ++count_;
    return example;
  }

  Form form_;
  const Vocabulary& vocabulary_;
  std::int64_t max_length_, count_ = 0;
};

class TextRows : public IndexedDatasetImpl {
 public:
  TextRows(const Form& form, std::vector<Example> examples, const TextBatchOptions& options)
      : form_(form), examples_(std::move(examples)), options_(options) {}

  std::int64_t size() const override { return std::ssize(examples_); }

  BatchPlan plan(std::int64_t epoch) const override {
    Generator generator(options_.seed, static_cast<std::uint64_t>(epoch) << 40);
    std::vector<std::int64_t> order(examples_.size());
    std::iota(order.begin(), order.end(), 0);
    if (options_.shuffle) order = permutation(size(), generator);
    const bool whole =
        !options_.shuffle || options_.bucket_batches > size() / options_.batch_size;
    const std::int64_t window = whole ? size() : options_.bucket_batches * options_.batch_size;
    for (std::int64_t at = 0; options_.bucket_batches > 1 && at < size(); at += window) {
      // Padding goes by the longest text on either side; ties stay in order.
      std::stable_sort(order.begin() + at, order.begin() + std::min(size(), at + window),
                       [&](std::int64_t a, std::int64_t b) { return lengths(a) < lengths(b); });
    }
    const BatchPlan sorted = chop(order, options_.batch_size);
    if (!options_.shuffle) return sorted;
    BatchPlan shuffled;
    for (const std::int64_t b : permutation(std::ssize(sorted), generator)) {
      shuffled.push_back(sorted[static_cast<std::size_t>(b)]);
    }
    return shuffled;
  }

  Batch batch(const std::vector<std::int64_t>& rows) const override {
    const std::int64_t n = std::ssize(rows);
    const bool column = form_.target == DType::float32;
    Batch batch{{}, {Tensor::empty(column ? Shape{n, 1} : Shape{n}, form_.target)}};
    for (std::size_t side = 0; side < form_.texts; ++side) {
      std::vector<Ids> ids;
      for (const std::int64_t row : rows) ids.push_back(example(row).texts[side]);
      batch.inputs.push_back(padded_ids(ids));
    }
    const auto set = [&]<class T>(std::span<T> targets) {
      std::ranges::transform(rows, targets.begin(), [&](std::int64_t row) {
        return static_cast<T>(example(row).target);
      });
    };
    column ? set(batch.targets[0].mutable_floats()) : set(batch.targets[0].mutable_ints());
    return batch;
  }

 private:
  const Example& example(std::int64_t row) const {
    return examples_[static_cast<std::size_t>(row)];
  }

  std::pair<std::size_t, std::size_t> lengths(std::int64_t row) const {
    const std::vector<Ids>& texts = example(row).texts;
    std::size_t all = 0;
    for (const Ids& ids : texts) all += ids.size();
    return {all, texts[0].size()};
  }

  Form form_;
  std::vector<Example> examples_;
  TextBatchOptions options_;
};

template <class Text>
Dataset text_rows(const Form& form, const std::vector<Text>& texts, const Vocabulary& vocabulary,
                  const TextBatchOptions& options) {
  Encoder encode(form, vocabulary, options);
  std::vector<Example> examples;
  for (const Text& text : texts) examples.push_back(encode(text));
  return Dataset(std::make_shared<TextRows>(form, std::move(examples), options));
}

constexpr Form pairs_in_memory = {"text_pairs", "pair", 2, DType::float32};
constexpr Form streamed_pairs = {"stream_pairs", "pair", 2, DType::float32};
constexpr Form classes = {"text_classes", "example", 1, DType::int32};

// What it draws from its buffer are rows in memory for as long as their batches last.
class TextStream : public DatasetImpl {
 public:
  TextStream(std::function<PairReader()> open, const Vocabulary& vocabulary,
             const TextBatchOptions& options)
      : open_(std::move(open)), vocabulary_(vocabulary), options_(options) {
    if (!open_) fail("stream_pairs: a function that opens the pairs is needed, got an empty one");
    Encoder(streamed_pairs, vocabulary, options);  // checks the options
    if (!options.shuffle) {
      options_.bucket_batches = 1;
      options_.buffer_size = options.batch_size;
    }
    if (options_.buffer_size < options.batch_size) {
      fail("stream_pairs: buffer_size is at least batch_size, got {} and {}", options.buffer_size,
           options.batch_size);
    }
    window_ = options.batch_size *
              std::min(options_.bucket_batches, options_.buffer_size / options.batch_size);
  }

  std::int64_t size() const override { return -1; }
  std::int64_t batches(std::int64_t) const override { return -1; }

  Pass pass(std::int64_t epoch, std::int64_t first_batch) const override {
    return [this, next = open_(), encode = Encoder(streamed_pairs, vocabulary_, options_),
            random = Generator(options_.seed, static_cast<std::uint64_t>(epoch) << 40),
            buffer = std::vector<Example>(), window = Pass(), skip = first_batch]() mutable {
      for (;;) {
        if (window) {
          if (std::optional<Batch> batch = window()) {
            batch->rows.clear();  // they are those of the window
            return batch;
          }
        }
        window = nullptr;  // before there are more
        while (std::ssize(buffer) < options_.buffer_size) {
          const std::optional<TextPair> pair = next();
          if (!pair) break;
          buffer.push_back(encode(*pair));
        }
        if (buffer.empty()) return std::optional<Batch>();
        std::vector<Example> drawn = draw(buffer, random);
        TextBatchOptions options = options_;
        options.seed = random.next();
        const std::int64_t batches = (std::ssize(drawn) - 1) / options_.batch_size + 1;
        if (skip < batches) {
          const auto rows =
              std::make_shared<TextRows>(streamed_pairs, std::move(drawn), options);
          window = Dataset(rows).pass(0, skip);
        }
        skip = std::max<std::int64_t>(0, skip - batches);
      }
    };
  }

 private:
  // Takes a window of examples out of the buffer.
  std::vector<Example> draw(std::vector<Example>& buffer, Generator& random) const {
    const auto kept = buffer.end() - std::min<std::ptrdiff_t>(window_, std::ssize(buffer));
    for (auto end = buffer.end(); options_.shuffle && end != kept; --end) {
      std::iter_swap(end - 1, buffer.begin() + random.below(end - buffer.begin()));
    }
    std::vector<Example> drawn(std::make_move_iterator(kept),
                               std::make_move_iterator(buffer.end()));
    buffer.erase(kept, buffer.end());
    return drawn;
  }

  std::function<PairReader()> open_;
  Vocabulary vocabulary_;
  TextBatchOptions options_;
  std::int64_t window_;  // examples
};

// What tells a file from one that was changed.
using FileState = std::pair<std::uintmax_t, std::filesystem::file_time_type>;

FileState state_of(const std::string& path) {
  std::error_code error;
  FileState state;
  state.first = std::filesystem::file_size(path, error);
  if (!error) state.second = std::filesystem::last_write_time(path, error);
  if (error) fail("{}: cannot be read again, {}", path, error.message());
  return state;
}

}  // namespace

Dataset text_pairs(const std::vector<TextPair>& pairs, const Vocabulary& vocabulary,
                   const TextBatchOptions& options) {
  return text_rows(pairs_in_memory, pairs, vocabulary, options);
}

Dataset text_classes(const std::vector<std::pair<std::string, std::int64_t>>& texts,
                     const Vocabulary& vocabulary, const TextBatchOptions& options) {
  return text_rows(classes, texts, vocabulary, options);
}

Dataset stream_pairs(std::function<PairReader()> open, const Vocabulary& vocabulary,
                     const TextBatchOptions& options) {
  return Dataset(std::make_shared<TextStream>(std::move(open), vocabulary, options));
}

Dataset stream_pairs(const std::string& path, const Vocabulary& vocabulary,
                     const TextBatchOptions& options, const PairColumns& columns) {
  open_pairs(path, columns);  // what is wrong with the columns shows at once
  const auto check = [path, before = state_of(path)] {
    if (state_of(path) != before) fail("{}: has changed since stream_pairs first read it", path);
  };
  const auto open = [path, columns, check]() -> PairReader {
    check();
    return [next = open_pairs(path, columns), check] {
      std::optional<TextPair> pair = next();
      if (!pair) check();
      return pair;
    };
  };
  return stream_pairs(open, vocabulary, options);
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
