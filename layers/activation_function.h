// An activation as a layer's option: a function, its Keras name, or a layer.
//
//   Dense({.units = 64, .activation = relu})      Dense({.units = 64, .activation = "relu"})
//   Dense({.units = 64, .activation = LeakyReLU({.negative_slope = 0.1})})
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <kindling/autograd/activations.h>
#include <kindling/autograd/reduce.h>
#include <kindling/layers/config.h>

#pragma GCC visibility push(default)
namespace kindling {

class Layer;
class LayerImpl;

class ActivationFunction {
 public:
  using Function = Tensor (*)(const Tensor&);
  using AxisFunction = Tensor (*)(const Tensor&, int axis);  // softmax, glu ..

  ActivationFunction() : ActivationFunction("linear") {}
  ActivationFunction(Function function);
  ActivationFunction(AxisFunction function);
  ActivationFunction(const char* name) : ActivationFunction(std::string(name)) {}
  // Fails on a name that is not known, and lists those that are.
  ActivationFunction(const std::string& name);
  // The layer that has it as an option keeps it (keep_layer), so that its weights are trained.
  ActivationFunction(const Layer& layer);

  Tensor operator()(const Tensor& x) const;
  // This, applied to operation(Pointwise::linear): by the operation itself where it can.
  template <class Operation>
  Tensor behind(Operation operation) const {
    const auto own = pointwise();
    return own ? operation(*own) : (*this)(operation(Pointwise::linear));
  }
  const std::shared_ptr<LayerImpl>& layer() const { return layer_; }  // null for a function
  // Fails for a function that has no name, which a config could not bring back.
  const std::string& name() const;
  // One that operations can apply themselves, if it is.
  std::optional<Pointwise> pointwise() const;
  // Whether results have the shape of x for sure: not glu's, and those of one's own may differ too.
  bool keeps_shape() const;

 private:
  std::string name_;
  Function function_ = nullptr;
  AxisFunction axis_function_ = nullptr;
  std::shared_ptr<LayerImpl> layer_;
};

// Gives a function of your own a name, so that models with it can be saved and loaded.
void register_activation(const std::string& name, ActivationFunction::Function function);

Config to_config(const ActivationFunction& activation);
void from_config(const Config& config, ActivationFunction& activation, const std::string& what);

}  // namespace kindling
#pragma GCC visibility pop
