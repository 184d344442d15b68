// The three commands of the program.
#pragma once

#include <set>
#include <string>

#include "settings.h"
#include "texts.h"

namespace text_similarity {

void train(const Files& files, Settings settings, const std::string& model_folder);

struct EvaluateOptions {
  std::string model;
  Files files;
  bool json = false;
  std::string predictions;  // file to write one score a line to
  Settings columns;             // where the file has what,
  std::set<std::string> given;  // of which these were said: "score-max"; the model knows the rest
};
void evaluate(const EvaluateOptions& options);

struct PredictOptions {
  std::string model;
  std::string first, second;
  bool batch = false;  // pairs come from standard input
};
void predict(const PredictOptions& options);

}  // namespace text_similarity
