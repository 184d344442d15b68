// What all layers share: names, call arguments, masks that are dropped.
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/flatten.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

constexpr const char* dropped =
    "Flatten \"flat\": does not support masks, the one its input carries ends here; put it back on "
    "the result with with_mask if later layers should see it";

Tensor masked_input() {
  return with_mask(normals({1, 3, 2}, 1), mask_of({{true, true, false}}));
}

struct PolicyScope {
  explicit PolicyScope(DroppedMask policy) { set_dropped_mask_policy(policy); }
  ~PolicyScope() { set_dropped_mask_policy(DroppedMask::warn); }
  PolicyScope(const PolicyScope&) = delete;
  PolicyScope& operator=(const PolicyScope&) = delete;
};

}  // namespace

TEST_CASE("A layer that drops a mask says so once") {
  const Warnings warnings;
  const auto flatten = Flatten({.name = "flat"});
  CHECK_FALSE(flatten(masked_input()).mask().defined());
  flatten(masked_input());
  flatten(masked_input().reshaped({1, 3, 2}), {.mask = {mask_of({{true, true, true}})}});
  CHECK(Warnings::list() == std::vector<std::string>{dropped});
  Flatten({.name = "flat"})(normals({1, 3, 2}, 1));
  CHECK(Warnings::list().size() == 1);
  Flatten({.name = "other"})(masked_input());
  CHECK(Warnings::list().size() == 2);
}

TEST_CASE("A dropped mask may be an error, or nothing") {
  const Warnings warnings;
  const auto flatten = Flatten({.name = "flat"});
  {
    const PolicyScope scope(DroppedMask::error);
    CHECK(message_of([&] { flatten(masked_input()); }) == dropped);
    CHECK(message_of([&] { flatten(normals({1, 3, 2}, 1)); }) == "no error");
    // A layer that passes masks on drops none.
    CHECK(message_of([&] { Dense({.units = 1})(masked_input()); }) == "no error");
  }
  {
    const PolicyScope scope(DroppedMask::silent);
    flatten(masked_input());
  }
  CHECK(Warnings::list().empty());
}

TEST_CASE("A mask given to the call stands before the one the input carries") {
  const Tensor x = masked_input(), other = mask_of({{false, true, true}});
  const auto dense = Dense({.units = 1});
  CHECK(same_bits(dense(x).mask(), x.mask()));
  CHECK(same_bits(dense(x, {.mask = {other}}).mask(), other));
  CHECK(message_of([&] { dense(x, {.mask = {other, other}}); })
            .ends_with(": takes at most one mask an input, got 2 masks for 1 input"));
  CHECK(message_of([&] { dense(x, {.mask = {mask_of({{true, true}})}}); }) ==
        "with_mask: a mask is bool and has the leading sizes of its tensor, got bool (1, 2) "
        "[x (1, 3, 1)]");
}

TEST_CASE("A layer takes only the call arguments it has") {
  const auto dense = Dense({.units = 1, .name = "d"});
  const Tensor x = ones({2, 3});
  const char* message = "Dense \"d\": takes no use_causal_mask and no return_attention_scores";
  CHECK(message_of([&] { dense(x, {.use_causal_mask = true}); }) == message);
  CHECK(message_of([&] { dense(x, {.return_attention_scores = true}); }) == message);
  CHECK(message_of([&] { dense(Input({.shape = {3}}), {.use_causal_mask = true}); }) == message);
  CHECK(message_of([&] { dense(Tensor()); }) == "Dense \"d\": input 0 is an undefined tensor");
  CHECK(message_of([&] { dense(SymbolicTensor()); }) ==
        "Dense \"d\": input 0 is an undefined tensor");
  CHECK(message_of([] {
          AdditiveAttention({.name = "a"})({ones({1, 2, 3}), ones({1, 2, 3})},
                                           {.return_attention_scores = true});
        }) == "AdditiveAttention \"a\": has 2 results, call() returns them all");
}

TEST_CASE("Layers without a name are numbered by class, in snake case") {
  CHECK(snake_case("GlobalAveragePooling1D") == "global_average_pooling1d");
  CHECK(snake_case("Conv1D") == "conv1d");
  CHECK(snake_case("SGD") == "sgd");
  CHECK(snake_case("AUC") == "auc");
  CHECK(snake_case("AdditiveAttention") == "additive_attention");
  const std::string one = Conv1D({.filters = 1, .kernel_size = 1}).name();
  const std::string two = Conv1D({.filters = 1, .kernel_size = 1}).name();
  const auto number = [](const std::string& name) {
    return name == "conv1d" ? 0 : std::stoi(name.substr(std::string("conv1d_").size()));
  };
  CHECK(number(two) == number(one) + 1);
  CHECK(message_of([] { Dense({.units = 1, .name = "a/b"}); }) ==
        "Dense \"a/b\": a name has no '/', which separates the parts of a weight's path");
  CHECK(message_of([] {
          layer_from_config("Dense", Config::Map{{"units", 1}, {"name", "a/b"}});
        }) == "Dense \"a/b\": a name has no '/', which separates the parts of a weight's path");
}

TEST_CASE("A general handle becomes the class it is of again") {
  const Layer layer = Dense({.units = 1, .name = "d"});
  CHECK(Dense::of(layer).impl() == layer.impl());
  CHECK(message_of([&] { Conv1D::of(layer); }) == "Dense \"d\": is no Conv1D");
}

TEST_CASE("Building by shape makes the weights that the first call would") {
  const auto dense = Dense({.units = 3});
  dense.build({{any, 5}});
  CHECK(dense.built());
  CHECK(dense.weights()[0].value.shape() == Shape{5, 3});
  const Tensor kernel = dense.weights()[0].value;
  dense.build({{any, 5}});
  dense(ones({2, 5}));
  CHECK(dense.weights()[0].value.same_memory(kernel));
}
