#include <kindling/train/keras_names.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include <kindling/layers/named_function.h>
#include <kindling/optim/optimizer.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>
#include <kindling/train/metrics.h>

namespace kindling {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

const std::map<std::string, std::string>& short_names() {
  static const std::map<std::string, std::string> all = {
      {"bce", "BinaryCrossentropy"},
      {"cosine_proximity", "CosineSimilarity"},
      {"huber_loss", "Huber"},
      {"kld", "KLDivergence"},
      {"kullback_leibler_divergence", "KLDivergence"},
      {"logcosh", "LogCosh"},
      {"mae", "MeanAbsoluteError"},
      {"mape", "MeanAbsolutePercentageError"},
      {"mse", "MeanSquaredError"},
      {"msle", "MeanSquaredLogarithmicError"}};
  return all;
}

std::string class_among(const std::vector<std::string>& classes, const std::string& name) {
  const auto at = short_names().find(lower(name));
  const std::string wanted = at != short_names().end() ? at->second : name;
  const auto found = std::ranges::find_if(
      classes, [&](const std::string& class_name) { return is_name_of(wanted, class_name); });
  return found != classes.end() ? *found : "";
}

}  // namespace

std::string loss_class_of(const std::string& name, const std::string& what) {
  const std::string found = class_among(loss_registry().names(), name);
  if (found.empty()) fail("{}: no loss is named \"{}\"", what, name);
  return found;
}

std::string metric_class_of(const std::string& name, const std::string& what) {
  const std::string metric = class_among(metric_registry().names(), name);
  if (!metric.empty()) return metric;
  const std::string loss = class_among(loss_registry().names(), name);
  if (loss.empty()) fail("{}: no metric is named \"{}\"", what, name);
  return loss;
}

std::string optimizer_class_of(const std::string& name) {
  for (const std::string& class_name : optimizer_registry().names()) {
    if (lower(class_name) == lower(name)) return class_name;
  }
  return name;
}

bool is_ours_alone(const std::string& class_name) {
  static const std::vector<std::string> all = {"LazyAdam", "MeanAveragePrecision",
                                               "MeanReciprocalRank", "SpearmanCorrelation"};
  return std::ranges::find(all, class_name) != all.end();
}

bool is_of_keras(const std::string& class_name) {
  static const std::vector<std::string> all = {
      // losses, most of them metrics too
      "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
      "CategoricalFocalCrossentropy", "CategoricalHinge", "CosineSimilarity", "Dice", "Hinge",
      "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError",
      "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
      "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky",
      // metrics
      "AUC", "Accuracy", "BinaryAccuracy", "BinaryIoU", "CategoricalAccuracy",
      "ConcordanceCorrelation", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives",
      "LogCoshError", "Mean",
      "PearsonCorrelation", "Precision", "PrecisionAtRecall", "R2Score", "Recall",
      "RecallAtPrecision", "RootMeanSquaredError", "SensitivityAtSpecificity",
      "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity",
      "Sum", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
      // optimizers
      "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Nadam", "RMSprop",
      "SGD"};
  return std::ranges::find(all, class_name) != all.end();
}

}  // namespace kindling
