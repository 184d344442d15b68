#include <kindling/tensor/broadcast.h>

#include <algorithm>
#include <vector>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// The size of `shape` at `axis` of a result of `rank` axes.
std::int64_t aligned(const Shape& shape, int axis, int rank) {
  const int a = axis - (rank - shape.rank());
  return a < 0 ? 1 : shape[a];
}

}  // namespace

Shape broadcast_shapes(const char* who, const Shape& a, const Shape& b) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(rank));
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t x = aligned(a, axis, rank), y = aligned(b, axis, rank);
    if (x != y && x != 1 && y != 1) {
      fail("{}: shapes don't broadcast, {} against {} at axis {} [a {}, b {}]", who, x, y,
           axis - rank, a.str(), b.str());
    }
    sizes[static_cast<std::size_t>(axis)] = x == 1 ? y : x;
  }
  return Shape(sizes);
}

void broadcast_steps(const Shape& shape, const Shape& result, std::int64_t* step) {
  std::int64_t next = 1;
  for (int axis = result.rank() - 1; axis >= 0; --axis) {
    const std::int64_t size = aligned(shape, axis, result.rank());
    step[axis] = size == 1 ? 0 : next;
    next *= size;
  }
}

kernels::Broadcast broadcast_walk(const Shape& a, const Shape& b, const Shape& result) {
  std::int64_t a_step[Shape::max_rank], b_step[Shape::max_rank];
  broadcast_steps(a, result, a_step);
  broadcast_steps(b, result, b_step);
  kernels::Broadcast walk;
  for (int axis = 0; axis < result.rank(); ++axis) {
    if (result[axis] == 1) continue;
    const int last = walk.rank - 1;
    const bool merges = last >= 0 && walk.a_step[last] == a_step[axis] * result[axis] &&
                        walk.b_step[last] == b_step[axis] * result[axis];
    const int at = merges ? last : walk.rank++;
    walk.size[at] = (merges ? walk.size[at] : 1) * result[axis];
    walk.a_step[at] = a_step[axis];
    walk.b_step[at] = b_step[axis];
  }
  if (walk.rank == 0) {
    walk.rank = 1;
    walk.size[0] = 1;
    walk.a_step[0] = walk.b_step[0] = 1;
  }
  return walk;
}

}  // namespace kindling
