#include <kindling/optim/adam_update.h>

#include <array>

namespace kindling {

void AdamUpdate::operator()(float* w, float* const* slots, const float* g, std::int64_t n) const {
  kernels::adam(w, slots[0], slots[1], amsgrad ? slots[2] : nullptr, g, n, step);
}

std::size_t take_at_rest(std::span<const Update> updates, float* w, float* const* slots,
                         std::int64_t n) {
  std::array<kernels::AdamStep, 64> steps;
  std::size_t taken = 0;
  while (true) {
    std::size_t count = 0;
    float* largest = nullptr;
    while (count < steps.size() && taken + count < updates.size()) {
      const auto* const adam = updates[taken + count].target<AdamUpdate>();
      if (adam == nullptr) break;
      largest = adam->amsgrad ? slots[2] : nullptr;
      steps[count++] = adam->step;
    }
    if (count == 0) return taken;
    kernels::adam_at_rest(w, slots[0], slots[1], largest, n, {steps.data(), count});
    taken += count;
  }
}

}  // namespace kindling
