// Streams of text pairs against the same pairs in memory.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include <kindling/data/text_batches.h>

#include "tests/data/some_pairs.h"
#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

constexpr std::int64_t count = 203;

// Pair i has the score i / 1024, by which it is known again.
std::vector<TextPair> numbered_pairs() {
  std::vector<TextPair> pairs = some_pairs(count);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].score = static_cast<float>(i) / 1024;
    pairs[i].first += i % 3 == 0 ? ",\n\"w1\"\r\n" : "";
    pairs[i].second += i % 2 == 0 ? " \u00e9" : "";
  }
  return pairs;
}

std::string csv(const std::vector<TextPair>& pairs) {
  std::string text = "first,second,score\n";
  for (const TextPair& pair : pairs) {
    std::string first;
    for (const char c : pair.first) first += c == '"' ? "\"\"" : std::string(1, c);
    text += fmt::format("\"{}\",{},{}\r\n", first, pair.second, pair.score);
  }
  return text;
}

std::vector<Batch> batches_of(const Dataset& data, std::int64_t epoch, std::int64_t first = 0) {
  std::vector<Batch> all;
  const Pass next = data.pass(epoch, first);
  while (std::optional<Batch> batch = next()) all.push_back(*batch);
  CHECK(!next());
  return all;
}

bool same_batch(const Batch& a, const Batch& b) {
  return a.inputs.size() == b.inputs.size() && std::ranges::equal(a.inputs, b.inputs, same_bits) &&
         same_bits(a.targets.at(0), b.targets.at(0));
}

std::vector<std::int64_t> numbers_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> all;
  for (const Batch& batch : batches) {
    for (const float score : batch.targets.at(0).floats()) {
      all.push_back(static_cast<std::int64_t>(score * 1024));
    }
  }
  return all;
}

std::int64_t cells(const std::vector<Batch>& batches) {
  std::int64_t total = 0;
  for (const Batch& batch : batches) {
    for (const Tensor& ids : batch.inputs) total += ids.elements();
  }
  return total;
}

// Each example is the pair that its score tells, cut to its ids.
void check_rows(const Batch& batch, const std::vector<TextPair>& pairs, const Vocabulary& known) {
  CHECK(batch.rows.empty());
  const std::vector<std::int64_t> numbers = numbers_of({batch});
  std::vector<std::vector<std::int32_t>> first, second;
  for (const std::int64_t i : numbers) {
    first.push_back(known.encode(pairs[static_cast<std::size_t>(i)].first));
    second.push_back(known.encode(pairs[static_cast<std::size_t>(i)].second));
  }
  CHECK(same_bits(batch.inputs.at(0), padded_ids(first)));
  CHECK(same_bits(batch.inputs.at(1), padded_ids(second)));
}

}  // namespace

TEST_CASE("A stream that is not shuffled has the batches of its file, in order") {
  const TemporaryFolder folder;
  const Vocabulary known = vocabulary();
  const std::string path = folder.write("pairs.csv", csv(numbered_pairs()));
  CHECK(read_pairs(path).size() == count);
  const Dataset stream = stream_pairs(path, known, {.batch_size = 10, .max_length = 7});
  CHECK(stream.size() == -1);
  CHECK(stream.batches(0) == -1);
  const Dataset memory = text_pairs(read_pairs(path), known,
                                    {.batch_size = 10, .max_length = 7, .bucket_batches = 1});
  for (const std::int64_t first : {0, 1, 20, 21, 99}) {
    const std::vector<Batch> expected = batches_of(memory, 0, first);
    CHECK(expected.size() == static_cast<std::size_t>(std::max<std::int64_t>(0, 21 - first)));
    CHECK(std::ranges::equal(batches_of(stream, 3, first), expected, same_batch));
  }
}

TEST_CASE("A shuffled stream goes over all pairs in each epoch, and can be taken up anywhere") {
  const TemporaryFolder folder;
  const Vocabulary known = vocabulary();
  const std::vector<TextPair> pairs = numbered_pairs();
  const std::string path = folder.write("pairs.csv", csv(pairs));
  const auto stream = [&](std::int64_t buffer, std::int64_t buckets, std::uint64_t seed) {
    return stream_pairs(path, known, {.batch_size = 8, .shuffle = true, .seed = seed,
                                      .bucket_batches = buckets, .buffer_size = buffer});
  };
  std::vector<std::int64_t> everything(count);
  for (std::int64_t i = 0; i < count; ++i) everything[static_cast<std::size_t>(i)] = i;
  for (const auto& [buffer, buckets] :
       {std::pair{8, 50}, {50, 1}, {50, 3}, {100, 1000}, {203, 5}, {100000, 50}}) {
    CAPTURE(buffer, buckets);
    const Dataset data = stream(buffer, buckets, 7);
    std::vector<std::int64_t> last;
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
      const std::vector<Batch> batches = batches_of(data, epoch);
      CHECK(batches.size() == 26);
      for (const Batch& batch : batches) check_rows(batch, pairs, known);
      std::vector<std::int64_t> order = numbers_of(batches);
      bool in_reach = true;
      for (std::size_t at = 0; at < order.size(); ++at) {
        in_reach = in_reach && order[at] < static_cast<std::int64_t>(at) + buffer;
      }
      CHECK(in_reach);
      CHECK(order != last);
      CHECK(order != numbers_of(batches_of(stream(buffer, buckets, 8), epoch)));
      last = order;
      std::ranges::sort(order);
      CHECK(order == everything);
    }
    const std::vector<Batch> whole = batches_of(stream(buffer, buckets, 7), 2);
    CHECK(numbers_of(whole) == last);
    for (std::size_t first = 0; first <= whole.size(); ++first) {
      CHECK(std::ranges::equal(batches_of(data, 2, static_cast<std::int64_t>(first)),
                               std::span(whole).subspan(first), same_batch));
    }
  }
  // Like lengths together.
  CHECK(cells(batches_of(stream(100, 12, 7), 0)) < cells(batches_of(stream(100, 1, 7), 0)) * 3 / 4);
}

TEST_CASE("A stream holds no more than its buffer") {
  std::int64_t given = 0, handed_out = 0;
  const auto endless = [&] { return [&] {
    return std::optional<TextPair>({fmt::format("w{}", given++ % 20), "w1 w2", 0});
  }; };
  for (const bool shuffle : {false, true}) {
    const Pass next = stream_pairs(endless, vocabulary(),
                                   {.batch_size = 8, .shuffle = shuffle, .bucket_batches = 4,
                                    .buffer_size = 90}).pass(0);
    given = handed_out = 0;
    for (int b = 0; b < 1000; ++b) {
      handed_out += next()->size();
      REQUIRE(given - handed_out <= (shuffle ? 90 - 8 : 0));
    }
  }

  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += fmt::format("\"{}\n\",w1,0.5\n", std::string(std::size_t{400}, 'w'));
  }
  const std::string path = folder.write("large.csv", "");
  {
    std::ofstream file(path);
    for (int i = 0; i < 400; ++i) file << text;  // 16 MB
  }
  const auto bytes = [] {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
  };
  const std::int64_t before = bytes();
  std::int64_t most = 0, pairs = 0;
  const Pass next = stream_pairs(path, vocabulary(), {.shuffle = true, .buffer_size = 100}).pass(0);
  while (const std::optional<Batch> batch = next()) {
    pairs += batch->size();
    most = std::max(most, bytes() - before);
  }
  CHECK(pairs == 40000);
  CHECK(most < 1'000'000);
}

TEST_CASE("A stream says what read_pairs says of a broken file") {
  const TemporaryFolder folder;
  const std::string long_line(std::size_t{70000}, 'a');
  for (const std::string& content : {
           std::string(), std::string("\n\n"), std::string("s,t,u\n"), std::string("a,b\n"),
           std::string("a,b,1\n\n\"c\nd\",e,2\n"), std::string("a,b,1\nc,\"d\n,1\n"),
           std::string("a,b,1\n\"c\"d,e,1\r\n"), std::string("a,b,1\n c \"d\",e,1\n"),
           std::string("a,b,1\n,d,1\n"), "a,b,1\n" + long_line + "\xc3,b,1\n",
           "a,b,1\n\"\n" + long_line + "\xc3\"", "a,b,1\n" + long_line + ",b,1e5\n"}) {
    const std::string path = folder.write("broken.csv", content);
    const std::string expected = message_of([&] { read_pairs(path); });
    CAPTURE(expected);
    CHECK(expected.starts_with(path + ":"));
    CHECK(message_of([&] { batches_of(stream_pairs(path, vocabulary()), 0); }) == expected);
  }
  // Characters across the border of any block.
  std::string accents(std::size_t{200000}, 'a');
  for (std::size_t i = 1; i + 1 < accents.size(); i += 2) accents.replace(i, 2, "\u00e9");
  for (const std::string shift : {"", "a"}) {
    const std::string path = folder.write("accents.csv", shift + accents + ",b,1\n");
    CHECK(read_pairs(path).at(0).first == shift + accents);
    folder.write("accents.csv", shift + accents + "\xa9,b,1\n");
    CHECK(message_of([&] { stream_pairs(path, vocabulary()).pass(0)(); }) ==
          fmt::format("{}:1: text is not UTF-8, byte 0xa9 at offset {} of the line", path,
                      shift.size() + accents.size()));
  }
  std::string unclosed = "a,b,1\nc,\"d,1\n";
  for (int i = 0; i < 18000; ++i) unclosed.append(std::size_t{1000}, 'w').append("\n");
  const std::string path = folder.write("unclosed.csv", unclosed);
  CHECK(message_of([&] { read_pairs(path); }) ==
        path + ":2: a quote opens here and does not close within 16777216 bytes");
}

TEST_CASE("A stream is of one file that stays as it is") {
  const TemporaryFolder folder;
  const auto path = folder.file("pairs.tsv");
  const auto write = [&] { folder.write("pairs.tsv", "w1\tw2\t1\nw3\tw4\t0\n"); };
  const auto stream = [&] { return stream_pairs(path, vocabulary(), {.batch_size = 1}); };
  const auto message = [](const Dataset& data) {
    return message_of([&] { batches_of(data, 0); });
  };
  CHECK(message_of(stream) == path + ": cannot be opened, No such file or directory");
  write();
  CHECK(message_of([&] { stream_pairs(path, vocabulary(), {}, {.score = "similarity"}); }) ==
        path + ":1: no column is named \"similarity\", the first line has \"w1\", \"w2\", \"1\"");
  const std::string changed = path + ": has changed since stream_pairs first read it";
  Dataset data = stream();
  CHECK(batches_of(data, 0).size() == 2);
  std::filesystem::last_write_time(
      path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
  CHECK(message(data) == changed);
  data = stream();
  const Pass pass = data.pass(0);
  pass();
  std::ofstream(path, std::ios::app) << "w5\tw6\t1\n";
  pass();
  CHECK(message_of([&] { while (pass()) {} }) == changed);
  CHECK(message(data) == changed);
  std::filesystem::remove(path);
  CHECK(message(data) == path + ": cannot be read again, No such file or directory");

  CHECK(message_of([&] { write(), stream_pairs(path, vocabulary(), {.batch_size = 0}); }) ==
        "stream_pairs: batch_size and bucket_batches are at least 1 and max_length at least 0, "
        "got 0, 50 and 0");
  CHECK(message_of([&] {
          stream_pairs(path, vocabulary(), {.shuffle = true, .buffer_size = 31});
        }) == "stream_pairs: buffer_size is at least batch_size, got 31 and 32");
}
