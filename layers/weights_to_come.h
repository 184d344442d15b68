// WeightsToCome: while one lives, layers that are built on this thread have zeros for weights,
// which a file is about to fill, and not more of them than the file could. Initializers,
// regularizers and constraints that are not known are left out. For the source files.
//
// A config of a few bytes can ask for any number of weights; what the file holds bounds them before
// there is memory for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kindling/tensor/tensor.h>

namespace kindling::detail {

class WeightsToCome {
 public:
  explicit WeightsToCome(std::int64_t elements);
  ~WeightsToCome();
  WeightsToCome(const WeightsToCome&) = delete;
  WeightsToCome& operator=(const WeightsToCome&) = delete;

  static bool expected();  // whether one lives
  // A weight of zeros. Fails where all weights since the scope began are far more than it has, so
  // that a model that is somewhat larger than its file can be told what is missing.
  static Tensor zeros(const Shape& shape, const std::string& who);
  // Fails where zeros of a shape, for a layer that is called to see what shapes it makes, would
  // take much memory.
  static void check_probe(const Shape& shape, const std::string& who);
  // Notes why something is left out; false if none lives, and it can't be.
  static bool leave_out(const std::string& why);
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  std::int64_t elements_;
  std::int64_t left_;
  std::vector<std::string> left_out_;  // each once: some layers are made twice
  WeightsToCome* before_;
};

}  // namespace kindling::detail
