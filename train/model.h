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
#include <kindling/tensor/random.h>
#include <kindling/train/callback.h>
#include <kindling/train/logs.h>
#include <kindling/train/objective.h>

#pragma GCC visibility push(default)
namespace kindling {

Optimizer default_optimizer();  // Adam()

struct CompileOptions {
  Optimizer optimizer = default_optimizer();
  OutputLosses loss = {};
  LossWeights loss_weights = {};        // empty: 1 each
  OutputMetrics metrics = {};           // of all examples alike
  OutputMetrics weighted_metrics = {};  // by sample and class weights
};

enum class Verbose {
  automatic,  // a progress bar on a terminal, a line an epoch elsewhere
  silent,
  bar,
  lines,
};

struct FitOptions {
  std::optional<std::int64_t> batch_size = {};  // of tensors; 32
  int epochs = 1;
  Verbose verbose = Verbose::automatic;
  std::vector<Callback> callbacks = {};
  double validation_split = 0;                  // of tensors: this share of the rows, the last ones
  std::optional<Dataset> validation_data = {};
  bool shuffle = true;                          // tensors, before each epoch
  ClassWeight class_weight = {};
  Tensor sample_weight = {};                    // of tensors: (rows,)
  int initial_epoch = 0;
  std::optional<std::int64_t> steps_per_epoch = {};   // batches at most, each epoch's first ones
  std::optional<std::int64_t> validation_steps = {};
  int validation_freq = 1;                      // validates after every so many epochs
};

// One symbolic tensor or several.
struct OneOrMore : SymbolicTensors {
  OneOrMore(const SymbolicTensor& one) : SymbolicTensors{one} {}
  OneOrMore(std::initializer_list<SymbolicTensor> several) : SymbolicTensors(several) {}
  OneOrMore(SymbolicTensors several) : SymbolicTensors(std::move(several)) {}
};

struct StepProfile;       // train/profile.h
struct LoadKerasOptions;  // train/keras.h

class Model : public Layer {
 public:
  Model(const OneOrMore& inputs, const OneOrMore& outputs, const std::string& name = {});
  // A layer as a model: a Functional, or one of one's own, whose outputs are its results.
  explicit Model(const Layer& layer);

  void compile(const CompileOptions& options);
  // Trains; prints progress to standard output.
  History fit(const Dataset& data, const FitOptions& options = {});
  History fit(const Tensors& x, const OneOrMoreTensors& y, const FitOptions& options = {});
  // One step, without callbacks: the logs of this batch. As in Keras since 3.15.
  Logs train_on_batch(const Batch& batch, const ClassWeight& class_weight = {});
  void reset_metrics();
  // The forward pass of a training step: the loss, to go back from, and the predictions.
  Tensor forward_loss(const Batch& batch, Tensors& y_pred) const;
  // The loss and the metrics of compile() over a dataset. Nothing that training goes on from is
  // changed, states of stateful layers neither; several threads may evaluate and predict at once.
  Logs evaluate(const Dataset& data, std::optional<std::int64_t> steps = {}) const;
  Logs evaluate(const Tensors& x, const OneOrMoreTensors& y,
                std::int64_t batch_size = 32) const {
    return evaluate(from_tensors(x, y, {.batch_size = batch_size}));
  }
  // Predictions, in the order of the dataset's examples: (examples, ...). Stateful layers go on
  // from call to call.
  Tensor predict(const Dataset& data) const;
  Tensor predict(const Tensors& inputs) const;       // of one batch
  Tensor predict(const Tensor& input) const { return predict(Tensors{input}); }
  Tensors predict_all(const Dataset& data) const;    // of a model with several outputs
  Tensors predict_all(const Tensors& inputs) const;

  // Named by layer: "conv1d/kernel".
  Weights weights() const { return impl()->weights_inside(); }
  const Optimizer& optimizer() const;  // compile()'s
  // Null before compile(), and where an archive's compile part could not be read as a whole.
  const CompileOptions* compile_options() const;
  // Of a graph: its outputs' layers, each name its own. By these go losses, metrics and logs.
  std::vector<std::string> output_names() const;
  // Layers in the order of their first calls, inputs among them; those of a layer of one's own.
  std::vector<Layer> layers() const { return impl()->layers(); }
  // The layer of that name; fails on a name that isn't there, and lists those that are.
  Layer get_layer(const std::string& name) const;
  template <class L>
  L get_layer(const std::string& name) const {
    return L::of(get_layer(name));
  }
  // The graph; null for a layer of one's own.
  const FunctionalImpl* functional() const;
  // Keras's table: each layer, its output's shape, its parameters, what it is connected to.
  std::string summary() const;

  // Into a folder: model.json, weights.safetensors, and other files, by name and content. The
  // folder is replaced as a whole, or, on any error, left as it was. A name that ends in .keras is
  // that of an archive of Keras's (train/keras.h), which takes no other files; .h5 is refused.
  void save(const std::string& path, const std::map<std::string, std::string>& files = {}) const;
  // Fails where save(path), or save_weights(path), would, as far as this can be told before; writes
  // nothing that stays.
  void check_can_save(const std::string& path, bool weights_only = false) const;
  // Strict: fails on whatever is missing, extra, of another shape or damaged. Reads .keras and .h5
  // files too.
  static Model load(const std::string& path);
  // The weights alone: as Keras has them for names in .weights.h5, else as safetensors. Read are
  // .h5, .keras and .npz too.
  void save_weights(const std::string& path) const;
  void load_weights(const std::string& path) const;

  // All that training changes: weights, the layers' and the optimizer's states, metrics.
  void state(Fields& f);

 private:
  friend class FitRun;
  friend StepProfile profile(Model& model, const Batch& batch, int steps);
  friend Model load_keras(const std::string& path, const LoadKerasOptions& options);
  // Why there is none of an archive's; empty if there is, or since compile().
  struct LeftOut {
    std::string optimizer = {}, loss = {};
  };
  struct Compiled {
    CompileOptions options;
    Generator random;                    // what training draws from
    std::optional<Objective> objective;  // of training, once the outputs are known
  };
  Compiled& compiled(const char* who) const;
  Objective new_objective(std::size_t outputs) const;
  Objective& objective(std::size_t outputs) const;
  // Puts the class weights into the batch, once there are predictions to see the classes by.
  Objective::BatchLoss forward(Batch& batch, Tensors& y_pred,
                               const ClassWeight& class_weight) const;
  Logs logs_now() const;
  std::vector<std::string> log_names() const;
  Logs evaluated(const Dataset& data, const std::string& prefix,
                 std::optional<std::int64_t> steps) const;
  void train_step(const Batch& batch, const ClassWeight& class_weight);
  // Whether a batch must build something before training begins, and what builds it.
  bool must_prepare() const;
  void prepare(const Batch& batch) const;
  void finish_fit();

  std::shared_ptr<std::optional<Compiled>> compiled_;
  std::shared_ptr<LeftOut> left_out_ = std::make_shared<LeftOut>();
};

}  // namespace kindling
#pragma GCC visibility pop
