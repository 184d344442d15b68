// The commands of the program, one a source file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindling::tools {

struct InfoOptions {
  std::string file;
  bool json = false;
};
void info(const InfoOptions& options);
void info_of_onnx(const InfoOptions& options);  // of an .onnx file

struct ConvertOptions {
  std::string from, to;
  std::string model;  // whose weights `from` has; none if `from` is a whole model
};
void convert(const ConvertOptions& options);

struct PredictOptions {
  std::string model;
  std::vector<std::string> inputs;  // NAME=FILE, or a file
  std::string output;
  std::int64_t batch_size = 32;
};
void predict(const PredictOptions& options);

struct PlotOptionsOfTool {
  std::string model, output;
  bool shapes = false, dtypes = false, names = false;
  std::string rankdir = "TB";
};
void plot(const PlotOptionsOfTool& options);

}  // namespace kindling::tools
