// What Model refuses, and in which words.
#include <kindling/autograd/reduce.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/train/losses.h>
#include <kindling/train/metrics.h>
#include <kindling/train/model.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

Model small_model() {
  const auto input = Input({.shape = {4}, .name = "x"});
  const auto hidden = Dense({.units = 3, .name = "hidden"})(input);
  return Model({input}, Dense({.units = 1, .activation = sigmoid, .name = "score"})(hidden), "m");
}

Model compiled() {
  Model model = small_model();
  model.compile({.loss = BinaryCrossentropy()});
  return model;
}

Dataset data_of(const Tensor& x, const Tensor& y) { return from_tensors({x}, y); }

const std::string who = "Functional \"m\": ";

}  // namespace

TEST_CASE("Training needs compile, and compile a loss and one output") {
  Model model = small_model();
  const Dataset data = data_of(zeros({2, 4}), zeros({2, 1}));
  CHECK(message_of([&] { model.fit(data); }) ==
        who + "fit needs a loss and an optimizer; call compile first");
  CHECK(message_of([&] { model.evaluate(data); }) ==
        who + "evaluate needs a loss and an optimizer; call compile first");
  CHECK(message_of([&] { model.predict(data); }) == "no error");
  CHECK(message_of([&] { model.compile({}); }) ==
        who + "compile needs a loss, .loss = BinaryCrossentropy()");
  const MeanSquaredError vector({.reduction = Reduction::none});
  CHECK(message_of([&] { model.compile({.loss = vector}); }) ==
        who + "training needs one number, not reduction \"none\" [loss mean_squared_error]");
  const auto input = Input({.shape = {4}});
  const auto a = Dense({.units = 1, .name = "a"})(input);
  Model two({input}, {a, Dense({.units = 2, .name = "b"})(input)}, "two");
  CHECK(message_of([&] { two.compile({.loss = MeanSquaredError()}); }) ==
        "Functional \"two\": one loss an output is needed, got 1 for 2 [outputs a, b]");
  CHECK(message_of([&] { two.predict(data); }) ==
        "Functional \"two\": has 2 outputs, predict_all() returns them all");
  CHECK(two.call({zeros({2, 4})}).size() == 2);
}

TEST_CASE("Each log has a name of its own, as Keras makes them") {
  Model model = small_model();
  model.compile({.loss = BinaryCrossentropy(),
                 .metrics = {AUC(), AUC({.curve = Curve::PR}), Mean({.name = "loss"})},
                 .weighted_metrics = {AUC(), AUC(), BinaryAccuracy()}});
  CHECK(model.evaluate({zeros({2, 4})}, zeros({2, 1})).names() ==
        "loss, auc, auc_1, loss_1, weighted_auc, weighted_auc_1, binary_accuracy");
}

TEST_CASE("A layer is found by its name") {
  const Model model = small_model();
  CHECK(model.get_layer("hidden").count_params() == 15);
  CHECK(model.get_layer<Dense>("score").count_params() == 4);
  CHECK(message_of([&] { model.get_layer("Hidden"); }) ==
        who + "no layer is named \"Hidden\", there are x, hidden, score");
  CHECK(message_of([&] { model.get_layer<Embedding>("hidden"); }) ==
        "Dense \"hidden\": is no Embedding");
}

TEST_CASE("Inputs that can't be a model's are refused") {
  const auto a = Input({.shape = {3}, .name = "a"}), b = Input({.shape = {3}, .name = "b"});
  const auto both = Concatenate({.name = "both"})({a, b});
  CHECK(message_of([&] { Model({a}, both, "m"); }) ==
        who + "an output depends on input \"b\", which is not among the model's inputs");
  CHECK(message_of([&] { Model({a, b, a}, both, "m"); }) == who + "input \"a\" is listed twice");
  CHECK(message_of([&] { Model({a, both}, both, "m"); }) ==
        who + "an input of a model is what Input() returned");
  const auto twins = Concatenate()({Dense({.units = 1, .name = "d"})(a),
                                    Dense({.units = 1, .name = "d"})(b)});
  CHECK(message_of([&] { Model({a, b}, twins, "m"); }) == who + "two layers are named \"d\"");
}

TEST_CASE("A dataset without examples is refused") {
  Model model = compiled();
  const Dataset none = data_of(zeros({0, 4}), zeros({0, 1}));
  const Dataset some = data_of(zeros({2, 4}), zeros({2, 1}));
  CHECK(message_of([&] { model.fit(none); }) == who + "fit got a dataset without examples");
  CHECK(message_of([&] { model.fit(some, {.validation_data = none}); }) ==
        who + "validation got a dataset without examples");
  CHECK(message_of([&] { model.evaluate(none); }) ==
        who + "evaluate got a dataset without examples");
  CHECK(message_of([&] { model.predict(none); }) ==
        who + "predict got a dataset without examples");
}

TEST_CASE("A dataset that doesn't fit the model is refused") {
  Model model = compiled();
  const auto fit = [&](const Dataset& data) {
    return message_of([&] { model.fit(data, {.verbose = Verbose::silent}); });
  };
  const Tensor x = zeros({2, 4}), y = zeros({2, 1});
  CHECK(fit(data_of(zeros({2, 5}), y)) == who + "input \"x\" is (None, 4), got (2, 5)");
  CHECK(fit(data_of(cast(ones({2, 4}), DType::int32), y)) == "no error");
  CHECK(fit(from_tensors({x, x}, y)) == who + "takes 1 input, got 2");
  CHECK(fit(data_of(x, zeros({2, 3}))) ==
        "BinaryCrossentropy \"binary_crossentropy\": truth and prediction differ in shape "
        "[y_true (2, 3), y_pred (2, 1)]");
  CHECK(fit(data_of(x, Tensor())) ==
        "BinaryCrossentropy \"binary_crossentropy\": there is no truth to compare with; a dataset "
        "for fit or evaluate has a target");
}

namespace {

// (batch, n) -> (1, n), which no layer of Keras would do.
class MeanOverBatchImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit MeanOverBatchImpl(const Options& o) : LayerImpl("MeanOverBatch", o.name) {}
  Tensors call(const Tensors& inputs, const Call&) override {
    return {mean(inputs[0], {.axis = {0}, .keepdims = true})};
  }
};

}  // namespace

TEST_CASE("predict wants a result an example, of one shape") {
  const auto x = Input({.shape = {4}});
  const Model mixing({x}, Handle<MeanOverBatchImpl>()(x), "mixing");
  CHECK(message_of([&] { mixing.predict(data_of(zeros({3, 4}), Tensor())); }) ==
        "Functional \"mixing\": predict needs a result an example, got (1, 4) for 3 examples");
  const auto ids = Input({.shape = {any}, .dtype = DType::int32});
  const Model steps({ids}, Embedding({.input_dim = 5, .output_dim = 2})(ids), "steps");
  struct Lengths : IndexedDatasetImpl {
   public:
    std::int64_t size() const override { return 2; }
    BatchPlan plan(std::int64_t) const override { return {{0}, {1}}; }
    Batch batch(const std::vector<std::int64_t>& rows) const override {
      return {{random_ids({1, 3 + rows[0]}, 1, 5)}, {}};
    }
  };
  CHECK(message_of([&] { steps.predict(Dataset(std::make_shared<Lengths>())); }) ==
        "Functional \"steps\": batches give results of different shapes, (2, 3, 2) and "
        "(1, 4, 2); predict them one by one");
}
