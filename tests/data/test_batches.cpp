// Datasets: which examples make each batch, and what a batch holds.
#include <algorithm>
#include <limits>
#include <numeric>

#include <kindling/data/dataset.h>
#include <kindling/data/text_batches.h>
#include <kindling/tensor/random.h>

#include "tests/data/some_pairs.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

using Rows = std::vector<std::int64_t>;

Rows flat(const BatchPlan& plan) {
  Rows all;
  for (const Rows& rows : plan) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

Rows counted(std::int64_t n) {
  Rows rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<std::size_t> sizes(const BatchPlan& plan) {
  std::vector<std::size_t> all;
  for (const Rows& rows : plan) all.push_back(rows.size());
  return all;
}

void check_covers(const BatchPlan& plan, std::int64_t examples) {
  Rows rows = flat(plan);
  std::ranges::sort(rows);
  CHECK(rows == counted(examples));
}

Dataset hundred_rows(const BatchOptions& options) {
  return from_tensors({arange(103)}, cast(arange(103), DType::float32), options);
}

std::int64_t cells(const Dataset& data) {
  std::int64_t total = 0;
  for (const Rows& rows : data.plan(0)) {
    for (const Tensor& ids : data.batch(rows).inputs) total += ids.elements();
  }
  return total;
}

// No number is padding but behind the end of a text, and each row is its text.
void check_texts(const Dataset& data, const std::vector<TextPair>& pairs, const Vocabulary& words,
                 std::size_t max_length) {
  for (const Rows& rows : data.plan(0)) {
    const Batch batch = data.batch(rows);
    REQUIRE(batch.inputs.size() == 2);
    CHECK(batch.targets[0].shape() == Shape{static_cast<std::int64_t>(rows.size()), 1});
    CHECK(batch.sample_weights.empty());
    for (std::size_t side = 0; side < 2; ++side) {
      const Tensor& ids = batch.inputs[side];
      const auto steps = static_cast<std::size_t>(ids.size(1));
      std::size_t longest = 0;
      bool right = ids.dtype() == DType::int32;
      for (std::size_t r = 0; r < rows.size(); ++r) {
        const TextPair& pair = pairs[static_cast<std::size_t>(rows[r])];
        std::vector<std::int32_t> want = words.encode(side == 0 ? pair.first : pair.second);
        want.resize(std::min(want.size(), max_length));
        longest = std::max(longest, want.size());
        want.resize(steps, 0);
        right = right && std::ranges::equal(want, ids.ints().subspan(r * steps, steps));
        right = right && batch.targets[0].floats()[r] == pair.score;
      }
      CHECK(right);
      CHECK(steps == longest);
    }
  }
}

}  // namespace

TEST_CASE("Rows of tensors come in order, or shuffled by seed and epoch") {
  const Dataset plain = hundred_rows({.batch_size = 25});
  CHECK(plain.size() == 103);
  CHECK(flat(plain.plan(0)) == counted(103));
  CHECK(sizes(plain.plan(0)) == std::vector<std::size_t>{25, 25, 25, 25, 3});
  CHECK(plain.plan(0) == plain.plan(7));

  const Dataset shuffled = hundred_rows({.batch_size = 25, .shuffle = true, .seed = 5});
  const Dataset twin = hundred_rows({.batch_size = 25, .shuffle = true, .seed = 5});
  const Dataset other = hundred_rows({.batch_size = 25, .shuffle = true, .seed = 6});
  for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
    check_covers(shuffled.plan(epoch), 103);
    CHECK(sizes(shuffled.plan(epoch)) == sizes(plain.plan(0)));
    CHECK(shuffled.plan(epoch) == twin.plan(epoch));
    CHECK(shuffled.plan(epoch) != shuffled.plan(epoch + 1));
    CHECK(shuffled.plan(epoch) != other.plan(epoch));
  }
  CHECK(shuffled.plan(0) == twin.plan(0));  // whatever was asked for in between
  CHECK(flat(shuffled.plan(0)) != counted(103));
}

TEST_CASE("A batch holds its rows of every tensor, of every type") {
  const Tensor x = normals({5, 2, 3}, 1), ids = arange(5), mask = coins({5, 4}, 2);
  const Dataset data = from_tensors({x, ids, mask}, normals({5, 1}, 3));
  const Batch batch = data.batch({3, 0, 3});
  REQUIRE(batch.inputs.size() == 3);
  CHECK(batch.inputs[0].shape() == Shape{3, 2, 3});
  CHECK(std::ranges::equal(batch.inputs[0].floats().first(6), x.floats().subspan(18, 6)));
  CHECK(std::ranges::equal(batch.inputs[0].floats().subspan(6, 6), x.floats().first(6)));
  CHECK(same_bits(batch.inputs[1], tensor({3, 0, 3})));
  CHECK(batch.inputs[2].dtype() == DType::boolean);
  CHECK(std::ranges::equal(batch.inputs[2].bools().last(4), mask.bools().subspan(12, 4)));
  CHECK(batch.targets[0].shape() == Shape{3, 1});
  CHECK(from_tensors({x}, Tensor()).batch({0}).targets.empty());
  CHECK(from_tensors({zeros({0, 3})}, Tensor()).plan(0).empty());
}

TEST_CASE("Rows of tensors: what doesn't fit is refused") {
  const Tensor x = zeros({4, 2});
  CHECK(message_of([&] { from_tensors({}, x); }) == "from_tensors: at least one input is needed");
  CHECK(message_of([&] { from_tensors({x}, x, {.batch_size = 0}); }) ==
        "from_tensors: batch_size is at least 1, got 0");
  CHECK(message_of([&] { from_tensors({x, zeros({3, 2})}, x); }) ==
        "from_tensors: all tensors need as many rows as the first, got (4, 2) and (3, 2)");
  CHECK(message_of([&] { from_tensors({x}, zeros({5})); }) ==
        "from_tensors: all tensors need as many rows as the first, got (4, 2) and (5,)");
  CHECK(message_of([&] { from_tensors({scalar(1)}, x); }) ==
        "from_tensors: all tensors need as many rows as the first, got () and ()");
  const Dataset data = from_tensors({x}, x);
  CHECK(message_of([&] { data.batch({0, 4}); }) == "Dataset: row 4 is outside [0, 4)");
  CHECK(message_of([&] { data.batch({-1}); }) == "Dataset: row -1 is outside [0, 4)");
}

TEST_CASE("Text pairs are padded to the longest of their batch") {
  const std::vector<TextPair> pairs = some_pairs(203);
  const Vocabulary known = vocabulary();
  for (const bool shuffle : {false, true}) {
    const Dataset data = text_pairs(pairs, known, {.batch_size = 16, .shuffle = shuffle});
    CHECK(data.size() == 203);
    check_texts(data, pairs, known, 1000);
  }
  check_texts(text_pairs(pairs, known, {.max_length = 7}), pairs, known, 7);
  const std::vector<TextPair> unknown = {{"w1 elephant", "w2 w3 w4", 0.25f}};
  const Batch batch = text_pairs(unknown, known).batch({0});
  CHECK(same_bits(batch.inputs[0], tensor({{3, 1}})));
  CHECK(same_bits(batch.inputs[1], tensor({{4, 5, 6}})));
  CHECK(same_bits(batch.targets[0], full({1, 1}, 0.25)));
  CHECK(same_bits(padded_ids({{5}, {}, {7, 8}}), tensor({{5, 0}, {0, 0}, {7, 8}})));
}

TEST_CASE("Plans of text pairs depend on seed and epoch") {
  const std::vector<TextPair> pairs = some_pairs(203);
  const Vocabulary known = vocabulary();
  const auto plan = [&](std::uint64_t seed, std::int64_t buckets, std::int64_t epoch) {
    return text_pairs(pairs, known, {.batch_size = 16, .shuffle = true, .seed = seed,
                                     .bucket_batches = buckets}).plan(epoch);
  };
  for (const std::int64_t buckets : {std::int64_t{1}, std::int64_t{4}, std::int64_t{50},
                                     std::numeric_limits<std::int64_t>::max()}) {
    CAPTURE(buckets);
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
      check_covers(plan(7, buckets, epoch), 203);
      CHECK(plan(7, buckets, epoch) == plan(7, buckets, epoch));
      CHECK(plan(7, buckets, epoch) != plan(7, buckets, epoch + 1));
      CHECK(plan(7, buckets, epoch) != plan(8, buckets, epoch));
    }
  }
  const Dataset plain = text_pairs(pairs, known, {.batch_size = 16});
  check_covers(plain.plan(0), 203);
  CHECK(plain.plan(0) == plain.plan(1));
  const Dataset one = text_pairs(pairs, known,
                                 {.batch_size = std::numeric_limits<std::int64_t>::max()});
  CHECK(one.plan(0).size() == 1);
}

TEST_CASE("Buckets save padding") {
  const std::vector<TextPair> pairs = some_pairs(2000);
  const Vocabulary known = vocabulary();
  const auto shuffled = [&](std::int64_t buckets) {
    return cells(text_pairs(pairs, known, {.shuffle = true, .bucket_batches = buckets}));
  };
  std::int64_t tokens = 0;
  for (const TextPair& pair : pairs) {
    tokens += std::ssize(known.encode(pair.first)) + std::ssize(known.encode(pair.second));
  }
  const std::int64_t none = shuffled(1), few = shuffled(8), many = shuffled(100);
  const std::int64_t sorted = cells(text_pairs(pairs, known));
  CAPTURE(tokens, none, few, many, sorted);
  CHECK(tokens < sorted);
  CHECK(few < none * 3 / 4);
  CHECK(many < few);
  CHECK(sorted <= many);
}

TEST_CASE("Text pairs: what doesn't fit is refused") {
  const Vocabulary known = vocabulary();
  const std::vector<TextPair> pairs = {{"w1", "w2", 1}, {"w1", " ?! ", 0}};
  CHECK(message_of([&] { text_pairs(pairs, known); }) ==
        "text_pairs: pair 1 has a text without words, \" ?! \"");
  CHECK(message_of([&] { text_pairs({{"", "w1", 1}}, known); }) ==
        "text_pairs: pair 0 has a text without words, \"\"");
  const std::string refused =
      "text_pairs: batch_size and bucket_batches are at least 1 and max_length at least 0, got ";
  CHECK(message_of([&] { text_pairs({}, known, {.batch_size = 0}); }) == refused + "0, 50 and 0");
  CHECK(message_of([&] { text_pairs({}, known, {.max_length = -1}); }) ==
        refused + "32, 50 and -1");
  CHECK(message_of([&] { text_pairs({}, known, {.bucket_batches = 0}); }) ==
        refused + "32, 0 and 0");
  CHECK(text_pairs({}, known).size() == 0);
  CHECK(text_pairs({}, known, {.shuffle = true}).plan(0).empty());
}

TEST_CASE("Texts with a class each") {
  const std::vector<std::pair<std::string, std::int64_t>> texts = {
      {"w1 w2 w3", 4}, {"w4", -1}, {"w5 elephant", 25}};
  const Dataset data = text_classes(texts, vocabulary(), {.batch_size = 2, .max_length = 2});
  CHECK(data.size() == 3);
  CHECK(data.plan(0) == BatchPlan{{1, 0}, {2}});
  const Batch batch = data.batch({2, 1, 0});
  REQUIRE(batch.inputs.size() == 1);
  CHECK(same_bits(batch.inputs[0], tensor({{7, 1}, {6, 0}, {3, 4}})));
  CHECK(same_bits(batch.targets.at(0), tensor({25, -1, 4})));
  CHECK(message_of([] { text_classes({{"w1", 0}, {"...", 1}}, vocabulary()); }) ==
        "text_classes: example 1 has a text without words, \"...\"");
  CHECK(message_of([] { text_classes({{"w1", std::int64_t{1} << 31}}, vocabulary()); }) ==
        "text_classes: example 0 has class 2147483648, an int32 is needed");
  CHECK(message_of([] { text_classes({}, vocabulary(), {.batch_size = 0}); }).starts_with(
      "text_classes: batch_size"));
}
