// Objective: what compile() sets: the losses and metrics of a model's outputs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <kindling/data/dataset.h>
#include <kindling/train/logs.h>
#include <kindling/train/metrics.h>

#pragma GCC visibility push(default)
namespace kindling {

// A loss an output: that of the only one, or by place, or by the outputs' names, where those left
// out have none.
//   .loss = BinaryCrossentropy()
//   .loss = {{"score", BinaryCrossentropy()}, {"length", Poisson()}}
struct OutputLosses {
  OutputLosses() = default;
  OutputLosses(const Loss& one) : entries{{"", one}} {}
  OutputLosses(std::initializer_list<Loss> by_place) {
    for (const Loss& loss : by_place) entries.emplace_back("", loss);
  }
  OutputLosses(std::initializer_list<std::pair<std::string, Loss>> by_name) : entries(by_name) {}
  std::vector<std::pair<std::string, Loss>> entries = {};  // no name: by place
};

// What each output's loss counts in the whole: by place, or by name, 1 for those left out.
struct LossWeights {
  LossWeights() = default;
  LossWeights(std::initializer_list<double> by_place) {
    for (const double weight : by_place) entries.emplace_back("", weight);
  }
  LossWeights(std::initializer_list<std::pair<std::string, double>> by_name) : entries(by_name) {}
  std::vector<std::pair<std::string, double>> entries = {};
};

// The metrics of the only output, or by the outputs' names.
//   .metrics = {AUC(), BinaryAccuracy()}     .metrics = {{"score", {AUC()}}}
struct OutputMetrics {
  OutputMetrics() = default;
  OutputMetrics(std::initializer_list<Metric> of_the_only_one) : entries{{"", of_the_only_one}} {}
  OutputMetrics(std::vector<Metric> of_the_only_one) : entries{{"", std::move(of_the_only_one)}} {}
  OutputMetrics(std::initializer_list<std::pair<std::string, std::vector<Metric>>> by_name)
      : entries(by_name) {}
  std::vector<std::pair<std::string, std::vector<Metric>>> entries = {};
};

// Weights of classes in the loss, 1 for those left out. A target is the id of a class; or one-hot,
// or probabilities with one largest; or, for one number, 0 and 1, or -1 and 1.
using ClassWeight = std::map<std::int64_t, double>;

class Objective {
 public:
  // What a batch loses in all, and at each output: undefined for those without a loss.
  struct BatchLoss {
    Tensor total = {};
    Tensors of_outputs = {};
  };

  // `outputs`: the names of the model's, `who` the model in messages. The metrics are copies, which
  // nothing else counts into.
  Objective(const std::string& who, const std::vector<std::string>& outputs,
            const OutputLosses& losses, const LossWeights& loss_weights,
            const OutputMetrics& metrics, const OutputMetrics& weighted_metrics = {});

  // The total is the sum of the outputs' losses, weighed, and of the layers' own.
  BatchLoss loss(const Batch& batch, const Tensors& y_pred, const Tensors& layer_losses) const;
  // The batch with the weight of each target's class in its sample weights: (batch,), or a number
  // per step. Fails on targets that are no classes, and on classes that the output doesn't have.
  Batch weighed(const Batch& batch, const Tensors& y_pred, const ClassWeight& weights) const;
  // Counts a batch into the logs.
  void update(const Batch& batch, const Tensors& y_pred, const BatchLoss& loss);
  // loss, those of several outputs, metrics.
  Logs logs(const std::string& prefix) const;
  std::vector<std::string> log_names() const;
  double loss() const { return total_.result(); }  // so far
  void reset();
  void state(Fields& f);

 private:
  struct Output {
    std::string name;
    std::optional<Loss> loss;
    double weight;
    std::vector<Metric> metrics;
    std::size_t unweighted;  // so many of the metrics, the first ones, count all examples alike
    Mean mean_loss;
    std::vector<std::string> log_names = {};  // of the metrics
  };
  Tensor loss_of(const Output& output, const Tensor& target, const Tensor& y_pred,
                 const Tensor& weight) const;
  bool logs_loss(const Output& output) const;  // apart from the whole
  void name_logs();
  template <class Visit>
  void each_log(Visit visit) const;  // visit(name, metric)

  std::string who_;
  std::vector<Output> outputs_;
  Mean total_;
};

}  // namespace kindling
#pragma GCC visibility pop
