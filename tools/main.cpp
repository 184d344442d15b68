// kindling: shows what is in a file of tensors or a model, converts it, predicts with it, draws it.
#include <kindling/tensor/threads.h>
#include <kindling/tensor/version.h>

#include "commands.h"
#include "program.h"

using namespace kindling::tools;

int main(int argc, char** argv) {
  CLI::App app("Shows, converts and runs models and files of tensors.", "kindling");
  app.set_version_flag("--version", kindling::version_string);
  app.require_subcommand(1);
  app.fallthrough();  // --threads may stand behind the command, too
  int threads = kindling::threads();
  kindling::add_threads(app, threads);

  InfoOptions info_options;
  CLI::App* info_command = app.add_subcommand(
      "info",
      "What is in a file: .keras, .h5, .weights.h5, .safetensors, .npz, .npy, .onnx or a folder");
  info_command->add_option("file", info_options.file, "File, or a model's folder")->required();
  info_command->add_flag("--json", info_options.json, "Print JSON");

  ConvertOptions convert_options;
  CLI::App* convert_command = app.add_subcommand(
      "convert", "A model or weights as another kind of file, which the name's ending says");
  convert_command->add_option("in", convert_options.from, "File, or a model's folder")->required();
  convert_command
      ->add_option("out", convert_options.to,
                   ".keras, .weights.h5, .safetensors, .npz, .onnx, or a folder")
      ->required();
  convert_command->add_option("--model", convert_options.model,
                              "Model whose weights IN has: OUT gets them by the model's names, or "
                              "the whole model with them");

  PredictOptions predict_options;
  CLI::App* predict_command = app.add_subcommand("predict", "What a model makes of inputs");
  predict_command->add_option("model", predict_options.model, ".keras, .h5 or a model's folder")
      ->required();
  predict_command
      ->add_option("--input,--inputs", predict_options.inputs,
                   "NAME=FILE.npy, FILE.npy for the next input, or a .safetensors or .npz file "
                   "with all of them, by name or as input.0, input.1")
      ->required();
  predict_command
      ->add_option("--output", predict_options.output,
                   ".npz or .safetensors file for output.0, output.1 ..")
      ->required();
  kindling::add_number(*predict_command, "--batch-size", predict_options.batch_size,
                       "Rows at a time", 1, kindling::most_count);

  PlotOptionsOfTool plot_options;
  CLI::App* plot_command = app.add_subcommand("plot", "A picture of a model's layers");
  plot_command->add_option("model", plot_options.model, ".keras, .h5 or a model's folder")
      ->required();
  plot_command->add_option("-o,--output", plot_options.output, ".svg or .dot file")->required();
  plot_command->add_flag("--shapes", plot_options.shapes, "Show shapes");
  plot_command->add_flag("--dtypes", plot_options.dtypes, "Show types");
  plot_command->add_flag("--names", plot_options.names, "Show layers' names");
  plot_command->add_option("--rankdir", plot_options.rankdir, "TB: downwards, LR: to the right")
      ->capture_default_str()
      ->check(CLI::IsMember({"TB", "LR"}));

  return kindling::run_program(app, argc, argv, [&] {
    kindling::set_threads(threads);
    if (info_command->parsed()) info(info_options);
    if (convert_command->parsed()) convert(convert_options);
    if (predict_command->parsed()) predict(predict_options);
    if (plot_command->parsed()) plot(plot_options);
  });
}
