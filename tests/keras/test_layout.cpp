// Where Keras 3 has the variables of each class in a file, path by path: a layout that is wrong
// when it is written and when it is read would go unseen otherwise.
#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/zip.h>
#include <kindling/kindling.h>
#include <kindling/train/keras.h>

#include "tests/keras/saved.h"

using namespace kindling;

namespace {

hdf5::File saved_weights(const Model& model) {
  const TemporaryFolder folder;
  save_keras(model, folder.file("m.keras"));
  const ZipReader zip(read_file(folder.file("m.keras")), "m.keras");
  return hdf5::File(zip.read("model.weights.h5"), "model.weights.h5");
}

// The paths of all that stands there, and the names of our weights.
using Layout = std::vector<std::pair<std::string, std::string>>;

void check_layout(const Model& model, const Layout& expected) {
  randomize(model);
  const hdf5::File file = saved_weights(model);
  CHECK(file.datasets().size() == expected.size());
  const Weights weights = model.weights();
  for (const auto& [path, name] : expected) {
    INFO(path << " " << name);
    const auto weight = std::ranges::find(weights, name, &Weight::name);
    REQUIRE(weight != weights.end());
    REQUIRE(file.datasets().contains(path));
    CHECK(same_bits(file.read(path), weight->value));
  }
}

}  // namespace

TEST_CASE("Recurrent layers keep their variables in a cell") {
  const SymbolicTensor x = sequence();
  const SymbolicTensor a = LSTM({.units = 3, .return_sequences = true, .name = "a"})(x);
  const SymbolicTensor b = GRU({.units = 3, .return_sequences = true, .name = "b"})(a);
  const SymbolicTensor c = SimpleRNN({.units = 3, .return_sequences = true, .name = "c"})(b);
  const Model model(x, LSTM({.units = 2, .use_bias = false, .name = "d"})(c), "m");
  check_layout(model, {{"layers/lstm/cell/vars/0", "a/kernel"},
                       {"layers/lstm/cell/vars/1", "a/recurrent_kernel"},
                       {"layers/lstm/cell/vars/2", "a/bias"},
                       {"layers/gru/cell/vars/0", "b/kernel"},
                       {"layers/gru/cell/vars/1", "b/recurrent_kernel"},
                       {"layers/gru/cell/vars/2", "b/bias"},
                       {"layers/simple_rnn/cell/vars/0", "c/kernel"},
                       {"layers/simple_rnn/cell/vars/1", "c/recurrent_kernel"},
                       {"layers/simple_rnn/cell/vars/2", "c/bias"},
                       {"layers/lstm_1/cell/vars/0", "d/kernel"},
                       {"layers/lstm_1/cell/vars/1", "d/recurrent_kernel"}});
  const hdf5::File file = saved_weights(model);
  const auto name_of = [&](const std::string& group) {
    return file.attribute(group, "name").as_string(group);
  };
  CHECK(name_of("vars") == "m");
  CHECK(name_of("layers/input_layer/vars") == x.node()->layer.name());
  CHECK(name_of("layers/lstm/vars") == "a");
  CHECK(name_of("layers/lstm/cell/vars") == "lstm_cell");
  CHECK(name_of("layers/lstm_1/vars") == "d");
}

TEST_CASE("Layers around layers keep variables under the names that they have for them") {
  const SymbolicTensor x = sequence();
  const SymbolicTensor both =
      Bidirectional({.layer = GRU({.units = 2, .return_sequences = true}), .name = "both"})(x);
  const Model model(x, TimeDistributed({.layer = Dense({.units = 3}), .name = "each"})(both));
  check_layout(model,
               {{"layers/bidirectional/forward_layer/cell/vars/0", "both/forward_gru/kernel"},
                {"layers/bidirectional/forward_layer/cell/vars/1",
                 "both/forward_gru/recurrent_kernel"},
                {"layers/bidirectional/forward_layer/cell/vars/2", "both/forward_gru/bias"},
                {"layers/bidirectional/backward_layer/cell/vars/0", "both/backward_gru/kernel"},
                {"layers/bidirectional/backward_layer/cell/vars/1",
                 "both/backward_gru/recurrent_kernel"},
                {"layers/bidirectional/backward_layer/cell/vars/2", "both/backward_gru/bias"},
                {"layers/time_distributed/layer/vars/0", "each/dense/kernel"},
                {"layers/time_distributed/layer/vars/1", "each/dense/bias"}});
}

TEST_CASE("Attention layers keep their variables in parts, or themselves") {
  const SymbolicTensor q = sequence("q"), v = sequence("v");
  const SymbolicTensor heads =
      MultiHeadAttention({.num_heads = 2, .key_dim = 3, .name = "heads"})({q, v});
  const SymbolicTensor one = AdditiveAttention({.name = "one"})({heads, v});
  const Attention two({.use_scale = true, .score_mode = ScoreMode::concat, .name = "two"});
  check_layout(Model({q, v}, two({one, v})),
               {{"layers/multi_head_attention/query_dense/vars/0", "heads/query/kernel"},
                {"layers/multi_head_attention/query_dense/vars/1", "heads/query/bias"},
                {"layers/multi_head_attention/key_dense/vars/0", "heads/key/kernel"},
                {"layers/multi_head_attention/key_dense/vars/1", "heads/key/bias"},
                {"layers/multi_head_attention/value_dense/vars/0", "heads/value/kernel"},
                {"layers/multi_head_attention/value_dense/vars/1", "heads/value/bias"},
                {"layers/multi_head_attention/output_dense/vars/0",
                 "heads/attention_output/kernel"},
                {"layers/multi_head_attention/output_dense/vars/1",
                 "heads/attention_output/bias"},
                {"layers/additive_attention/vars/0", "one/scale"},
                {"layers/attention/vars/0", "two/scale"},
                {"layers/attention/vars/1", "two/concat_score_weight"}});
}

TEST_CASE("Other layers keep their variables themselves, those of a model inside under layers") {
  const SymbolicTensor ids = Input({.shape = {7}, .dtype = DType::int32});
  const SymbolicTensor words = Embedding({.input_dim = 9, .output_dim = 4, .name = "words"})(ids);
  const SymbolicTensor conv = Conv1D({.filters = 4, .kernel_size = 2, .name = "conv"})(words);
  const SymbolicTensor scaled = LayerNormalization({.name = "norm"})(PReLU({.name = "relu"})(conv));
  const SymbolicTensor inner_x = Input({.shape = {4}});
  const SymbolicTensor low = Dense({.units = 5, .name = "low"})(inner_x);
  const Model tower(inner_x, Dense({.units = 4, .name = "high"})(low), "tower");
  const SymbolicTensor pooled = GlobalMaxPooling1D()(scaled);
  const SymbolicTensor first = tower(Dense({.units = 4, .name = "first"})(pooled));
  const Model model(ids, Dense({.units = 2, .name = "second"})(first));
  check_layout(model, {{"layers/embedding/vars/0", "words/embeddings"},
                       {"layers/conv1d/vars/0", "conv/kernel"},
                       {"layers/conv1d/vars/1", "conv/bias"},
                       {"layers/p_re_lu/vars/0", "relu/alpha"},
                       {"layers/layer_normalization/vars/0", "norm/gamma"},
                       {"layers/layer_normalization/vars/1", "norm/beta"},
                       {"layers/dense/vars/0", "first/kernel"},
                       {"layers/dense/vars/1", "first/bias"},
                       {"layers/functional/layers/dense/vars/0", "tower/low/kernel"},
                       {"layers/functional/layers/dense/vars/1", "tower/low/bias"},
                       {"layers/functional/layers/dense_1/vars/0", "tower/high/kernel"},
                       {"layers/functional/layers/dense_1/vars/1", "tower/high/bias"},
                       {"layers/dense_1/vars/0", "second/kernel"},
                       {"layers/dense_1/vars/1", "second/bias"}});
}

TEST_CASE("Layers of one class are numbered by their distance from the outputs") {
  const Dense near({.units = 4, .name = "near"}), far({.units = 4, .name = "far"});
  const SymbolicTensor x = Input({.shape = {4}}), y = Input({.shape = {4}});
  const SymbolicTensor from_y = near(y);
  const SymbolicTensor deep = Dense({.units = 4, .name = "deep"})(far(x));
  check_layout(Model({y, x}, Add()({deep, from_y})), {{"layers/dense/vars/0", "far/kernel"},
                                                      {"layers/dense/vars/1", "far/bias"},
                                                      {"layers/dense_1/vars/0", "deep/kernel"},
                                                      {"layers/dense_1/vars/1", "deep/bias"},
                                                      {"layers/dense_2/vars/0", "near/kernel"},
                                                      {"layers/dense_2/vars/1", "near/bias"}});
}

TEST_CASE("An optimizer keeps its steps, its rate, and the moments weight by weight") {
  const SymbolicTensor x = Input({.shape = {3}});
  const SymbolicTensor hidden = Dense({.units = 5, .activation = tanh})(x);
  Model model(x, Dense({.units = 2})(hidden));
  model.compile({.optimizer = Adam({.learning_rate = 0.25}), .loss = MeanSquaredError()});
  model.train_on_batch({.inputs = {normals({4, 3}, 1)}, .targets = {normals({4, 2}, 2)}});
  const hdf5::File file = saved_weights(model);
  const auto at = [&](int i) { return file.read("optimizer/vars/" + std::to_string(i)); };
  CHECK(file.attribute("optimizer/vars", "name").as_string("name") == "adam");
  CHECK(at(0).shape() == Shape{});
  CHECK(numbers(at(0)) == std::vector<double>{1});
  CHECK(at(1).shape() == Shape{});
  CHECK(at(1).item() == 0.25f);
  const std::vector<Shape> shapes = {{3, 5}, {5}, {5, 2}, {2}};
  for (int i = 0; i < 4; ++i) {
    INFO(i);
    const Tensor momentum = at(2 + 2 * i), velocity = at(3 + 2 * i);
    CHECK(momentum.shape() == shapes[static_cast<std::size_t>(i)]);
    CHECK(velocity.shape() == momentum.shape());
    // Of a gradient g they are 0.1 g and 0.001 g^2 after the first step.
    check_close(velocity * 10, square(momentum));
    CHECK(sum(square(momentum)).item() > 0);
  }
  CHECK_FALSE(file.datasets().contains("optimizer/vars/10"));
}
