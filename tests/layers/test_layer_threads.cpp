// One layer called from several threads at once, from its first call on, and builds that fail.
#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include <kindling/kindling.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

constexpr std::size_t thread_count = 6;

// What `call` returns in each of several threads.
std::vector<Tensors> in_threads(const std::function<Tensors()>& call) {
  std::vector<Tensors> results(thread_count);
  std::vector<std::string> failed(thread_count);
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < thread_count; ++i) {
    all.emplace_back([&, i] { failed[i] = message_of([&] { results[i] = call(); }); });
  }
  for (std::thread& one : all) one.join();
  for (const std::string& message : failed) CHECK(message == "no error");
  return results;
}

bool same_tensors(const Tensors& a, const Tensors& b) {
  return std::ranges::equal(a, b, [](const Tensor& x, const Tensor& y) { return same_bits(x, y); });
}

// Builds two layers inside, and fails between them as long as it is told to.
class PairImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit PairImpl(Options o) : LayerImpl("Pair", o.name) {}
  void build(const Shapes& inputs) override {
    add_weight("scale", {inputs[0][-1]}, Ones());
    first_.build(inputs);
    const auto third = add_layer(Dense({.units = 1}));
    if (failures > 0) throw Error(std::to_string(failures--) + " to come");
    second_.build({inputs[0].with(-1, 3)});
  }
  Tensors call(const Tensors& inputs, const Call&) override { return {second_(first_(inputs[0]))}; }
  static inline int failures = 0;

 private:
  Dense first_ = add_layer(Dense({.units = 3})), second_ = add_layer(Dense({.units = 2}));
};
using Pair = Handle<PairImpl>;

}  // namespace

TEST_CASE("A layer's first call may come from several threads", "[threads]") {
  const Tensor x = normals({4, 5, 6}, 1), ids = random_ids({4, 5}, 2, 9);
  const std::vector<std::pair<Layer, Tensors>> layers = {
      {Dense({.units = 3, .kernel_regularizer = L2(), .activity_regularizer = L1()}), {x}},
      {Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true}), {ids}},
      {Conv1D({.filters = 3, .kernel_size = 2}), {x}},
      {LSTM({.units = 3, .stateful = true}), {x}},
      {Bidirectional({.layer = GRU({.units = 3})}), {x}},
      {TimeDistributed({.layer = Dense({.units = 2})}), {x}},
      {MultiHeadAttention({.num_heads = 2, .key_dim = 3}), {x, x}},
      {AdditiveAttention(), {x, x}},
      {LayerNormalization(), {x}},
      {PReLU(), {x}},
      {Dropout({.rate = 0.5}), {x}},
      {Pair({.name = "pair"}), {x}},
  };
  for (const auto& [layer, inputs] : layers) {
    CAPTURE(layer.name());
    const std::vector<Tensors> results = in_threads([&, &layer = layer, &inputs = inputs] {
      Tensors all = layer.call(inputs);
      layer.losses();
      layer.weights();
      if (layer.class_name() == "LSTM") return Tensors();  // its states are those of either call
      return all;
    });
    for (const Tensors& each : results) CHECK(same_tensors(each, results[0]));
    std::set<std::string> names;
    for (const Weight& w : layer.weights()) CHECK(names.insert(w.name).second);
    // Its latest call left one loss; in training it may be random in several threads too.
    if (layer.class_name() == "Dense") CHECK(layer.losses().size() == 2);
    in_threads([&, &layer = layer, &inputs = inputs] {
      return layer.call(inputs, {.training = true});
    });
  }
}

TEST_CASE("Models may be made of one layer in several threads", "[threads]") {
  const Dense shared({.units = 3, .name = "shared"});
  const Pair own({.name = "own"});
  const auto models = in_threads([&] {
    const auto x = Input({.shape = {4}});
    const Functional model({.inputs = {x}, .outputs = {own(shared(x))}});
    return Tensors{model(ones({2, 4}))};
  });
  for (const Tensors& each : models) CHECK(same_tensors(each, models[0]));
  CHECK(shared.weights().size() == 2);
  CHECK(own.weights().size() == 5);
}

TEST_CASE("A build that fails leaves nothing behind", "[threads]") {
  const Pair pair({.name = "pair"});
  PairImpl::failures = 2;
  CHECK(message_of([&] { pair(ones({2, 5})); }) == "2 to come");
  CHECK(message_of([&] { pair.build({Shape{any, 5}}); }) == "1 to come");
  CHECK(pair.weights().empty());
  CHECK_FALSE(pair.built());
  CHECK(pair(ones({2, 4})).shape() == Shape{2, 2});  // other sizes than before
  CHECK(pair.weights().size() == 5);
  // Layers inside that were built before stay as they were.
  const Dense inside({.units = 2, .name = "inside"});
  inside.build({Shape{any, 3}});
  class HolderImpl : public LayerImpl {
   public:
    struct Options {
      Layer layer = {};
      std::string name = {};
    };
    explicit HolderImpl(Options o) : LayerImpl("Holder", o.name) { add_layer(o.layer); }
    void build(const Shapes&) override { fail_with("never"); }
    Tensors call(const Tensors& inputs, const Call&) override { return inputs; }
  };
  const Handle<HolderImpl> holder({.layer = inside, .name = "holder"});
  CHECK(message_of([&] { holder(ones({1, 3})); }) == "Holder \"holder\": never");
  CHECK(inside.built());
  CHECK(holder.weights().size() == 2);
}

TEST_CASE("Threads that set a seed draw the same numbers, others have streams of their own",
          "[threads]") {
  const auto drawn = [] { return Tensors{random_normal({3}), GlorotUniform()({2, 2})}; };
  set_random_seed(8);
  const Tensors alone = drawn();
  const auto seeded = in_threads([&] {
    set_random_seed(8);
    return drawn();
  });
  for (const Tensors& each : seeded) CHECK(same_tensors(each, alone));
  const auto unseeded = in_threads(drawn);
  for (std::size_t i = 0; i < thread_count; ++i) {
    CHECK_FALSE(same_tensors(unseeded[i], alone));
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(same_tensors(unseeded[i], unseeded[j]));
  }
  // A loop of one's own, with a stream of its own.
  const auto loop = [] {
    Generator random(5);
    const RandomScope scope(random);
    const Dropout dropout({.rate = 0.5});
    return Tensors{dropout(ones({9}), {.training = true}), random_uniform({2})};
  };
  const auto loops = in_threads(loop);
  for (const Tensors& each : loops) CHECK(same_tensors(each, loop()));
  // The two never meet, however often either is split.
  Generator generator(1);
  const Generator same_seed(1);
  Generator taken = generator.split();
  CHECK(taken.seed() == same_seed.seed());
  CHECK(generator.seed() != taken.seed());
  CHECK(generator.split().seed() != taken.split().seed());
}

TEST_CASE("What calls leave in a layer stays out of it while they are isolated") {
  class CountImpl : public LayerImpl {
   public:
    struct Options {
      std::string name = {};
    };
    explicit CountImpl(Options o) : LayerImpl("Count", o.name) {}
    void state(Fields& f) override { calls_.field(f, "calls"); }
    Tensors call(const Tensors& inputs, const Call&) override {
      calls_.set(calls_.get() + 1);
      add_loss(scalar(static_cast<double>(calls_.get())));
      return {inputs[0] * static_cast<double>(calls_.get())};
    }

   private:
    CallState<std::int64_t> calls_{0};
  };
  const Handle<CountImpl> count({.name = "count"});
  const auto call = [&] { return count(ones({1})).item(); };
  using Keeps = detail::IsolatedCalls::Keeps;
  CHECK(call() == 1);
  {
    const detail::IsolatedCalls isolated(Keeps::nothing);
    CHECK(count.losses().empty());
    CHECK(call() == 2);
    CHECK(call() == 3);
    CHECK(count.losses()[0].item() == 3);
    {
      const detail::IsolatedCalls inner(Keeps::states);  // into the outer one
      CHECK(call() == 4);
    }
    CHECK(count.losses()[0].item() == 3);
    CHECK(call() == 5);
  }
  CHECK(count.losses()[0].item() == 1);
  CHECK(call() == 2);
  const detail::IsolatedCalls isolated(Keeps::states);
  CHECK(call() == 3);
  CHECK(count.losses()[0].item() == 3);
}
