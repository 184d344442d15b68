#include "saved.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <kindling/io/file.h>
#include <kindling/io/model_folder.h>

namespace text_similarity {

using namespace kindling;

namespace {

// FNV-1a with 64 bits. It tells files apart that were mixed up, not those that were forged.
class Hash {
 public:
  Hash& add(std::string_view bytes) {
    for (const char byte : bytes) {
      hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    }
    return *this;
  }
  std::string str() const { return fmt::format("{:016x}", hash_); }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

std::string hash_of(const Model& model) {
  Hash hash;
  for (const auto& [name, value] : named_tensors(model.weights())) {
    hash.add(name);
    hash.add({reinterpret_cast<const char*>(value.floats().data()), 4 * value.floats().size()});
  }
  return hash.str();
}

void require_shape(const Model& model, const std::string& weight, const Shape& shape,
                   const std::string& folder, const char* why) {
  const NamedTensors tensors = named_tensors(model.weights());
  const auto found = std::ranges::find(tensors, weight, &NamedTensors::value_type::first);
  if (found == tensors.end()) {
    throw Error(folder + ": is no model that text_similarity train saved, it has no weight " +
                weight);
  }
  if (found->second.shape() == shape) return;
  throw Error(fmt::format("{}: its files are of different models, {} is {}, and {} {}", folder,
                          weight, found->second.shape().str(), why, shape.str()));
}

void require_hash(const std::string& saved, const std::string& now, const std::string& file,
                  const std::string& folder) {
  if (saved.empty() || saved == now) return;
  throw Error(fmt::format("{}: its files are of different models, {} is not the one that was saved "
                          "with settings.json", folder, file));
}

}  // namespace

std::string hash_of(const Vocabulary& vocabulary) {
  return Hash().add(vocabulary.file_text()).str();
}

void save(const Model& model, const Vocabulary& vocabulary, Settings settings,
          const std::string& folder) {
  settings.vocabulary_hash = hash_of(vocabulary);
  settings.weights_hash = hash_of(model);
  model.save(folder, {{"vocabulary.txt", vocabulary.file_text()},
                      {"settings.json", to_text(settings)}});
}

Saved load(const std::string& folder) {
  const Saved saved = read_folder(folder, [&](const FolderReader& files) {
    Saved all{settings_of_model(folder), Vocabulary::read(folder + "/vocabulary.txt"),
              Model(load_model_folder(files))};
    // What was found by the folder's name may be of another.
    if (files.replaced()) throw Error(folder + ": was saved again while it was read");
    return all;
  });
  const Settings& s = saved.settings;
  require_shape(saved.model, "token_embedding/embeddings", {saved.vocabulary.size(), s.depth},
                folder, "vocabulary.txt and settings.json need");
  require_shape(saved.model, "cnn_layer/kernel", {s.kernel_size, s.depth, s.filters}, folder,
                "settings.json needs");
  require_shape(saved.model, "hidden/bias", {s.hidden_units}, folder, "settings.json needs");
  require_hash(s.vocabulary_hash, hash_of(saved.vocabulary), "vocabulary.txt", folder);
  require_hash(s.weights_hash, hash_of(saved.model), "weights.safetensors", folder);
  return saved;
}

void require_numbers(const Tensor& scores, const std::string& who) {
  for (std::size_t i = 0; i < scores.floats().size(); ++i) {
    if (std::isfinite(scores.floats()[i])) continue;
    throw Error(fmt::format("{}: the score of pair {} is NaN or infinite; so are the model's "
                            "weights, or they are far too large", who, i + 1));
  }
}

}  // namespace text_similarity
