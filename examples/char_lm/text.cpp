#include "text.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <kindling/data/text_file.h>

namespace char_lm {

using namespace kindling;

namespace {

std::vector<std::string> licences() {
  const std::filesystem::path folder = "/usr/share/common-licenses";
  std::vector<std::string> files;
  if (!std::filesystem::is_directory(folder)) {
    throw Error(folder.string() + ": is not there; --text FILE says what to learn");
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_symlink()) files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> characters(std::string_view utf8) {
  std::vector<std::string> characters;
  for (const char byte : utf8) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
    if (!continues) characters.emplace_back();
    characters.back() += byte;
  }
  return characters;
}

// Windows that start at the given characters. `context` targets of each are not scored.
Batch windows(const std::vector<std::int32_t>& ids, const std::vector<std::int64_t>& starts,
              std::int64_t length, std::int64_t context) {
  const Shape shape = {std::ssize(starts), length};
  Batch batch{.inputs = {Tensor::empty(shape, DType::int32)},
              .targets = {Tensor::empty(shape, DType::int32)}};
  auto input = batch.inputs[0].mutable_ints().begin();
  auto target = batch.targets[0].mutable_ints().begin();
  for (const std::int64_t start : starts) {
    const auto from = ids.begin() + start;
    input = std::copy_n(from, length, input);
    target = std::fill_n(target, context, not_scored);
    target = std::copy(from + 1 + context, from + 1 + length, target);
  }
  return batch;
}

}  // namespace

Text::Text(std::string utf8) : utf8_(std::move(utf8)) {
  const std::vector<std::string> all = characters(utf8_);
  alphabet_ = all;
  std::ranges::sort(alphabet_);
  alphabet_.erase(std::ranges::unique(alphabet_).begin(), alphabet_.end());
  starts_ = {0};
  for (const std::string& character : all) starts_.push_back(starts_.back() + character.size());
  ids_ = encode(utf8_);
}

Text Text::read(std::vector<std::string> files) {
  if (files.empty()) files = licences();
  std::string text;
  for (const std::string& file : files) text += read_text_file(file);
  return Text(std::move(text));
}

std::vector<std::int32_t> Text::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  for (const std::string& character : characters(text)) {
    const auto place = std::ranges::lower_bound(alphabet_, character);
    if (place == alphabet_.end() || *place != character) {
      throw Error("the text that was learned has no character \"" + character + "\"");
    }
    ids.push_back(static_cast<std::int32_t>(place - alphabet_.begin()));
  }
  return ids;
}

Dataset random_windows(const Text& text, std::int64_t end, std::int64_t length,
                       std::int64_t batch_size, std::uint64_t seed) {
  const std::int64_t batches = std::max<std::int64_t>(1, end / (length * batch_size));
  const auto ids = std::make_shared<const std::vector<std::int32_t>>(text.ids());
  const auto one_epoch = [=](std::int64_t epoch) -> Pass {
    // An epoch draws from a stretch of the random numbers that is its own.
    Generator generator(seed, static_cast<std::uint64_t>(epoch) << 32);
    return [=, left = batches]() mutable -> std::optional<Batch> {
      if (left-- == 0) return {};
      std::vector<std::int64_t> starts;
      for (std::int64_t i = 0; i < batch_size; ++i) starts.push_back(generator.below(end - length));
      return windows(*ids, starts, length, 0);
    };
  };
  return from_generator(one_epoch, batches);
}

Dataset scored_windows(const Text& text, std::int64_t begin, std::int64_t length,
                       std::int64_t batch_size) {
  const std::int64_t context = length / 2;
  std::vector<std::int64_t> starts;
  for (std::int64_t start = begin - context - 1; start + length < text.size();
       start += length - context) {
    starts.push_back(start);
  }
  const Batch all = windows(text.ids(), starts, length, context);
  return from_tensors(all.inputs, all.targets, {.batch_size = batch_size});
}

}  // namespace char_lm
