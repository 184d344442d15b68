// Points on a spiral, and a picture of them.
#pragma once

#include <functional>
#include <string>

#include <kindling/kindling.h>

struct Points {
  kindling::Tensor xy;    // (n, 2), within the unit circle
  kindling::Tensor arms;  // int32 (n,)
};

// Random points on interleaved arms that go around one and a half times on their way out. Noise
// turns each point a little.
Points spiral(std::int64_t points_per_arm, int arms, double noise);

// The plane in characters: which arm a classifier, (n, 2) -> int32 (n,), sees everywhere, and the
// points.
std::string picture(const std::function<kindling::Tensor(const kindling::Tensor&)>& classifier,
                    const Points& points);
