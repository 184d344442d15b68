// The losses of classifiers. Source: keras.losses.
//
// y holds labels of 0 and 1 (or between), a class id an example for the sparse one; p
// probabilities, clipped to [1e-7, 1 - 1e-7], or with from_logits the numbers before the sigmoid
// or softmax, whose logarithms are then computed without loss and without clipping: also at
// infinite logits, values and derivatives are the limits.
#pragma once

#include <cstdint>
#include <optional>

#include <kindling/train/loss.h>

#pragma GCC visibility push(default)
namespace kindling {

struct CrossentropyOptions {
  bool from_logits = false;
  double label_smoothing = 0;  // s: y (1 - s) + s / n, n the number of classes, 2 if binary
  int axis = -1;      // of the classes
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  void fields(Fields& f);
  void check(const std::string& who) const;
};
using BinaryCrossentropyOptions = CrossentropyOptions;
using CategoricalCrossentropyOptions = CrossentropyOptions;

struct SparseCategoricalCrossentropyOptions {
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};  // examples of it don't count
  Reduction reduction = Reduction::sum_over_batch_size;
  int axis = -1;  // of the classes
  std::string name = {};
  void fields(Fields& f);
  void check(const std::string& who) const { check_axis(who, axis); }
  Tensor target(const std::string& who, const Tensor& y_true, const Tensor& y_pred) const;
};

struct BinaryFocalCrossentropyOptions {
  bool apply_class_balancing = false;  // weighs label 1 by alpha, label 0 by 1 - alpha
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;
  int axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  void fields(Fields& f);
  void check(const std::string& who) const;
};

struct CategoricalFocalCrossentropyOptions {
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;
  int axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  void fields(Fields& f);
  void check(const std::string& who) const;
};

// y is float32 in the shape of p; ids are of class_ids().
namespace formula {
Tensor binary_crossentropy(const Tensor& y, const Tensor& p, const CrossentropyOptions& options);
Tensor categorical_crossentropy(const Tensor& y, const Tensor& p,
                                const CrossentropyOptions& options);
Tensor sparse_categorical_crossentropy(const Tensor& ids, const Tensor& p,
                                       const SparseCategoricalCrossentropyOptions& options);
Tensor binary_focal_crossentropy(const Tensor& y, const Tensor& p,
                                 const BinaryFocalCrossentropyOptions& options);
Tensor categorical_focal_crossentropy(const Tensor& y, const Tensor& p,
                                      const CategoricalFocalCrossentropyOptions& options);
}  // namespace formula

// The class of each example as int32, in the shape of y_pred without the axis of the classes; -1
// where it is the class to ignore. y_true has that shape, or size 1 along the axis, and may be
// float32. Fails on what is no class, and says where.
Tensor class_ids(const std::string& who, const Tensor& y_true, const Tensor& y_pred,
                 std::int64_t axis = -1, std::optional<std::int64_t> ignore_class = {});

// mean(-(y log(p) + (1 - y) log(1 - p)))
using BinaryCrossentropy =
    LossOf<"BinaryCrossentropy", formula::binary_crossentropy, CrossentropyOptions,
           Truth::between_0_and_1>;
// -sum(y log(p / sum(p)))
using CategoricalCrossentropy =
    LossOf<"CategoricalCrossentropy", formula::categorical_crossentropy, CrossentropyOptions,
           Truth::between_0_and_1>;
// -log(p[y] / sum(p)): labels are class ids, of y_pred's shape without its last axis or with size 1
// there. A mean is over the examples that ignore_class leaves.
using SparseCategoricalCrossentropy =
    LossOf<"SparseCategoricalCrossentropy", formula::sparse_categorical_crossentropy,
           SparseCategoricalCrossentropyOptions>;
// Binary cross-entropy times (1 - q)^gamma, q the probability of the label: what is already right
// counts less. Lin et al. (2017), https://arxiv.org/abs/1708.02002
using BinaryFocalCrossentropy =
    LossOf<"BinaryFocalCrossentropy", formula::binary_focal_crossentropy,
           BinaryFocalCrossentropyOptions, Truth::between_0_and_1>;
// -sum(alpha (1 - p)^gamma y log(p)), p divided by its sum first.
using CategoricalFocalCrossentropy =
    LossOf<"CategoricalFocalCrossentropy", formula::categorical_focal_crossentropy,
           CategoricalFocalCrossentropyOptions, Truth::between_0_and_1>;

}  // namespace kindling
#pragma GCC visibility pop
