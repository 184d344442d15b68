// How long single operations take, with Google Benchmark:
//
//   build/release/bin/kernels --benchmark_filter=attention
//
// All on one thread but where a name says otherwise.
#include <benchmark/benchmark.h>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/optim/adam.h>
#include <kindling/tensor/random.h>
#include <kindling/tensor/threads.h>

namespace {

using namespace kindling;
using std::int64_t;

Tensor normals(const Shape& shape) { return random_normal(shape); }

// How many things are done a second; printed with the time for one of them.
void count(benchmark::State& state, const char* what, double things) {
  using benchmark::Counter;
  state.counters[what] = Counter(things, Counter::kIsIterationInvariantRate);
  state.counters[std::string("time/") + what] =
      Counter(things, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

// Arguments: batch, steps of queries and of values, threads, and whether there is a way back.
void additive_attention_op(benchmark::State& state) {
  const int64_t batch = state.range(0), steps = state.range(1), depth = 100;
  set_threads(static_cast<int>(state.range(2)));
  const bool back = state.range(3) != 0;
  const Shape shape{batch, steps, depth};
  const Tensor query = variable(normals(shape)), key = variable(normals(shape));
  const Tensor value = variable(normals(shape)), scale = variable(normals({depth}) * 0.1);
  const Tensor g = normals(shape);
  for (auto _ : state) {
    if (!back) {
      const NoGrad no_grad;
      benchmark::DoNotOptimize(additive_attention(query, value, key, scale));
      continue;
    }
    backward({additive_attention(query, value, key, scale)[0]}, {g});
    for (const Tensor& x : {query, key, value, scale}) take_gradient(x);
  }
  count(state, "pair_channel", static_cast<double>(batch * steps * steps * depth));
}
BENCHMARK(additive_attention_op)
    ->Name("additive_attention")
    ->ArgNames({"batch", "steps", "threads", "back"})
    ->ArgsProduct({{32}, {128}, {1, 2}, {0, 1}})
    ->ArgsProduct({{8}, {512}, {1, 2}, {0, 1}})
    ->Args({64, 16, 1, 1})
    ->Args({32, 32, 1, 1})
    ->Args({32, 64, 1, 1})
    ->Args({16, 256, 1, 1})
    ->Args({1, 1024, 1, 1})
    ->Args({1, 2048, 1, 1})
    ->Args({1, 4096, 1, 1})
    ->Args({1, 8192, 1, 1})
    ->MinWarmUpTime(0.2)  // the first run meets new pages
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// The convolution of the documented model: 4096 steps in sequences. Flops are those of the
// definition, of which Winograd's form needs half.
void conv1d_op(benchmark::State& state) {
  set_threads(1);
  const int64_t steps = state.range(0), channels = state.range(1), filters = state.range(2);
  const int64_t taps = 4, batch = 4096 / steps;
  const bool back = state.range(3) != 0;
  const Tensor x = variable(normals({batch, steps, channels}));
  const Tensor kernel = variable(normals({taps, channels, filters}));
  const Tensor bias = variable(normals({filters})), g = normals({batch, steps, filters});
  const Conv1DShape same{.pad_left = 1, .pad_right = 2};
  for (auto _ : state) {
    const Tensor y = conv1d(x, kernel, bias, same, Pointwise::relu);
    if (!back) continue;
    backward({y}, {g});
    for (const Tensor& v : {x, kernel, bias}) take_gradient(v);
  }
  const double flops = 2.0 * 4096 * static_cast<double>(taps * channels * filters);
  count(state, "flop", back ? 3 * flops : flops);
}
BENCHMARK(conv1d_op)
    ->Name("conv1d")
    ->ArgNames({"steps", "channels", "filters", "back"})
    ->ArgsProduct({{32, 256}, {128}, {100}, {0, 1}})
    ->ArgsProduct({{256}, {16, 128}, {8, 256}, {1}})
    ->Unit(benchmark::kMillisecond);

void matmul_op(benchmark::State& state) {
  set_threads(1);
  const int64_t n = state.range(0);
  const Tensor a = normals({n, n}), b = normals({n, n});
  for (auto _ : state) benchmark::DoNotOptimize(matmul(a, b));
  count(state, "flop", 2.0 * static_cast<double>(n * n * n));
}
BENCHMARK(matmul_op)->Name("matmul")->Arg(64)->Arg(256)->Arg(768);

// A table of 20,000 rows of 128, of which a step looks up some; looking up, gradient and Adam.
void embedding_step(benchmark::State& state) {
  set_threads(1);
  const int64_t looked_up = state.range(0), rows = 20000, width = 128;
  const Tensor table = variable(normals({rows, width})), g = normals({looked_up, width});
  const Adam adam({.learning_rate = 1e-3});
  Generator generator(1);
  Tensor ids = Tensor::empty({looked_up}, DType::int32);
  for (auto _ : state) {
    state.PauseTiming();
    for (std::int32_t& id : ids.mutable_ints()) {
      id = static_cast<std::int32_t>(generator.below(rows));
    }
    state.ResumeTiming();
    backward({take(table, ids)}, {g});
    adam.step({{"table", table}});
  }
  count(state, "element", static_cast<double>(looked_up * width));
}
BENCHMARK(embedding_step)->Arg(256)->Arg(2048)->Arg(8192)->Unit(benchmark::kMicrosecond);

// 4096 numbers, in the first cache.
void elementwise(benchmark::State& state, Tensor (*f)(const Tensor&)) {
  set_threads(1);
  const Tensor x = normals({4096});
  for (auto _ : state) benchmark::DoNotOptimize(f(x));
  count(state, "element", 4096);
}
BENCHMARK_CAPTURE(elementwise, relu, relu);
BENCHMARK_CAPTURE(elementwise, exp, exp);
BENCHMARK_CAPTURE(elementwise, tanh, tanh);
BENCHMARK_CAPTURE(elementwise, sigmoid, sigmoid);
BENCHMARK_CAPTURE(elementwise, gelu, gelu);
BENCHMARK_CAPTURE(elementwise, division, reciprocal);

void softmax_op(benchmark::State& state) {
  set_threads(1);
  const Tensor x = normals({4096 / state.range(0), state.range(0)});
  for (auto _ : state) benchmark::DoNotOptimize(softmax(x));
  count(state, "element", 4096);
}
BENCHMARK(softmax_op)->Name("softmax")->Arg(16)->Arg(64)->Arg(1024);

// What recording and running back cost: a chain of operations on 16 numbers.
void small_operations(benchmark::State& state) {
  set_threads(1);
  constexpr int chain = 10;
  const Tensor x = variable(normals({16})), g = normals({16});
  for (auto _ : state) {
    Tensor y = x;
    for (int i = 0; i < chain; ++i) y = tanh(y);
    backward({y}, {g});
    take_gradient(x);
  }
  count(state, "operation", chain);
}
BENCHMARK(small_operations);

}  // namespace

BENCHMARK_MAIN();
