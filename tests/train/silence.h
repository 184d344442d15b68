// A test in which layers drop masks on purpose.
#pragma once

#include <kindling/layers/layer.h>

namespace kindling {

// While it is there, no layer says that it drops a mask.
class SilenceWarnings {
 public:
  SilenceWarnings() { set_dropped_mask_policy(DroppedMask::silent); }
  ~SilenceWarnings() { set_dropped_mask_policy(DroppedMask::warn); }
  SilenceWarnings(const SilenceWarnings&) = delete;
  SilenceWarnings& operator=(const SilenceWarnings&) = delete;
};

}  // namespace kindling
