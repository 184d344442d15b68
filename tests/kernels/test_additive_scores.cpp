#include <kindling/tensor/kernels/additive_scores.h>

#include <algorithm>
#include <limits>

#include "tests/kernels/oracle.h"
#include "tests/kernels/targets.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

struct Problem {
  AdditiveScoresShape s;
  Floats query, key, scale, g;

  Problem(const AdditiveScoresShape& shape, Dice& dice, float magnitude = 1.0f)
      : s(shape),
        query(dice.normals(s.batch * s.queries * s.depth, magnitude)),
        key(dice.normals(s.batch * s.keys * s.depth, magnitude)),
        scale(dice.normals(s.depth)),
        g(dice.normals(s.batch * s.queries * s.keys)) {}

  struct Expected {
    Doubles scores, dquery, dkey, dscale;
  };
  Expected expected(bool scaled) const {
    Expected e{Doubles(g.size()), Doubles(query.size()), Doubles(key.size()),
               Doubles(scale.size())};
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t i = 0; i < s.queries; ++i)
        for (int64_t j = 0; j < s.keys; ++j)
          for (int64_t d = 0; d < s.depth; ++d) {
            const auto at_query = static_cast<std::size_t>((b * s.queries + i) * s.depth + d);
            const auto at_key = static_cast<std::size_t>((b * s.keys + j) * s.depth + d);
            const auto pair = static_cast<std::size_t>((b * s.queries + i) * s.keys + j);
            const auto channel = static_cast<std::size_t>(d);
            const double factor = scaled ? static_cast<double>(scale[channel]) : 1.0;
            const double weight = static_cast<double>(g[pair]);
            const double x =
                static_cast<double>(query[at_query]) + static_cast<double>(key[at_key]);
            const double y = std::tanh(x);
            const double slope = weight * factor / std::pow(std::cosh(x), 2);
            e.scores[pair] += factor * y;
            e.dquery[at_query] += slope;
            e.dkey[at_key] += slope;
            e.dscale[channel] += weight * y;
          }
    return e;
  }

  Floats scores(bool scaled = true) const {
    Floats result(g.size(), NAN);
    additive_scores(s, query.data(), key.data(), scaled ? scale.data() : nullptr, result.data());
    return result;
  }

  struct Gradients {
    Floats dquery, dkey, dscale;
  };
  Gradients gradients(bool scaled = true) const {
    Gradients to{Floats(query.size(), NAN), Floats(key.size(), NAN), Floats(scale.size(), NAN)};
    additive_scores_gradient(s, query.data(), key.data(), scaled ? scale.data() : nullptr,
                             g.data(), to.dquery.data(), to.dkey.data(), to.dscale.data());
    return to;
  }

  void check(double tolerance = 3e-6) const {
    CAPTURE(s.batch, s.queries, s.keys, s.depth);
    for (bool scaled : {true, false}) {
      const Expected e = expected(scaled);
      for_each_target([&](const char* target) {
        CAPTURE(target, scaled);
        CHECK(error_of(scores(scaled), e.scores) < tolerance);
        const Gradients to = gradients(scaled);
        CHECK(error_of(to.dquery, e.dquery) < tolerance);
        CHECK(error_of(to.dkey, e.dkey) < tolerance);
        CHECK(error_of(to.dscale, e.dscale) < tolerance);
      });
    }
  }
};

AdditiveScoresShape random_shape(Dice& dice) {
  return {dice.integer(1, 5), dice.integer(1, 40), dice.integer(1, 40), dice.integer(1, 40)};
}

bool all_nan(const Floats& x) {
  return std::all_of(x.begin(), x.end(), [](float value) { return std::isnan(value); });
}

}  // namespace

TEST_CASE("additive scores and gradients agree with a loop") {
  Dice dice(1);
  for (int i = 0; i < 60; ++i) Problem(random_shape(dice), dice).check();
}

TEST_CASE("additive scores of many tiles agree with a loop") {
  Dice dice(2);
  Problem({1, 150, 170, 17}, dice).check();
  Problem({2, 300, 20, 5}, dice).check();
  Problem({50, 3, 4, 100}, dice).check();
}

TEST_CASE("additive scores hold for small and large values") {
  Dice dice(3);
  for (float magnitude : {1e-30f, 1e-4f, 0.01f, 5.0f, 10.0f, 20.0f, 100.0f, 1000.0f, 1e30f}) {
    CAPTURE(magnitude);
    for (int i = 0; i < 5; ++i) Problem(random_shape(dice), dice, magnitude).check(5e-6);
  }
}

TEST_CASE("additive scores hold where query and key cancel") {
  Dice dice(4);
  for (float large : {5.0f, 15.0f, 19.5f, 21.0f, 30.0f, 60.0f, 200.0f}) {
    CAPTURE(large);
    Problem problem({2, 9, 10, 19}, dice, 0.1f);
    const auto shift = [&](Floats& x, float even, float odd) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += i % 19 % 2 == 0 ? even : odd;
    };
    shift(problem.query, large, -large);
    shift(problem.key, -large, large);
    problem.check();
  }
}

TEST_CASE("one large element takes nothing from the others") {
  Dice dice(5);
  Problem problem({3, 40, 11, 12}, dice);
  problem.query[5] = -3e4f;
  problem.key[200] = 1e38f;
  problem.check();
}

TEST_CASE("opposite extremes give exactly zero") {
  Dice dice(6);
  Problem problem({1, 1, 1, 3}, dice);
  problem.query = {-30.0f, 60.0f, 3e38f};
  problem.key = {30.0f, -60.0f, -3e38f};
  for_each_target([&](const char* target) {
    CAPTURE(target);
    CHECK(problem.scores()[0] == 0.0f);
  });
}

TEST_CASE("additive scores pass NaN on") {
  Dice dice(7);
  for (bool in_query : {true, false}) {
    Problem problem({1, 1, 1, 9}, dice);
    (in_query ? problem.query : problem.key)[4] = std::numeric_limits<float>::quiet_NaN();
    for_each_target([&](const char* target) {
      CAPTURE(target);
      CHECK(all_nan(problem.scores()));
      const auto to = problem.gradients();
      CHECK(std::isnan(to.dquery[4]));
      CHECK(std::isnan(to.dkey[4]));
      CHECK(std::isnan(to.dscale[4]));
      CHECK_FALSE(std::isnan(to.dquery[3]));
    });
  }
}

TEST_CASE("additive scores of nothing") {
  Dice dice(8);
  for (const AdditiveScoresShape& s :
       {AdditiveScoresShape{0, 3, 4, 5}, {2, 0, 4, 5}, {2, 3, 0, 5}, {2, 3, 4, 0}}) {
    Problem(s, dice).check();
  }
}

TEST_CASE("gradients that nobody wants are left out") {
  Dice dice(9);
  for (const AdditiveScoresShape& s : {AdditiveScoresShape{2, 9, 7, 5}, {1, 100, 7, 5}}) {
    const Problem problem(s, dice);
    const auto all = problem.gradients();
    Problem::Gradients some = all;
    const auto run = [&](float* dquery, float* dkey, float* dscale) {
      additive_scores_gradient(s, problem.query.data(), problem.key.data(), problem.scale.data(),
                               problem.g.data(), dquery, dkey, dscale);
    };
    run(nullptr, nullptr, nullptr);
    run(some.dquery.data(), nullptr, nullptr);
    run(nullptr, some.dkey.data(), nullptr);
    run(nullptr, nullptr, some.dscale.data());
    CHECK(some.dquery == all.dquery);
    CHECK(some.dkey == all.dkey);
    CHECK(some.dscale == all.dscale);
  }
}

TEST_CASE("additive scores give the same bits for any number of threads") {
  Dice dice(10);
  for (const AdditiveScoresShape& s :
       {AdditiveScoresShape{1, 200, 130, 33}, {40, 10, 20, 16}, {3, 70, 9, 100}}) {
    const Problem problem(s, dice);
    check_same_bits_for_any_threads([&] { return problem.scores(); });
    check_same_bits_for_any_threads([&] { return problem.gradients().dquery; });
    check_same_bits_for_any_threads([&] { return problem.gradients().dkey; });
    check_same_bits_for_any_threads([&] { return problem.gradients().dscale; });
  }
}
