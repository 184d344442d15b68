#include <kindling/tensor/kernels/additive_attention.h>
#include <kindling/tensor/kernels/attention_dropout.h>
#include <kindling/tensor/random.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "tests/kernels/oracle.h"
#include "tests/kernels/targets.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

using Bools = std::unique_ptr<bool[]>;

std::size_t at(int64_t i) { return static_cast<std::size_t>(i); }

// Which arguments a problem has beside the three that it must.
struct Options {
  bool scaled = true, query_mask = false, value_mask = false, causal = false, weights = false;
  double dropout = 0;
};

Options random_options(Dice& dice) {
  return {dice.coin(), dice.coin(), dice.coin(), dice.coin(), dice.coin(),
          dice.coin() ? 0.3 : 0.0};
}

struct Results {
  Floats output, weights, dquery, dkey, dvalue, dscale;
};

struct Problem {
  AdditiveAttentionShape s;
  Options options;
  Floats query, key, value, scale, g, dweights;
  Bools query_mask, value_mask;

  Problem(const AdditiveAttentionShape& shape, const Options& some, Dice& dice,
          float magnitude = 1.0f)
      : s(shape),
        options(some),
        query(dice.normals(s.batch * s.queries * s.depth, magnitude)),
        key(dice.normals(s.batch * s.keys * s.depth, magnitude)),
        value(dice.normals(s.batch * s.keys * s.width)),
        scale(dice.normals(s.depth, 0.3f)),
        g(dice.normals(s.batch * s.queries * s.width)),
        dweights(dice.normals(s.batch * s.queries * s.keys)),
        query_mask(coins(s.batch * s.queries, dice)),
        value_mask(coins(s.batch * s.keys, dice)) {}

  static Bools coins(int64_t n, Dice& dice) {
    Bools result(new bool[at(n)]);
    std::generate_n(result.get(), n, [&] { return dice.coin(); });
    return result;
  }

  AdditiveAttentionInputs inputs() const {
    return {query.data(),
            key.data(),
            value.data(),
            options.scaled ? scale.data() : nullptr,
            options.query_mask ? query_mask.get() : nullptr,
            options.value_mask ? value_mask.get() : nullptr,
            options.causal,
            options.dropout,
            7,
            5};
  }

  // Whether query i of b sees key j. One that sees nothing weighs all alike.
  bool sees(int64_t b, int64_t i, int64_t j) const {
    return (!options.causal || j <= i) && (!options.value_mask || value_mask[at(b * s.keys + j)]);
  }
  bool blind(int64_t b, int64_t i) const {
    for (int64_t j = 0; j < s.keys; ++j) {
      if (sees(b, i, j)) return false;
    }
    return true;
  }
  bool masked(int64_t row) const { return options.query_mask && !query_mask[at(row)]; }

  Results run() const {
    Results r{Floats(g.size(), NAN),   Floats(dweights.size(), NAN), Floats(query.size(), NAN),
              Floats(key.size(), NAN), Floats(value.size(), NAN),    Floats(scale.size(), NAN)};
    std::vector<SoftmaxOf> softmax(at(s.batch * s.queries));
    additive_attention(s, inputs(),
                       {r.output.data(), softmax.data(),
                        options.weights ? r.weights.data() : nullptr});
    if (!options.weights) std::fill(r.weights.begin(), r.weights.end(), 0.0f);
    additive_attention_gradient(
        s, inputs(),
        {r.output.data(), softmax.data(), g.data(), options.weights ? r.weights.data() : nullptr,
         options.weights ? dweights.data() : nullptr},
        {r.dquery.data(), r.dkey.data(), r.dvalue.data(), r.dscale.data()});
    return r;
  }
};

// The same in double, as the formulas say it, a query at a time. Sums may all but vanish, as a
// query's does where all slopes are 1: `sizes` are the same sums of the terms' magnitudes, the
// slope counted as 1, which is what rounding is relative to.
struct Expected {
  Doubles output, weights, dquery, dkey, dvalue, dscale;
  struct Sizes {
    Doubles dquery, dkey, dscale;
  } sizes;

  explicit Expected(const Problem& p)
      : output(p.g.size()),
        weights(p.dweights.size()),
        dquery(p.query.size()),
        dkey(p.key.size()),
        dvalue(p.value.size()),
        dscale(p.scale.size()),
        sizes{dquery, dkey, dscale} {
    for (int64_t row = 0; row < p.s.batch * p.s.queries; ++row) add(p, row);
  }

 private:
  void add(const Problem& p, int64_t row) {
    const AdditiveAttentionShape& s = p.s;
    const int64_t b = row / s.queries, i = row % s.queries;
    const bool blind = p.blind(b, i);
    const auto x = [&](int64_t j, int64_t d) {
      return static_cast<double>(p.query[at(row * s.depth + d)]) +
             static_cast<double>(p.key[at((b * s.keys + j) * s.depth + d)]);
    };
    const auto factor = [&](int64_t d) {
      return p.options.scaled ? static_cast<double>(p.scale[at(d)]) : 1.0;
    };
    Doubles score(at(s.keys)), softmax(at(s.keys)), drop(at(s.keys), 1), dp(at(s.keys));
    double largest = -INFINITY, sum = 0, delta = 0;
    for (int64_t j = 0; j < s.keys; ++j) {
      for (int64_t d = 0; d < s.depth; ++d) score[at(j)] += factor(d) * std::tanh(x(j, d));
      if (blind || p.sees(b, i, j)) largest = std::max(largest, score[at(j)]);
    }
    for (int64_t j = 0; j < s.keys; ++j) {
      softmax[at(j)] = blind ? 1 : p.sees(b, i, j) ? std::exp(score[at(j)] - largest) : 0;
      sum += softmax[at(j)];
    }
    Bools keep(new bool[at(s.keys)]);
    kindling::Generator(7, 5 + static_cast<std::uint64_t>(row * attention_dropout_blocks(s.keys)))
        .fill_bernoulli(keep.get(), s.keys, 1 - p.options.dropout);
    for (int64_t j = 0; j < s.keys; ++j) {
      softmax[at(j)] /= sum;
      drop[at(j)] = keep[at(j)] ? 1 / (1 - p.options.dropout) : 0;
      const double weight = softmax[at(j)] * drop[at(j)];
      const auto pair = at(row * s.keys + j);
      if (p.options.weights) {
        weights[pair] = weight;
        dp[at(j)] = static_cast<double>(p.dweights[pair]);
      }
      for (int64_t c = 0; c < s.width && !p.masked(row); ++c) {
        const auto at_value = at((b * s.keys + j) * s.width + c), at_g = at(row * s.width + c);
        output[at_g] += weight * static_cast<double>(p.value[at_value]);
        dvalue[at_value] += weight * static_cast<double>(p.g[at_g]);
        dp[at(j)] += static_cast<double>(p.g[at_g]) * static_cast<double>(p.value[at_value]);
      }
      dp[at(j)] *= drop[at(j)];
      delta += softmax[at(j)] * dp[at(j)];
    }
    for (int64_t j = 0; j < s.keys; ++j) {
      const double ds = softmax[at(j)] * (dp[at(j)] - delta);
      for (int64_t d = 0; d < s.depth; ++d) {
        const double slope = std::pow(std::cosh(x(j, d)), -2), t = std::tanh(x(j, d));
        const auto at_query = at(row * s.depth + d), at_key = at((b * s.keys + j) * s.depth + d);
        dquery[at_query] += ds * factor(d) * slope;
        sizes.dquery[at_query] += std::abs(ds * factor(d));
        dkey[at_key] += ds * factor(d) * slope;
        sizes.dkey[at_key] += std::abs(ds * factor(d));
        dscale[at(d)] += ds * t;
        sizes.dscale[at(d)] += std::abs(ds * t);
      }
    }
  }
};

void check(const Problem& p) {
  CAPTURE(p.s.batch, p.s.queries, p.s.keys, p.s.depth, p.s.width, p.options.scaled,
          p.options.query_mask, p.options.value_mask, p.options.causal, p.options.weights,
          p.options.dropout);
  const Expected e(p);
  for_each_target([&](const char* target) {
    CAPTURE(target);
    const Results r = p.run();
    // A single lane adds up all of a score's terms one after the other, and what many channels
    // without a scale add up to is large.
    const bool rough = std::string(target) == "SCALAR" || p.s.depth > 500;
    // Without a scale a score comes near the depth, and what floats of that size round, some 2e-6 a
    // sum, is an error of the weights.
    const double tolerance = rough ? 2e-5 : p.options.scaled ? 5e-6 : 1e-5;
    CHECK(error_of(r.output, e.output) < tolerance);
    CHECK(error_of(r.weights, e.weights) < tolerance);
    CHECK(error_of(r.dvalue, e.dvalue) < tolerance);
    CHECK(error_of(r.dquery, e.dquery, e.sizes.dquery) < tolerance);
    CHECK(error_of(r.dkey, e.dkey, e.sizes.dkey) < tolerance);
    CHECK(error_of(r.dscale, e.dscale, e.sizes.dscale) < tolerance);
  });
}

AdditiveAttentionShape random_shape(Dice& dice) {
  return {dice.integer(1, 5), dice.integer(1, 40), dice.integer(1, 40), dice.integer(1, 40),
          dice.integer(1, 9)};
}

}  // namespace

TEST_CASE("additive attention and its gradients agree with a loop") {
  Dice dice(1);
  for (int i = 0; i < 80; ++i) check(Problem(random_shape(dice), random_options(dice), dice));
}

TEST_CASE("additive attention of many tiles agrees with a loop") {
  Dice dice(2);
  for (int i = 0; i < 4; ++i) {
    check(Problem({1, 150, 170, 17, 5}, random_options(dice), dice));
    check(Problem({2, 300, 20, 5, 3}, random_options(dice), dice));
    check(Problem({9, 70, 66, 9, 2}, random_options(dice), dice));
    check(Problem({40, 3, 4, 100, 100}, random_options(dice), dice));
  }
}

TEST_CASE("whole tiles that see nothing are followed by others that do") {
  Dice dice(11);
  for (bool all_masked : {false, true}) {
    Problem problem({2, 150, 170, 9, 5}, {.value_mask = true, .causal = true}, dice);
    std::fill_n(problem.value_mask.get(), all_masked ? 170 : 80, false);
    check(problem);
  }
}

TEST_CASE("additive attention of many channels, without a scale and with a large one") {
  Dice dice(12);
  for (int64_t depth : {127, 129, 512, 1000}) {
    check(Problem({2, 5, 7, depth, 3}, {.scaled = false}, dice));
  }
  // Such a scale makes one key win; nothing may be infinite or not a number.
  for (float magnitude : {0.01f, 1.0f}) {
    for (float scale : {1e3f, 1e5f, 1e9f, 1e14f}) {
      Problem problem({2, 9, 7, 32, 3}, {}, dice, magnitude);
      for (float& s : problem.scale) s *= scale;
      for_each_target([&](const char* target) {
        CAPTURE(target, magnitude, scale);
        const Results r = problem.run();
        for (const Floats* x : {&r.output, &r.dquery, &r.dkey, &r.dvalue, &r.dscale}) {
          CHECK(std::all_of(x->begin(), x->end(), [](float v) { return std::isfinite(v); }));
        }
      });
    }
  }
}

TEST_CASE("additive attention holds for small and large values") {
  Dice dice(3);
  for (float magnitude : {1e-4f, 0.01f, 0.1f, 5.0f, 10.0f, 20.0f, 100.0f, 1000.0f, 1e30f}) {
    CAPTURE(magnitude);
    for (int i = 0; i < 4; ++i) {
      check(Problem(random_shape(dice), random_options(dice), dice, magnitude));
    }
  }
}

TEST_CASE("additive attention holds where query and key cancel") {
  Dice dice(4);
  for (float large : {5.0f, 15.0f, 19.5f, 21.0f, 30.0f, 60.0f, 200.0f}) {
    CAPTURE(large);
    Problem problem({2, 9, 10, 19, 4}, {}, dice, 0.1f);
    const auto shift = [&](Floats& x, float even, float odd) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += i % 19 % 2 == 0 ? even : odd;
    };
    shift(problem.query, large, -large);
    shift(problem.key, -large, large);
    check(problem);
  }
}

TEST_CASE("one large element takes nothing from the others") {
  Dice dice(5);
  Problem problem({3, 40, 11, 12, 4}, {}, dice);
  problem.query[5] = -3e4f;
  problem.key[200] = 1e38f;
  check(problem);
  problem.scale[3] = 1e20f;
  for_each_target([&](const char* target) {
    CAPTURE(target);
    for (float y : problem.run().output) CHECK(std::isfinite(y));
  });
}

TEST_CASE("additive attention passes NaN on, to the rows that it reaches") {
  Dice dice(7);
  for (bool in_query : {true, false}) {
    Problem problem({2, 3, 2, 9, 4}, {}, dice);
    (in_query ? problem.query : problem.key)[4] = std::numeric_limits<float>::quiet_NaN();
    for_each_target([&](const char* target) {
      CAPTURE(target);
      const Results r = problem.run();
      for (std::size_t i = 0; i < 12; ++i) {
        CHECK(std::isnan(r.output[i]) == (in_query ? i < 4 : true));
        CHECK_FALSE(std::isnan(r.output[12 + i]));
      }
      CHECK(std::isnan(r.dquery[4]));
      CHECK(std::isnan(r.dkey[4]));
      CHECK(std::isnan(r.dscale[4]));
      CHECK_FALSE(std::isnan(r.dkey[2 * 9]));
    });
  }
}

TEST_CASE("additive attention of nothing") {
  Dice dice(8);
  using S = AdditiveAttentionShape;
  for (const S& s : {S{0, 3, 4, 5, 2}, S{2, 0, 4, 5, 2}, S{2, 3, 0, 5, 2}, S{2, 3, 4, 0, 2},
                     S{2, 3, 4, 5, 0}}) {
    check(Problem(s, {}, dice));
    check(Problem(s, {.value_mask = true, .causal = true, .weights = true}, dice));
  }
}

TEST_CASE("gradients that nobody wants are left out") {
  Dice dice(9);
  for (const AdditiveAttentionShape& s :
       {AdditiveAttentionShape{9, 9, 7, 5, 3}, {1, 100, 7, 5, 3}}) {
    const Problem problem(s, {}, dice);
    const Results all = problem.run();
    Results some = all;
    std::vector<SoftmaxOf> softmax(at(s.batch * s.queries));
    additive_attention(s, problem.inputs(), {some.output.data(), softmax.data()});
    const auto run = [&](const AdditiveAttentionGradients& to) {
      additive_attention_gradient(s, problem.inputs(),
                                  {some.output.data(), softmax.data(), problem.g.data()}, to);
    };
    run({});
    run({.query = some.dquery.data()});
    run({.key = some.dkey.data()});
    run({.value = some.dvalue.data()});
    run({.scale = some.dscale.data()});
    CHECK(some.dquery == all.dquery);
    CHECK(some.dkey == all.dkey);
    CHECK(some.dvalue == all.dvalue);
    CHECK(some.dscale == all.dscale);
  }
}

TEST_CASE("additive attention gives the same bits for any number of threads") {
  Dice dice(10);
  for (const AdditiveAttentionShape& s :
       {AdditiveAttentionShape{1, 200, 130, 33, 7}, {40, 10, 20, 16, 16}, {3, 70, 9, 100, 5}}) {
    Options options = random_options(dice);
    options.dropout = 0.2;
    const Problem problem(s, options, dice);
    check_same_bits_for_any_threads([&] { return problem.run().output; });
    check_same_bits_for_any_threads([&] { return problem.run().dquery; });
    check_same_bits_for_any_threads([&] { return problem.run().dkey; });
    check_same_bits_for_any_threads([&] { return problem.run().dvalue; });
    check_same_bits_for_any_threads([&] { return problem.run().dscale; });
  }
}
