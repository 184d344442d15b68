// Runs a test once for every instruction set that the machine has and the kernels are built for.
#pragma once

#include <cstdint>

#include <kindling/tensor/kernels/targets.h>

#include <hwy/targets.h>

// check(name) with the kernels held to one instruction set at a time; the best one again after.
template <class Check>
void for_each_target(Check&& check) {
  struct Restore {
    ~Restore() { hwy::GetChosenTarget().DeInit(); }  // the next call chooses anew
  } restore;
  const std::int64_t fallback = HWY_SCALAR | HWY_EMU128;
  std::int64_t rest = (hwy::SupportedTargets() | fallback) & HWY_TARGETS;
  for (; rest != 0; rest &= rest - 1) {
    const std::int64_t target = rest & -rest;
    // Highway remembers its choice in one place for all kernels: this is it.
    hwy::GetChosenTarget().Update(target);
    check(hwy::TargetName(target));
  }
}
