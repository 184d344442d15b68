#include <kindling/layers/embedding.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Embedding looks up rows") {
  const Expected table{.weights = {"embeddings"}};
  check_layer(Embedding({.input_dim = 7, .output_dim = 3}), {random_ids({2, 4}, 1, 7)}, table);
  check_layer(Embedding({.input_dim = 7, .output_dim = 1}), {random_ids({5}, 1, 7)}, table);
  check_layer(Embedding({.input_dim = 7, .output_dim = 2, .embeddings_initializer = GlorotUniform(),
                         .name = "token_embedding"}), {random_ids({2, 3, 2}, 1, 7)}, table);
}

TEST_CASE("Embedding's mask is where an id isn't 0") {
  const Tensor ids = tensor({{4, 0, 1}, {0, 0, 2}});
  const Tensor mask = mask_of({{true, false, true}, {false, false, true}});
  check_layer(Embedding({.input_dim = 7, .output_dim = 3, .mask_zero = true}), {ids},
              {.weights = {"embeddings"}, .mask = mask});
  // Whatever mask the input carried.
  const Warnings warnings;
  const Tensor other = mask_of({{true, true, false}, {true, true, true}});
  check_layer(Embedding({.input_dim = 7, .output_dim = 3, .mask_zero = true}), {ids},
              {.weights = {"embeddings"}, .mask = mask, .call = {.mask = {other}}});
  CHECK(Warnings::list().empty());
  Embedding({.input_dim = 7, .output_dim = 3})(ids, {.mask = {other}});
  CHECK(Warnings::list().size() == 1);  // without mask_zero, it ends here
}

TEST_CASE("Embedding starts from a given table, which stays as it was") {
  const Tensor start = normals({5, 2}, 1), before = start.clone();
  const auto embedding = Embedding({.input_dim = 5, .output_dim = 2, .weights = start});
  check_close(embedding(tensor({3, 0})), take(start, tensor({3, 0})), 0);
  Tensor table = embedding.weights()[0].value;
  table.mutable_floats()[0] += 1;
  CHECK(same_bits(start, before));
  CHECK(start.sole_owner());
  CHECK(message_of([&] {
          Embedding({.input_dim = 6, .output_dim = 2, .weights = start, .name = "e"});
        }) == "Embedding \"e\": the table to start from is (input_dim, output_dim) = (6, 2), got "
              "(5, 2)");
}

TEST_CASE("Embedding's gradient is rows") {
  const auto embedding = Embedding({.input_dim = 5, .output_dim = 2});
  backward(sum(embedding(tensor({3, 3}))));
  CHECK(take_gradient(embedding.weights()[0].value).sparse());
}

TEST_CASE("Embedding says what doesn't fit") {
  const auto embedding = Embedding({.input_dim = 20000, .output_dim = 2,
                                    .name = "token_embedding"});
  Tensor ids = random_ids({4, 12}, 1, 20000);
  embedding(ids);
  ids.mutable_ints()[3 * 12 + 11] = 20007;
  CHECK(message_of([&] { embedding(ids); }) ==
        "Embedding \"token_embedding\": id 20007 at (3, 11) is outside [0, 20000)");
  CHECK(message_of([&] { embedding(tensor({-1})); }) ==
        "Embedding \"token_embedding\": id -1 at (0,) is outside [0, 20000)");
  CHECK(message_of([&] { embedding(zeros({2, 3})); }) ==
        "Embedding \"token_embedding\": ids are int32, got float32 (2, 3)");
  CHECK(message_of([&] { embedding({ids, ids}); }) ==
        "Embedding \"token_embedding\": takes 1 input, got 2");
  CHECK(message_of([] { Embedding({.input_dim = 0, .output_dim = 2, .name = "e"}); }) ==
        "Embedding \"e\": input_dim and output_dim are at least 1, got 0 and 2");
}
