#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <kindling/io/file.h>
#include <kindling/io/json.h>
#include <kindling/kindling.h>

#include "commands.h"
#include "saved.h"

namespace text_similarity {

using namespace kindling;

namespace {

// How well numbers tell the truth: area under the ROC curve, or Pearson's correlation.
double quality(const Tensor& truth, const Tensor& predicted, bool graded) {
  const Metric metric = graded ? Metric(PearsonCorrelation({.over_all = true})) : Metric(AUC());
  metric.update(truth, predicted);
  return metric.result();
}

// The fraction where truth and prediction are on the same side of a half.
double accuracy(const Tensor& truth, const Tensor& predicted) {
  const BinaryAccuracy metric;
  metric.update(cast(greater(truth, 0.5f), DType::float32), predicted);
  return metric.result();
}

// The model's settings, with the columns that were said instead.
Settings with_columns(Settings s, const Columns& said) {
  s.first = said.first.value_or(s.first);
  s.second = said.second.value_or(s.second);
  s.score = said.score.value_or(s.score);
  s.score_min = said.score_min.value_or(s.score_min);
  s.score_max = said.score_max.value_or(s.score_max);
  return s;
}

}  // namespace

void evaluate(const EvaluateOptions& options) {
  const Saved saved = load(options.model);
  const Settings settings = with_columns(saved.settings, options.columns);
  const std::vector<TextPair> pairs = evaluation_texts(options.files, settings);
  const Dataset data = text_pairs(pairs, saved.vocabulary, {.batch_size = settings.batch_size,
                                                            .max_length = settings.max_length});
  const Tensor predicted = saved.model.predict(data);
  require_numbers(predicted, "evaluate");
  Tensor truth = Tensor::empty(predicted.shape()), overlap = Tensor::empty(predicted.shape());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    truth.mutable_floats()[i] = pairs[i].score;
    overlap.mutable_floats()[i] = word_overlap(pairs[i].first, pairs[i].second);
  }
  if (!options.predictions.empty()) {
    std::string lines;
    for (const float score : predicted.floats()) lines += fmt::format("{}\n", score);
    write_file(options.predictions, lines);
  }
  const Loss loss = settings.graded ? Loss(MeanSquaredError()) : Loss(BinaryCrossentropy());
  // Grades can't be told apart by an area under a curve, whatever the model was trained on.
  const bool graded = settings.graded || has_grades(pairs);
  const char* name = graded ? "pearson" : "auc";
  const double model_quality = quality(truth, predicted, graded);
  const double baseline = quality(truth, overlap, graded);
  const double loss_value = static_cast<double>(loss(truth, predicted).item());
  if (options.json) {
    const auto number = [](double v) { return std::isnan(v) ? Config() : Config(v); };
    const Config result = Config::Map{{name, number(model_quality)},
                                      {"accuracy", accuracy(truth, predicted)},
                                      {"loss", loss_value},
                                      {"baseline", number(baseline)},
                                      {"pairs", static_cast<std::int64_t>(pairs.size())}};
    fmt::print("{}\n", to_json(result));
    return;
  }
  if (std::isnan(model_quality)) {
    fmt::print("{:<10} not defined, all pairs are of one class\n", name);
  } else {
    fmt::print("{:<10} {:.4f}   word overlap alone: {:.4f}\n", name, model_quality, baseline);
  }
  fmt::print("{:<10} {:.4f}\n", "accuracy", accuracy(truth, predicted));
  fmt::print("{:<10} {:.4f}\n", "loss", loss_value);
  fmt::print("{:<10} {}\n", "pairs", pairs.size());
}

}  // namespace text_similarity
