// Masks in archives: with_mask, which Keras doesn't have, and those that Keras works out.
#include <kindling/kindling.h>
#include <kindling/train/keras.h>

#include "tests/keras/saved.h"

using namespace kindling;

namespace {

// Without WithMask in it, and predicting the same.
Model check_saved_without(const Model& model, const Tensors& inputs) {
  randomize(model);
  const TemporaryFolder folder;
  save_keras(model, folder.file("m.keras"));
  const Model loaded = load_keras(folder.file("m.keras"));
  check_same_predictions(model, loaded, inputs);
  for (const Layer& layer : loaded.layers()) CHECK(layer.class_name() != "WithMask");
  return check_keras_round_trip(loaded, inputs);
}

}  // namespace

TEST_CASE("The documented model with masks given back, as text_similarity --mask has it") {
  const SymbolicTensor query = ids("query"), value = ids("value");
  const Embedding embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true});
  const Conv1D cnn({.filters = 5, .kernel_size = 4, .padding = Padding::same});
  const SymbolicTensor q = with_mask(cnn(embedding(query)), not_equal(query, 0));
  const SymbolicTensor v = with_mask(cnn(embedding(value)), not_equal(value, 0));
  const SymbolicTensor seen = AdditiveAttention()({q, v});
  const SymbolicTensor both =
      Concatenate()({GlobalAveragePooling1D()(q), GlobalAveragePooling1D()(seen)});
  const Model model({query, value}, Dense({.units = 1})(both));
  check_saved_without(model, {some_ids(1), some_ids(2)});
}

TEST_CASE("A mask goes through what passes it on to whoever looks at it") {
  const SymbolicTensor text = ids("text");
  const Embedding embedding({.input_dim = 9, .output_dim = 4});
  const SymbolicTensor masked = with_mask(embedding(text), not_equal(text, 0));
  const SymbolicTensor hidden = Dropout({.rate = 0.1})(Dense({.units = 4})(masked));
  const SymbolicTensor read = LSTM({.units = 3, .return_sequences = true})(hidden);
  const Model model(text, {GRU({.units = 2})(read), GlobalAveragePooling1D()(hidden),
                           TimeDistributed({.layer = Dense({.units = 2})})(read)});
  CHECK(message_of([&] { save_keras(model, "/dev/null"); }) == "no error");
  check_saved_without(model, {some_ids(1)});
}

TEST_CASE("Beside a mask of ours, one that Keras works out is written too") {
  const SymbolicTensor query = ids("query"), value = ids("not_equal");
  const SymbolicTensor q = Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true})(query);
  const SymbolicTensor v = with_mask(Embedding({.input_dim = 9, .output_dim = 4})(value),
                                     NotEqual({.value = 3, .name = "mask"})(value));
  const Model model({query, value}, Attention()({q, v}));
  const Model loaded = check_saved_without(model, {some_ids(1), some_ids(2)});
  CHECK(loaded.get_layer("not_equal_1").class_name() == "NotEqual");
}

TEST_CASE("A recurrent layer that is given states is given its mask too") {
  const SymbolicTensor text = ids("text"), x = Input({.shape = {3}, .name = "state"});
  const SymbolicTensor words =
      Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true})(text);
  const Model model({text, x}, GRU({.units = 3})({words, x}));
  check_saved_without(model, {some_ids(1), normals({3, 3}, 1)});
}

TEST_CASE("Masks that Keras works out by itself are left to it") {
  const SymbolicTensor text = ids("text");
  const SymbolicTensor words =
      Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true})(text);
  const SymbolicTensor steps = Masking()(Input({.shape = {7, 4}, .name = "steps"}));
  const Model model({text, steps.node()->inputs[0]},
                    {LSTM({.units = 3})(words), Add()({words, steps})});
  randomize(model);
  const Model loaded = check_keras_round_trip(model, {some_ids(1), normals({3, 7, 4}, 1)});
  CHECK(loaded.layers().size() == model.layers().size());
}

TEST_CASE("Masks where no argument of Keras's reaches are refused") {
  const SymbolicTensor text = ids("text");
  const SymbolicTensor masked = with_mask(
      Embedding({.input_dim = 9, .output_dim = 4, .name = "e"})(text), not_equal(text, 0));
  const TemporaryFolder folder;
  const auto why = [&](const SymbolicTensor& output) {
    return message_of([&] { save_keras(Model(text, output), folder.file("m.keras")); });
  };
  CHECK(why(Dense({.units = 2, .name = "d"})(masked)) ==
        "Dense \"d\": is an output with a mask of with_mask, which losses would see; a Keras "
        "archive has no place for it there");
  CHECK(why(Flatten()(Multiply({.name = "m"})({masked, masked}))) ==
        "Multiply \"m\": looks at masks of with_mask, which Keras has no argument for");
  const SymbolicTensor plain = Embedding({.input_dim = 9, .output_dim = 4, .name = "p"})(text);
  const SymbolicTensor both = Concatenate({.name = "c"})({masked, plain});
  CHECK(why(GlobalAveragePooling1D({.name = "g"})(both)) ==
        "GlobalAveragePooling1D \"g\": must be given the mask of Concatenate \"c\" in a Keras "
        "archive, which is no tensor of the model; put it back with with_mask");
}

TEST_CASE("What comes after a recurrent layer is given its mask, also through a sum") {
  const SymbolicTensor text = ids("text"), x = sequence("x");
  const SymbolicTensor e =
      Embedding({.input_dim = 9, .output_dim = 3, .mask_zero = true, .name = "e"})(text);
  const auto lstm = [](const char* name) {
    return LSTM({.units = 3, .return_sequences = true, .name = name});
  };
  const SymbolicTensor a = lstm("a")(e), b = lstm("b")(Masking({.name = "zeros"})(x));
  const Model model({text, x},
                    {GlobalAveragePooling1D()(Add()({a, b})),
                     TimeDistributed({.layer = Dense({.units = 2})})(a), LSTM({.units = 2})(b)});
  const Model loaded = check_saved_without(model, {some_ids(1), normals({3, 7, 4}, 2)});
  std::vector<std::string> operations;
  for (const Layer& layer : loaded.layers()) {
    const std::string& name = layer.class_name();
    if (name == "NotEqual" || name == "Any" || name == "LogicalOr") operations.push_back(name);
  }
  std::ranges::sort(operations);
  CHECK(operations == std::vector<std::string>{"Any", "LogicalOr", "NotEqual", "NotEqual"});
}

TEST_CASE("What comes of a tensor whose mask MultiHeadAttention takes is given the mask") {
  const SymbolicTensor text = ids("text");
  const SymbolicTensor e =
      Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true, .name = "e"})(text);
  const auto attention = MultiHeadAttention({.num_heads = 2, .key_dim = 2, .name = "a"});
  const SymbolicTensor h = LayerNormalization()(Add()({e, attention({e, e})}));
  const SymbolicTensor second = MultiHeadAttention({.num_heads = 1, .key_dim = 2})({h, h});
  const Model model(text, {GlobalAveragePooling1D({.name = "p"})(h), second});
  const Model loaded = check_saved_without(model, {some_ids(1)});
  CHECK(loaded.get_layer("not_equal").class_name() == "NotEqual");
}
