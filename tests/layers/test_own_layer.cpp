// Layers that a user writes.
#include <kindling/autograd/shaping.h>
#include <kindling/layers/dense.h>
#include <kindling/optim/sgd.h>

#include "tests/consumer/scale.h"
#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("A layer of one's own is named, saved, and calls like any other") {
  CHECK(message_of([] { layer_from_config("Scale", Config::Map{}); })
            .starts_with("layer: no class \"Scale\" is registered; register_layer<Scale>() adds "
                         "one of your own [registered: Activation, Add, "));
  register_layer<Scale>();
  const Scale first, second;
  CHECK(first.name() == "scale");
  CHECK(second.name() == "scale_1");
  check_layer(Scale({.initial = 2.5}), {normals({2, 3, 4}, 1)}, {.weights = {"scale"}});
  check_close(Scale({.initial = 3})(tensor({{1.0, 2.0}})), tensor({{3.0, 6.0}}), 0);
  const auto symbolic = Scale()(Input({.shape = {any, 5}}));
  CHECK(symbolic.shape().str() == "(None, None, 5)");
}

TEST_CASE("A layer of one's own is trained a step") {
  const auto scale = Scale({.initial = 2});
  const auto sgd = SGD({.learning_rate = 0.5});
  const Tensor x = tensor({{1.0, 3.0}});
  const auto loss_now = [&] { return sum(square(scale(x) - tensor({{1.0, 1.0}}))); };
  const Tensor loss = loss_now();
  backward(loss);
  sgd.step(scale.weights());
  // d loss / d scale = 2 (scale x - target) x = (2, 30)
  check_close(stop_gradient(scale.weights()[0].value), tensor({1.0, -13.0}));
  CHECK_FALSE(grad(scale.weights()[0].value).defined());

  scale.set_trainable(false);
  const auto other = Scale({.initial = 5});
  backward(loss_now() + sum(other(x)));
  Weights both = scale.weights();
  both.push_back(other.weights()[0]);
  SGD({.learning_rate = 1}).step(both);
  check_close(stop_gradient(both[0].value), tensor({1.0, -13.0}));
  check_close(stop_gradient(both[1].value), tensor({4.0, 2.0}));
}

namespace {

// Two results, and layers inside.
class TwoHeadsImpl : public LayerImpl {
 public:
  struct Options {
    std::int64_t units = 2;
    std::string name = {};
  };
  explicit TwoHeadsImpl(Options o)
      : LayerImpl("TwoHeads", o.name),
        options_(o),
        left_(add_layer(Dense({.units = o.units, .name = "left"}))),
        right_(add_layer(Dense({.units = o.units + 1, .use_bias = false, .name = "right"}))) {}
  void fields(Fields& f) override { f("units", options_.units); }
  void build(const Shapes& inputs) override {
    offset_ = add_weight("offset", {}, Zeros(), {.trainable = false});
    left_.build(inputs);
    right_.build(inputs);
  }
  Tensors call(const Tensors& inputs, const Call&) override {
    return {left_(inputs[0]) + offset_, right_(inputs[0])};
  }

 private:
  Options options_;
  Dense left_, right_;
  Tensor offset_;
};
using TwoHeads = Handle<TwoHeadsImpl>;

class TwiceImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit TwiceImpl(Options o) : LayerImpl("Twice", o.name) {}
  void build(const Shapes&) override {
    add_weight("w", {1}, Zeros());
    add_weight("w", {2}, Ones());
  }
  Tensors call(const Tensors& inputs, const Call&) override { return inputs; }
};
using Twice = Handle<TwiceImpl>;

// Takes ids, and says nothing of shapes.
class LookupImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit LookupImpl(Options o) : LayerImpl("Lookup", o.name) {}
  void build(const Shapes&) override { table_ = add_weight("table", {1, 3}, Ones()); }
  Tensors call(const Tensors& inputs, const Call&) override { return {take(table_, inputs[0])}; }

 private:
  Tensor table_;
};
using Lookup = Handle<LookupImpl>;

}  // namespace

TEST_CASE("Shapes of a layer's results are found with inputs of the right dtype") {
  const auto ids = Input({.shape = {any}, .dtype = DType::int32});
  CHECK(Lookup()(ids).shape().str() == "(None, None, 3)");
}

TEST_CASE("A layer may have several results, and layers inside it") {
  const auto heads = TwoHeads({.units = 3, .name = "heads"});
  const Tensor x = normals({2, 4}, 1);
  const Tensors results = heads.call({x});
  REQUIRE(results.size() == 2);
  CHECK(results[1].shape() == Shape{2, 4});
  std::vector<std::string> names;
  for (const Weight& w : heads.weights()) names.push_back(w.name);
  CHECK(names == std::vector<std::string>{"heads/offset", "heads/left/kernel", "heads/left/bias",
                                          "heads/right/kernel"});
  CHECK_FALSE(heads.weights()[0].trainable);
  CHECK(heads.weights()[1].trainable);
  CHECK(heads.impl()->weights_inside()[1].name == "left/kernel");
  CHECK(heads.count_params() == 1 + 4 * 3 + 3 + 4 * 4);
  CHECK(message_of([&] { heads(x); }) ==
        "TwoHeads \"heads\": has 2 results, call() returns them all");
  const auto input = Input({.shape = {4}});
  const SymbolicTensors symbolic = heads.call(SymbolicTensors{input});
  const auto model = Functional({.inputs = {input}, .outputs = {symbolic[1], symbolic[0]}});
  const Tensors outputs = model.call({x});
  CHECK(same_bits(outputs[0], results[1]));
  CHECK(same_bits(outputs[1], results[0]));
}

namespace {

// Layers without a name, and one that call() builds.
class BlockImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit BlockImpl(Options o) : LayerImpl("Block", o.name) {}
  void build(const Shapes&) override { late_ = add_layer(Dense({.units = 2})); }
  Tensors call(const Tensors& inputs, const Call&) override { return {late_(early_(inputs[0]))}; }
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override {
    return {inputs[0].with(-1, 2)};
  }

 private:
  Dense early_ = add_layer(Dense({.units = 3}));
  Dense late_ = early_;
};
using Block = Handle<BlockImpl>;

class TwinsImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit TwinsImpl(Options o) : LayerImpl("Twins", o.name) {
    add_layer(Dense({.units = 3, .name = "d"}));
    add_layer(Dense({.units = 3, .name = "d"}));
  }
  Tensors call(const Tensors& inputs, const Call&) override { return inputs; }
};

}  // namespace

TEST_CASE("Layers inside a layer have names of their own there, and weights in a graph") {
  Dense({.units = 1});  // whatever came before
  const auto block = Block({.name = "block"});
  block(Input({.shape = {4}}));
  std::vector<std::string> names;
  for (const Weight& w : block.weights()) names.push_back(w.name);
  CHECK(names == std::vector<std::string>{"block/dense/kernel", "block/dense/bias",
                                          "block/dense_1/kernel", "block/dense_1/bias"});
  CHECK(message_of([] { Handle<TwinsImpl>({.name = "t"}); }) ==
        "Twins \"t\": has a layer \"d\" already");
}

TEST_CASE("A layer that failed to build can be built again") {
  bool fails = true;
  const auto bias = Initializer("Odd", {}, [&](const Shape& shape) {
    return fails ? zeros({7}) : zeros(shape);
  });
  const auto dense = Dense({.units = 2, .bias_initializer = bias, .name = "d"});
  CHECK(message_of([&] { dense(ones({1, 3})); }) ==
        "Dense \"d\": the initializer of \"bias\" must make float32 (2,), made (7,)");
  fails = false;
  CHECK(dense(ones({1, 3})).shape() == Shape{1, 2});
  CHECK(dense.weights().size() == 2);
}

namespace {

class ForgetfulImpl : public LayerImpl {
 public:
  struct Options {
    double factor = 2;
    std::string name = {};
  };
  explicit ForgetfulImpl(Options o) : LayerImpl("Forgetful", o.name), options_(o) {}
  Tensors call(const Tensors& inputs, const Call&) override {
    return {inputs[0] * options_.factor};
  }

 private:
  Options options_;
};

}  // namespace

TEST_CASE("Options that fields() doesn't list can't be saved without a word") {
  CHECK(message_of([] { Handle<ForgetfulImpl>({.name = "f"}).config(); }) ==
        "Forgetful \"f\": has options that fields() doesn't list, so they would be lost in a file; "
        "override fields()");
}

TEST_CASE("A layer has one weight of a name") {
  CHECK(message_of([] { Twice({.name = "t"})(ones({1})); }) ==
        "Twice \"t\": has a weight \"w\" already");
}

TEST_CASE("A layer inside another that doesn't know it says so, once") {
  class ForgetfulImpl : public LayerImpl {
   public:
    struct Options {
      std::string name = {};
    };
    explicit ForgetfulImpl(Options o) : LayerImpl("Forgetful", o.name) {}
    Tensors call(const Tensors& inputs, const Call&) override { return {inside_(inputs[0])}; }

   private:
    Dense inside_ = Dense({.units = 2, .name = "inside"});
  };
  const Warnings warnings;
  const Handle<ForgetfulImpl> outer({.name = "outer"});
  outer(zeros({1, 2}));
  outer(zeros({1, 2}));
  REQUIRE(Warnings::list().size() == 1);
  CHECK(Warnings::list()[0].starts_with("Dense \"inside\": is called inside Forgetful \"outer\", "
                                        "which doesn't know it"));
}

TEST_CASE("A layer of one's own takes as many inputs as its call does") {
  class WeighedImpl : public LayerImpl {
   public:
    struct Options {
      std::string name = {};
    };
    explicit WeighedImpl(Options o) : LayerImpl("Weighed", o.name) {}
    Tensors call(const Tensors& inputs, const Call&) override {
      return {dense_(inputs[0]) * inputs[1]};
    }

   private:
    Dense dense_ = add_layer(Dense({.units = 2}));
  };
  const Handle<WeighedImpl> layer({.name = "w"});
  CHECK(layer({ones({3, 4}), ones({3, 2})}).shape() == Shape{3, 2});
  const auto a = Input({.shape = {4}}), b = Input({.shape = {2}});
  CHECK(layer({a, b}).shape().str() == "(None, 2)");
  CHECK(message_of([&] { layer(ones({3, 4})); }) ==
        "Weighed \"w\": takes 2 inputs, as in its first call, got 1; a layer that takes either "
        "overrides check()");
  CHECK(message_of([&] { layer.call(Tensors{}); }) ==
        "Weighed \"w\": takes at least one input, got none");
}

namespace {

// Reads two inputs, where it is told to.
class GateImpl : public LayerImpl {
 public:
  struct Options {
    bool in_build = false;
    std::string name = {};
  };
  explicit GateImpl(Options o) : LayerImpl("Gate", o.name), options_(o) {}
  void fields(Fields& f) override { f("in_build", options_.in_build); }
  void build(const Shapes& inputs) override {
    if (options_.in_build) add_weight("w", {inputs[1][-1]}, Ones());
  }
  Tensors call(const Tensors& inputs, const Call&) override { return {inputs[0] * inputs[1]}; }

 private:
  Options options_;
};
using Gate = Handle<GateImpl>;

}  // namespace

TEST_CASE("A layer of one's own that is first called with too few inputs says so") {
  const Tensor x = ones({2, 3});
  for (const bool in_build : {false, true}) {
    const Gate gate({.in_build = in_build, .name = "g"});
    const std::string message = "Gate \"g\": takes at least 2 inputs, got 1";
    CHECK(message_of([&] { gate(x); }) == message);
    CHECK(message_of([&] { gate(Input({.shape = {3}})); }) == message);
    CHECK(message_of([&] { gate.call(Tensors{}); }) ==
          "Gate \"g\": takes at least one input, got none");
    // It is not built for one input by that.
    if (in_build) CHECK(gate({x, x}).shape() == Shape{2, 3});
  }
  const Tensors list = {x};
  CHECK(message_of([&] { list[1]; }) == "a list of 1 has no number 1");
}
