// One case of a golden file (tests/golden/FORMAT.md), and the comparison of its values with ours.
#pragma once

#include <string>

#include <kindling/io/safetensors.h>
#include <kindling/layers/config.h>

namespace kindling::golden {

// Tolerances of FORMAT.md, on the largest difference divided by max(1, the largest reference).
inline constexpr double output_tolerance = 1e-5;
inline constexpr double gradient_tolerance = 5e-5;
inline constexpr double training_tolerance = 1e-4;
inline constexpr double trained_weight_tolerance = 1e-3;

class Case {
 public:
  Case(const TensorFile& file, const Config& fields) : file_(file), fields_(fields) {}

  const std::string& id() const { return fields_["id"].as_string("id"); }
  const std::string& kind() const { return fields_["kind"].as_string("kind"); }
  const std::string& class_name() const { return fields_["class"].as_string("class"); }
  const Config& operator[](const std::string& key) const { return fields_[key]; }

  bool has(const std::string& tensor) const { return file_.contains(id() + "/" + tensor); }
  Tensor at(const std::string& tensor) const { return file_.at(id() + "/" + tensor); }
  Tensor or_none(const std::string& tensor) const { return has(tensor) ? at(tensor) : Tensor(); }
  // Names of this case's tensors that start so, without that start.
  std::vector<std::string> names(const std::string& start) const;

  // Throws Error unless ours agrees with the reference of that name.
  void compare(const std::string& tensor, const Tensor& ours, double tolerance) const {
    compare(tensor, at(tensor), ours, tolerance);
  }
  static void compare(const std::string& what, const Tensor& reference, const Tensor& ours,
                      double tolerance);

 private:
  const TensorFile& file_;
  const Config& fields_;
};

// Each throws Error where the case can't be built or run, or a value disagrees.
void check_layer(const Case& c);
void check_loss(const Case& c);
void check_metric(const Case& c);
void check_optimizer(const Case& c);
void check_schedule(const Case& c);
void check_training(const Case& c);

}  // namespace kindling::golden
