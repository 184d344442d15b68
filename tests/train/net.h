// A layer of one's own with layers inside, some of them random: what fit is tested with.
#pragma once

#include <kindling/kindling.h>

namespace kindling {

struct NetOptions {
  std::int64_t units = 8;
  std::int64_t outputs = 1;
  std::string name = {};
};

class NetImpl : public LayerImpl {
 public:
  using Options = NetOptions;
  explicit NetImpl(Options o)
      : LayerImpl("Net", o.name), options_(o) {}
  void fields(Fields& f) override {
    f("units", options_.units);
    f("outputs", options_.outputs);
  }
  void build(const Shapes&) override {
    hidden_ = add_layer(Dense({.units = options_.units, .activation = relu}));
    for (std::int64_t i = 0; i < options_.outputs; ++i) {
      heads_.push_back(add_layer(Dense({.units = 1, .activation = sigmoid})));
    }
  }
  Tensors call(const Tensors& inputs, const Call&) override {
    const Tensor shared = dropout_((*hidden_)(inputs[0]));
    Tensors results;
    for (const Dense& head : heads_) results.push_back(head(shared));
    return results;
  }

 private:
  Options options_;
  std::optional<Dense> hidden_;
  Dropout dropout_ = add_layer(Dropout({.rate = 0.25}));
  std::vector<Dense> heads_;
};
using Net = Handle<NetImpl>;

}  // namespace kindling
