// Model: layers put together, with training, evaluation and prediction.
//
//   Model model({query_input, value_input}, score);
//   model.compile({.optimizer = Adam(), .loss = BinaryCrossentropy(), .metrics = {AUC()}});
//   History history = model.fit(train, {.epochs = 5, .validation_data = dev});
//   Logs logs = model.evaluate(test);
//   Tensor scores = model.predict(test);
//
// A Model is a layer too: it is called like one, eagerly or inside another Model.
// Source: keras.Model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <kindling/data/dataset.h>
#include <kindling/layers/functional.h>
#include <kindling/optim/optimizer.h>
#include <kindling/train/callback.h>
#include <kindling/train/logs.h>
#include <kindling/train/loss.h>
#include <kindling/train/metric.h>

namespace kindling {

Optimizer default_optimizer();  // Adam()

struct CompileOptions {
  Optimizer optimizer = default_optimizer();
  std::optional<Loss> loss = {};
  std::vector<Metric> metrics = {};
};

enum class Verbose {
  automatic,  // a progress bar on a terminal, a line an epoch elsewhere
  silent,
  bar,
  lines,
};

struct FitOptions {
  int epochs = 1;
  std::optional<Dataset> validation_data = {};
  std::vector<Callback> callbacks = {};
  Verbose verbose = Verbose::automatic;
  int initial_epoch = 0;
};

// One symbolic tensor or several.
struct OneOrMore : SymbolicTensors {
  OneOrMore(const SymbolicTensor& one) : SymbolicTensors{one} {}
  OneOrMore(std::initializer_list<SymbolicTensor> several) : SymbolicTensors(several) {}
  OneOrMore(SymbolicTensors several) : SymbolicTensors(std::move(several)) {}
};

class Model : public Functional {
 public:
  Model(const OneOrMore& inputs, const OneOrMore& outputs, const std::string& name = {});
  explicit Model(const Functional& functional);

  void compile(const CompileOptions& options);
  // Trains; prints progress to standard output. The model must have one output.
  History fit(const Dataset& data, const FitOptions& options = {});
  // The loss and the metrics of compile() over a dataset, without training.
  Logs evaluate(const Dataset& data) const;
  // Predictions, in the order of the dataset's examples: (examples, ...).
  Tensor predict(const Dataset& data) const;
  Tensor predict(const Tensors& inputs) const;  // of one batch

  // Named by layer: "conv1d/kernel".
  Weights weights() const { return impl()->weights_inside(); }
  // Layers in the order of their first calls, inputs among them.
  const std::vector<Layer>& layers() const { return functional().layers(); }
  // The layer of that name; fails on a name that isn't there, and lists those that are.
  Layer get_layer(const std::string& name) const;
  template <class L>
  L get_layer(const std::string& name) const {
    return L::of(get_layer(name));
  }
  // Keras's table: each layer, its output's shape, its parameters, what it is connected to.
  std::string summary() const;

  // Into a folder: model.json, weights.safetensors, and other files, by name and content. The
  // folder is replaced as a whole, or, on any error, left as it was.
  void save(const std::string& folder, const std::map<std::string, std::string>& files = {}) const;
  // Strict: fails on whatever is missing, extra, of another shape or damaged.
  static Model load(const std::string& folder);

 private:
  struct Training {
    Optimizer optimizer;
    Loss loss;
    std::vector<Metric> metrics;
    Metric mean_loss;

    void reset() const;
    // Counts a batch in: its loss and its metrics.
    void update(const Batch& batch, const Tensor& y_pred, const Tensor& batch_loss) const;
  };
  const FunctionalImpl& functional() const { return static_cast<FunctionalImpl&>(*impl()); }
  Training& training(const char* who) const;
  Logs logs_now(const std::string& prefix) const;
  void train_batch(const Batch& batch);
  Logs evaluated(const Dataset& data, const std::string& prefix) const;

  std::shared_ptr<std::optional<Training>> training_;
};

}  // namespace kindling
