// Weights of classes: of every form of target, and what they are refused for.
#include <kindling/kindling.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// A model whose prediction is its input.
Model echo(const Shape& shape, const Loss& loss) {
  const auto input = Input({.shape = shape});
  Model model(input, Dense({.units = shape[-1], .kernel_initializer = Identity(), .name = "d"})(
                         input), "m");
  model.compile({.optimizer = SGD({.learning_rate = 0}), .loss = loss});
  return model;
}

double loss_with(const Loss& loss, const Tensor& x, const Tensor& y, const ClassWeight& weights,
                 const Tensor& sample_weight = {}) {
  Batch batch{.inputs = {x}, .targets = {y}};
  if (sample_weight.defined()) batch.sample_weights = {sample_weight};
  Model model = echo(x.shape().without(0), loss);
  return model.train_on_batch(batch, weights)["loss"];
}

double loss_of(const Loss& loss, const Tensor& x, const Tensor& y, const Tensor& weight) {
  return static_cast<double>(loss(y, x, weight).item());
}

}  // namespace

TEST_CASE("A class weight is one per target: ids, one-hot, per step, on other axes") {
  const ClassWeight weights = {{0, 0.5}, {2, 3}};
  const auto sparse = SparseCategoricalCrossentropy({.from_logits = true});
  const auto dense = CategoricalCrossentropy({.from_logits = true});
  const Tensor steps = normals({2, 4, 3}, 1), ids = tensor({{0, 1, 2, 2}, {1, 0, 0, 2}});
  const Tensor of_steps = tensor({{0.5, 1.0, 3.0, 3.0}, {1.0, 0.5, 0.5, 3.0}});
  const Tensor one_hot = tensor_of({2, 4, 3}, [&](const Index& i) {
    return element(cast(ids, DType::float32), {i[0], i[1]}) == static_cast<double>(i[2]);
  });
  const double expected = loss_of(sparse, steps, ids, of_steps);
  CHECK(loss_with(sparse, steps, ids, weights) == Approx(expected));
  CHECK(loss_with(sparse, steps, expand_dims(ids, -1), weights) == Approx(expected));
  CHECK(loss_with(sparse, steps, cast(ids, DType::float32), weights) == Approx(expected));
  CHECK(loss_with(dense, steps, one_hot, weights) == Approx(expected));
  // Smoothed by hand.
  CHECK(loss_with(dense, steps, one_hot * 0.9 + 0.1 / 3, weights) ==
        Approx(loss_of(dense, steps, one_hot * 0.9 + 0.1 / 3, of_steps)));
  const Tensor turned = transpose(one_hot, {0, 2, 1});
  CHECK(loss_with(CategoricalCrossentropy({.from_logits = true, .axis = 1}), normals({2, 3, 4}, 2),
                  turned, weights) ==
        Approx(loss_of(CategoricalCrossentropy({.from_logits = true, .axis = 1}),
                       normals({2, 3, 4}, 2), turned, of_steps)));
  // Beside sample weights of examples and of steps; a target that weighs nothing has no class.
  const Tensor examples = tensor({2.0, 0.5});
  CHECK(loss_with(sparse, steps, ids, weights, examples) ==
        Approx(loss_of(sparse, steps, ids, of_steps * expand_dims(examples, 1))));
  const Tensor padded = tensor({{0, 1, 2, -1}, {1, 0, 0, -1}});
  const Tensor kept = tensor({{1.0, 1.0, 1.0, 0.0}, {1.0, 1.0, 1.0, 0.0}});
  CHECK(loss_with(sparse, steps, padded, weights, kept) ==
        Approx(loss_of(sparse, steps, padded, of_steps * kept)));
  CHECK(loss_with(SparseCategoricalCrossentropy({.from_logits = true, .ignore_class = -1}), steps,
                  padded, weights) ==
        Approx(loss_of(SparseCategoricalCrossentropy({.from_logits = true, .ignore_class = -1}),
                       steps, padded, of_steps)));
  // One number: 0 and 1, or -1 and 1, per example or step.
  const Tensor numbers = normals({3, 1}, 3);
  const auto hinge = Hinge();
  CHECK(loss_with(hinge, numbers, tensor({-1.0, 1.0, -1.0}), {{-1, 2}}) ==
        Approx(loss_of(hinge, numbers, tensor({-1.0, 1.0, -1.0}), tensor({2.0, 1.0, 2.0}))));
  const auto binary = BinaryCrossentropy({.from_logits = true});
  const Tensor bits = tensor({{0, 1}, {1, 1}, {0, 0}});
  CHECK(loss_with(binary, normals({3, 2, 1}, 3), bits, {{1, 2}}) ==
        Approx(loss_of(binary, normals({3, 2, 1}, 3), bits, cast(bits, DType::float32) + 1)));
}

TEST_CASE("Class weights: targets that are no classes, and classes that aren't there") {
  const auto refused = [](const Loss& loss, const Tensor& x, const Tensor& y,
                          const ClassWeight& weights = {{1, 2}}) {
    return message_of([&] { loss_with(loss, x, y, weights); });
  };
  const std::string who = "Functional \"m\": ", what = who + "class_weight is for targets that ";
  const Tensor one = zeros({2, 1}), three = zeros({2, 3});
  CHECK(refused(MeanSquaredError(), one, tensor({0.0, 0.5})) ==
        what + "are classes, for one number 0 and 1, or -1 and 1, got 0.5 at (1,)");
  CHECK(refused(MeanSquaredError(), one, tensor({2.0, 1.0})) ==
        what + "are classes, for one number 0 and 1, or -1 and 1, got 2 at (0,)");
  CHECK(refused(BinaryCrossentropy(), three, tensor({{1.0, 0.0, 0.0}, {1.0, 0.0, 1.0}})) ==
        what + "have one class, one-hot or with one largest probability, got numbers whose sum is "
               "2 at (1,)");
  CHECK(refused(MeanSquaredError(), three, zeros({2, 3})) ==
        what + "have one class, one-hot or with one largest probability, got numbers whose sum is "
               "0 at (0,)");
  CHECK(refused(CategoricalCrossentropy(), zeros({1, 2}), full({1, 2}, 0.5)) ==
        what + "have one class, one-hot or with one largest probability, got a tie at (0,)");
  CHECK(refused(MeanSquaredError(), one, tensor({0.0, static_cast<double>(NAN)})) ==
        "MeanSquaredError \"mean_squared_error\": truth is made of finite numbers, got nan at (1,) "
        "[y_true (2,)]");
  const Tensor good = tensor({0.0, 1.0});
  CHECK(refused(MeanSquaredError(), one, good, {{1, -1}}) ==
        who + "a class weight is at least 0 and finite, got -1 for class 1");
  CHECK(refused(MeanSquaredError(), one, good, {{0, NAN}}) ==
        who + "a class weight is at least 0 and finite, got nan for class 0");
  CHECK(refused(MeanSquaredError(), one, good, {{2, 1}}) ==
        who + "class_weight has class 2, the output has 0 and 1, or -1 and 1");
  CHECK(refused(SparseCategoricalCrossentropy(), three, tensor({0, 1}), {{3, 1}}) ==
        who + "class_weight has class 3, the output has [0, 3)");
}
