#include "inputs.h"

#include <algorithm>
#include <filesystem>

#include <kindling/tensor/fail.h>

#include "files.h"

namespace kindling::tools {
namespace {

std::string names_of(const std::vector<Port>& ports) {
  std::string names;
  for (const Port& port : ports) names += (names.empty() ? "" : ", ") + port.name;
  return names;
}

std::string number_of(std::size_t i) { return fmt::format("input.{}", i); }

std::string who(const Port& port) { return fmt::format("predict: input \"{}\"", port.name); }

Tensor fitted(const Port& port, const Tensor& x) {
  if (!compatible(x.shape(), port.shape)) {
    fail("{}: {} is needed, got {}", who(port), port.shape.str(), x.shape().str());
  }
  return x.dtype() == port.dtype ? x : cast_exactly(who(port), x, port.dtype);
}

class Inputs {
 public:
  explicit Inputs(const std::vector<Port>& ports) : ports_(ports), found_(ports.size()) {}

  void add(const std::string& given) {
    const std::size_t equals = given.find('=');
    if (equals != std::string::npos && !std::filesystem::exists(given)) {
      return add_named(given.substr(0, equals), given.substr(equals + 1));
    }
    const Kind kind = kind_of_input(given);
    if (kind == Kind::npy) return add_next(given);
    if (kind != Kind::safetensors && kind != Kind::npz) {
      fail("predict: inputs are read from .npy, .npz and .safetensors, got {}", given);
    }
    add_all(read_tensors(given, kind));
  }

  Tensors take() const {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (!found_[i].defined()) {
        fail("{} is missing; --input {}=FILE gives it", who(ports_[i]), ports_[i].name);
      }
    }
    return found_;
  }

 private:
  void put(std::size_t i, const Tensor& x) {
    if (found_[i].defined()) fail("{} is given twice", who(ports_[i]));
    found_[i] = fitted(ports_[i], x);
  }

  void add_named(const std::string& name, const std::string& file) {
    auto at = std::ranges::find(ports_, name, &Port::name);
    for (std::size_t i = 0; at == ports_.end() && i < ports_.size(); ++i) {
      if (name == number_of(i)) at = ports_.begin() + static_cast<std::ptrdiff_t>(i);
    }
    if (at == ports_.end()) {
      fail("predict: the model has no input \"{}\", it has {}", name, names_of(ports_));
    }
    const Kind kind = kind_of_input(file);
    if (kind != Kind::npy) fail("{}: is read from an .npy file, got {}", who(*at), file);
    put(static_cast<std::size_t>(at - ports_.begin()), read_tensors(file, kind).tensors[0].second);
  }

  void add_next(const std::string& file) {
    const auto at = std::ranges::find_if(found_, [](const Tensor& t) { return !t.defined(); });
    if (at == found_.end()) {
      fail("predict: the model has {} inputs, {}; {} is one more", ports_.size(), names_of(ports_),
           file);
    }
    put(static_cast<std::size_t>(at - found_.begin()),
        read_tensors(file, Kind::npy).tensors[0].second);
  }

  // What else is there, outputs say, is left alone.
  void add_all(const TensorFile& file) {
    bool any = false;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      for (const std::string& name : {number_of(i), ports_[i].name}) {
        if (!file.contains(name)) continue;
        put(i, file.at(name));
        any = true;
      }
    }
    if (!any) {
      fail("{}: has neither input.0 nor a tensor named as an input of the model: {}", file.name,
           names_of(ports_));
    }
  }

  const std::vector<Port>& ports_;
  Tensors found_;
};

}  // namespace

Tensors read_inputs(const std::vector<Port>& ports, const std::vector<std::string>& given) {
  Inputs inputs(ports);
  for (const std::string& each : given) inputs.add(each);
  return inputs.take();
}

}  // namespace kindling::tools
