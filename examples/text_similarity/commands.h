// The three commands of the program.
#pragma once

#include <optional>
#include <string>

#include "settings.h"
#include "texts.h"

namespace text_similarity {

void train(const Files& files, Settings settings, const std::string& model_folder);

// Where a file has what, as far as it was said; else as in training.
struct Columns {
  std::optional<std::string> first, second, score;
  std::optional<double> score_min, score_max;
};

struct EvaluateOptions {
  std::string model;
  Files files;
  bool json = false;
  std::string predictions;  // file to write one score a line to
  Columns columns;
};
void evaluate(const EvaluateOptions& options);

struct PredictOptions {
  std::string model;
  std::string first, second;
  bool batch = false;  // pairs come from standard input
};
void predict(const PredictOptions& options);

}  // namespace text_similarity
