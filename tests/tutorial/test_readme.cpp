// The code of the README: the model of the Keras page on AdditiveAttention, trained a little.
#include <filesystem>

#include <kindling/kindling.h>
using namespace kindling;

#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

namespace {

// Pairs of sequences whose first ids are equal, or not.
Dataset pairs(std::uint64_t seed) {
  Generator generator(seed);
  const auto random_ids = [&](const Shape& shape) {
    Tensor ids = Tensor::empty(shape, DType::int32);
    for (std::int32_t& id : ids.mutable_ints()) id = static_cast<std::int32_t>(generator.below(50));
    return ids;
  };
  const Tensor first = random_ids({64, 6}), second = random_ids({64, 9});
  Tensor same = Tensor::empty({64, 1});
  for (float& y : same.mutable_floats()) y = static_cast<float>(generator.below(2));
  return from_tensors({first, second}, same, {.batch_size = 16, .shuffle = true});
}

}  // namespace

TEST_CASE("readme: the documented model") {
  const int max_tokens = 50, dimension = 8;
  const Dataset train = pairs(1), dev = pairs(2);

  // Variable-length int sequences.
  auto query_input = Input({.shape = {any}, .dtype = DType::int32});
  auto value_input = Input({.shape = {any}, .dtype = DType::int32});
  // Embedding lookup, shared by both texts.
  auto token_embedding = Embedding({.input_dim = max_tokens, .output_dim = dimension});
  auto query_embeddings = token_embedding(query_input);    // (batch, Tq, dimension)
  auto value_embeddings = token_embedding(value_input);    // (batch, Tv, dimension)
  auto cnn_layer = Conv1D({.filters = 100, .kernel_size = 4, .padding = Padding::same});
  auto query_seq_encoding = cnn_layer(query_embeddings);   // (batch, Tq, filters)
  auto value_seq_encoding = cnn_layer(value_embeddings);   // (batch, Tv, filters)
  auto query_value_attention_seq = AdditiveAttention()({query_seq_encoding, value_seq_encoding});
  auto query_encoding = GlobalAveragePooling1D()(query_seq_encoding);
  auto query_value_attention = GlobalAveragePooling1D()(query_value_attention_seq);
  auto input_layer = Concatenate()({query_encoding, query_value_attention});
  auto hidden = Dense({.units = 64, .activation = relu})(input_layer);
  auto score = Dense({.units = 1, .activation = sigmoid})(hidden);
  Model model({query_input, value_input}, score);

  model.compile({.optimizer = Adam({.learning_rate = 1e-3}), .loss = BinaryCrossentropy(),
                 .metrics = {AUC()}});
  History history = model.fit(train, {.epochs = 5, .validation_data = dev});
  CHECK(history["val_auc"].size() == 5);
  CHECK(history["loss"][4] < history["loss"][0]);

  const Batch batch = train.batch({0, 1, 2});
  const Tensor query_ids = batch.inputs[0], v = cnn_layer(token_embedding(batch.inputs[1]));
  const Tensor query_mask = not_equal(query_ids, 0), value_mask = not_equal(batch.inputs[1], 0);
  const Tensor target = zeros({3, 6, 100});
  const Adam optimizer;
  Tensor q = cnn_layer(token_embedding(query_ids));       // computed at once
  auto attention = model.get_layer<AdditiveAttention>("additive_attention");
  auto [output, scores] = attention.with_scores({q, v}, {.mask = {query_mask, value_mask}});
  Tensor loss = mean(square(output - target));
  backward(loss);
  optimizer.step(model.weights());
  CHECK_FALSE(grad(attention.weights()[0].value).defined());
  CHECK(scores.shape() == Shape{3, 6, 9});
}

TEST_CASE("readme: data") {
  const TemporaryFolder folder;
  folder.write("pairs.csv", "a cat,the cat,5\na dog,the cat,1\n");
  const Tensor x = zeros({3, 2}), y = zeros({3, 1});
  const auto read_pairs = [&](const std::string& name, const PairColumns& columns) {
    return kindling::read_pairs(folder.file(name), columns);
  };
  const auto stream_pairs = [&](const std::string& name, const Vocabulary& words,
                                const TextBatchOptions& options, const PairColumns& columns) {
    return kindling::stream_pairs(folder.file(name), words, options, columns);
  };
  std::vector<TextPair> read = read_pairs("pairs.csv", {.score_max = 5});
  TokenCounts counts;
  for (const TextPair& pair : read) counts.add(pair.first).add(pair.second);
  Vocabulary vocabulary(counts, {.max_tokens = 20000});
  Dataset texts = text_pairs(read, vocabulary, {.batch_size = 32, .shuffle = true});
  Dataset large = stream_pairs("pairs.csv", vocabulary, {.shuffle = true}, {.score_max = 5});
  Dataset numbers = from_tensors({x}, y, {.batch_size = 32, .shuffle = true});
  CHECK(large.pass(0)()->size() == 2);
  CHECK(texts.size() == 2);
  CHECK(numbers.size() == 3);
}

TEST_CASE("readme: fit on tensors, callbacks, looking inside") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto input = Input({.shape = {2}});
  Model model(input, Dense({.units = 1})(input));
  model.compile({.optimizer = Adam(), .loss = MeanSquaredError()});
  const Tensor x = random_normal({40, 2}), y = random_normal({40, 1});
  model.fit({x}, y, {.batch_size = 32,
                     .epochs = 20,
                     .callbacks = {EarlyStopping({.patience = 3}),
                                   CSVLogger({.filename = "log.csv"}),
                                   BackupAndRestore({.backup_dir = "backup"})},
                     .validation_split = 0.1});
  CHECK(std::filesystem::exists("log.csv"));
  plot_model(model, "model.svg");
  CHECK(trace(model, {x}).calls.size() == 2);
  const Batch batch{{x}, {y}};
  CHECK(profile(model, batch).layers.size() == 3);
  std::filesystem::current_path(before);
}

TEST_CASE("readme: models and numbers from other programs and to them") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto input = Input({.shape = {2}});
  Model given(input, Dense({.units = 1, .name = "score"})(input));
  given.compile({.optimizer = Adam(), .loss = MeanSquaredError()});
  const Tensor x = random_normal({40, 2}), y = random_normal({40, 1});
  given.fit({x}, y, {.verbose = Verbose::silent});
  save_keras(given, "from_keras.keras");

  Model model = load_keras("from_keras.keras");
  model.fit({x}, y, {.epochs = 5});
  save_keras(model, "to_keras.keras");
  export_onnx(model, "model.onnx");
  write_npz("weights.npz", named_tensors(model.weights()));
  CHECK(model.optimizer().iterations() == 2 + 5 * 2);
  CHECK(read_npz("weights.npz").contains("score/kernel"));
  CHECK(std::filesystem::file_size("model.onnx") > 100);
  std::filesystem::current_path(before);
}
