// Memory that runs out anywhere: an exception then, never the end of the program, and what has been
// made is let go of without taking more. In this program operator new fails when it is told to.
#include <atomic>
#include <cstdlib>
#include <new>

#include <kindling/io/json.h>
#include <kindling/kindling.h>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

constexpr long never = -1;
std::atomic<long> left = never;  // allocations that succeed before all fail

bool fails() {
  long now = left;
  while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
  }
  return now == 0;
}

// Runs f with less and less failing, until all that it asks for is there, and returns how often it
// was not.
template <class F>
int failures_of(F f, long growth_in_percent = 0) {
  int failures = 0;
  for (long n = 0;; n += 1 + n * growth_in_percent / 100, ++failures) {
    left = n;
    try {
      f();
      left = never;
      return failures;
    } catch (const std::bad_alloc&) {
    } catch (const Error&) {
      if (left != 0) n = never;  // for another reason
    }
    left = never;
    if (n == never) return failures;
  }
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = fails() ? nullptr : std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("JSON that runs out of memory throws") {
  Config deep = Config::Map{{"end", 1.5}};
  for (int level = 0; level < 60; ++level) {
    deep = Config::Map{{"list", Config::List{deep, "a text that is longer than a short one", 7}},
                       {"another key that is longer", Config()}};
  }
  std::string text;
  CHECK(failures_of([&] { text = to_json(deep); }, 3) > 10);
  CHECK(failures_of([&] { parse_json(text, "deep.json"); }, 3) > 10);
  CHECK(to_json(parse_json(text, "deep.json")) == text);
  CHECK(failures_of([&] { parse_json(text + "]", "deep.json"); }, 3) > 10);
}

TEST_CASE("Graphs that run out of memory are let go of without more") {
  CHECK(failures_of([] {
          Tensor x = variable(ones({2}));
          for (int i = 0; i < 300; ++i) x = x * 1.01 + 0.5;
          backward(sum(x));
          Tensor kept = variable(ones({2}));
          for (int i = 0; i < 300; ++i) kept = kept * 1.01;
          left = 0;  // deleting takes none
          x = Tensor();
          kept = Tensor();
          left = never;
        }, 5) > 10);
  CHECK(failures_of([] {
          const auto input = Input({.shape = {3}});
          SymbolicTensor x = input;
          for (int i = 0; i < 30; ++i) x = Add()(SymbolicTensors{x, ReLU()(x)});
          auto model = std::make_unique<Model>(input, x);
          x = SymbolicTensor();
          left = 0;
          model.reset();
          left = never;
        }, 5) > 10);
}

TEST_CASE("Training and predicting that run out of memory throw, and work again") {
  const Tensor ids = random_ids({12, 4}, 1, 9), y = cast(coins({12, 1}, 2), DType::float32);
  const auto make = [] {
    const auto x = Input({.shape = {any}, .dtype = DType::int32});
    const auto h = Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true})(x);
    const auto a = AdditiveAttention()({h, LSTM({.units = 4, .return_sequences = true})(h)});
    const auto pooled = GlobalAveragePooling1D()(Dropout({.rate = 0.25})(a));
    Model model(x, Dense({.units = 1, .activation = sigmoid})(pooled));
    model.compile({.loss = BinaryCrossentropy(), .metrics = {AUC()}});
    return model;
  };
  CHECK(failures_of([&] { make(); }, 20) > 10);
  Model model = make();
  const auto fit = [&] {
    model.fit({ids}, y, {.batch_size = 5, .epochs = 2, .verbose = Verbose::silent});
  };
  CHECK(failures_of(fit, 20) > 10);
  CHECK(failures_of([&] { model.evaluate({ids}, y); }, 20) > 10);
  CHECK(failures_of([&] { model.predict(ids); }, 20) > 10);
  CHECK(failures_of([&] { model.summary(); }, 20) > 10);
  CHECK(model.predict(ids).shape() == Shape{12, 1});
}

TEST_CASE("Saving and loading that run out of memory throw, and what is there can be loaded") {
  const auto make = [](std::uint64_t seed) {
    set_random_seed(seed);
    const auto x = Input({.shape = {any}, .dtype = DType::int32, .name = "x"});
    const auto h = Embedding({.input_dim = 9, .output_dim = 4, .name = "e"})(x);
    const auto pooled = GlobalAveragePooling1D({.name = "p"})(LSTM(
        {.units = 3, .return_sequences = true, .name = "l"})(h));
    return Model(x, Dense({.units = 1, .name = "d"})(pooled), "m");
  };
  const Model old = make(1), fresh = make(2);
  const Tensor ids = random_ids({3, 4}, 1, 9);
  const Tensor of_old = old.predict(ids), of_fresh = fresh.predict(ids);
  const TemporaryFolder folder;
  for (const char* name : {"m", "m.keras", "w.safetensors", "w.weights.h5"}) {
    const std::string path = folder.file(name);
    const bool whole = name[0] == 'm';
    const auto save = [&](const Model& model) {
      return whole ? model.save(path) : model.save_weights(path);
    };
    if (message_of([&] { save(old); }) != "no error") continue;  // archives are left out
    INFO(name);
    const Model read = make(3);
    const auto predicted = [&] {
      if (whole) return Model::load(path).predict(ids);
      read.load_weights(path);
      return read.predict(ids);
    };
    bool good = true;
    CHECK(failures_of([&] {
            try {
              save(fresh);
            } catch (...) {
              left = never;
              const Tensor now = predicted();
              good = good && (same_bits(now, of_old) || same_bits(now, of_fresh));
              left = 0;
              throw;
            }
          }, 10) > 10);
    CHECK(good);
    CHECK(same_bits(predicted(), of_fresh));
    const Model target = make(4);
    const Tensor before = target.weights()[0].value.clone();
    CHECK(failures_of([&] {
            try {
              if (whole) {
                Model::load(path);
              } else {
                target.load_weights(path);
              }
            } catch (...) {
              left = never;
              good = good && same_bits(target.weights()[0].value, before);
              left = 0;
              throw;
            }
          }, 10) > 10);
    CHECK(good);
  }
}
