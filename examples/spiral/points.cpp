#include "points.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

using namespace kindling;

Points spiral(std::int64_t points_per_arm, int arms, double noise) {
  const Tensor radius = random_uniform({arms, points_per_arm}, 0.1, 1);
  const Tensor turn = random_normal({arms, points_per_arm}, 0, noise);
  std::vector<std::int32_t> arm;
  for (std::int64_t i = 0; i < radius.elements(); ++i) {
    arm.push_back(static_cast<std::int32_t>(i / points_per_arm));
  }
  Points points{{}, tensor(arm, {radius.elements()})};
  const Tensor start = cast(points.arms, DType::float32) * (2 * std::numbers::pi / arms);
  const Tensor r = reshape(radius, {any});
  const Tensor angle = start + 3 * std::numbers::pi * r + reshape(turn, {any});
  points.xy = stack({r * cos(angle), r * sin(angle)}, 1);
  return points;
}

std::string picture(const std::function<Tensor(const Tensor&)>& classifier, const Points& points) {
  const int width = 77, height = 39;  // a character is twice as high as wide
  const std::string_view region = " .:,", mark = "o*#+";
  std::vector<float> grid;
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      grid.push_back(static_cast<float>(2.2 * column / (width - 1) - 1.1));
      grid.push_back(static_cast<float>(1.1 - 2.2 * row / (height - 1)));
    }
  }
  const Tensor arms = classifier(tensor(grid, {width * height, 2}));
  std::vector<std::string> lines(height);
  for (std::size_t i = 0; i < arms.ints().size(); ++i) {
    lines[i / width] += region[static_cast<std::size_t>(arms.ints()[i])];
  }
  for (std::size_t i = 0; i < points.arms.ints().size(); ++i) {
    const double x = points.xy.floats()[2 * i], y = points.xy.floats()[2 * i + 1];
    const double column = (x + 1.1) / 2.2 * (width - 1), row = (1.1 - y) / 2.2 * (height - 1);
    const auto arm = static_cast<std::size_t>(points.arms.ints()[i]);
    lines.at(std::size_t(std::lround(row))).at(std::size_t(std::lround(column))) = mark[arm];
  }
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}
