// DetectAnomaly: finds the first operation that makes a NaN or an infinity, there or back.
//
//   DetectAnomaly detect;
//   model.fit(data, {.epochs = 1});
//
// While one lives, such an operation on this thread is an error that says where it ran:
//   log in layer "model/dense": made nan at (0, 3) [result (2, 4); input (2, 4), which is finite]
//   gradient of sqrt in layer "model/norm": is inf at (1,) [gradient (4,)]
//
// Slow. Source: torch.autograd.detect_anomaly.
#pragma once

#include <map>
#include <string>

#include <kindling/autograd/observer.h>

#pragma GCC visibility push(default)
namespace kindling {

class DetectAnomaly : public OperationObserver {
 public:
  void on_forward(const char* name, std::uint64_t order, const Tensors& results,
                  const Tensors& inputs) override;
  void on_backward_begin(std::uint64_t) override { going_back_ = true; }
  void on_backward_end(std::uint64_t order) override {
    going_back_ = false;
    layers_.erase(order);
  }
  void on_gradient(const char* name, std::uint64_t order, const Gradient& gradient) override;

 private:
  bool going_back_ = false;  // what a derivative is made of has no layer; its result is looked at
  std::map<std::uint64_t, std::string> layers_;  // of operations that may run back, by number
};

}  // namespace kindling
#pragma GCC visibility pop
