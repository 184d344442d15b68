#include <kindling/train/objective.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// Fails on a name that is no output's, or comes twice.
template <class Entries>
void check_entries(const std::string& who, const char* what, const Entries& entries,
                   const std::vector<std::string>& outputs) {
  std::set<std::string> seen;
  for (const auto& [name, entry] : entries) {
    if (name.empty()) continue;
    if (std::ranges::find(outputs, name) == outputs.end()) {
      fail("{}: {} are given for \"{}\", which is no output; there are {}", who, what, name,
           joined(outputs));
    }
    if (!seen.insert(name).second) fail("{}: {} are given twice for \"{}\"", who, what, name);
  }
}

template <class Entry>
const Entry* find_entry(const std::vector<std::pair<std::string, Entry>>& entries,
                        const std::string& name) {
  const auto at = std::ranges::find(entries, name, [](const auto& e) { return e.first; });
  return at != entries.end() ? &at->second : nullptr;
}

std::vector<Metric> metrics_of(const OutputMetrics& metrics,
                               const std::vector<std::string>& outputs, std::size_t i) {
  const auto* found = find_entry(metrics.entries, outputs.size() == 1 ? "" : outputs[i]);
  if (found == nullptr) found = find_entry(metrics.entries, outputs[i]);
  return found != nullptr ? *found : std::vector<Metric>();
}

// That of an output, the only one, or none.
Tensor weight_of(const Batch& batch, std::size_t output) {
  if (batch.sample_weights.empty()) return {};
  return batch.sample_weights[batch.sample_weights.size() == 1 ? 0 : output];
}

void count(const Mean& mean, const Tensor& value, std::int64_t examples) {
  const Tensor one = reshape(stop_gradient(value), {1});
  mean.update(one, one, full({1}, static_cast<double>(examples)));
}

}  // namespace

Objective::Objective(const std::string& who, const std::vector<std::string>& outputs,
                     const OutputLosses& losses, const LossWeights& loss_weights,
                     const OutputMetrics& metrics, const OutputMetrics& weighted_metrics)
    : who_(who), total_({.name = "loss"}) {
  const auto& given = losses.entries;
  if (given.empty()) fail("{}: compile needs a loss, .loss = BinaryCrossentropy()", who);
  const bool losses_by_name = !given[0].first.empty();
  if (!losses_by_name && given.size() != outputs.size()) {
    fail("{}: one loss an output is needed, got {} for {} [outputs {}]", who, given.size(),
         outputs.size(), joined(outputs));
  }
  const auto& weights = loss_weights.entries;
  const bool by_place = !weights.empty() && weights[0].first.empty();
  if (by_place && weights.size() != outputs.size()) {
    fail("{}: loss_weights has a number an output, got {} for {}", who, weights.size(),
         outputs.size());
  }
  for (const auto& [name, weight] : weights) {
    if (!std::isfinite(weight)) fail("{}: loss_weights are finite, got {}", who, weight);
  }
  check_entries(who, "loss_weights", weights, outputs);
  check_entries(who, "losses", given, outputs);
  check_entries(who, "metrics", metrics.entries, outputs);
  check_entries(who, "metrics", weighted_metrics.entries, outputs);
  if (outputs.size() > 1 && (find_entry(metrics.entries, "") != nullptr ||
                             find_entry(weighted_metrics.entries, "") != nullptr)) {
    fail("{}: metrics of a model with several outputs go by their names [outputs {}]", who,
         joined(outputs));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Loss* const loss = losses_by_name ? find_entry(given, outputs[i]) : &given[i].second;
    if (loss != nullptr && loss->impl()->reduction() == Reduction::none) {
      fail("{}: training needs one number, not reduction \"none\" [loss {}]", who, loss->name());
    }
    std::vector<Metric> own;
    for (const Metric& metric : metrics_of(metrics, outputs, i)) own.push_back(metric.fresh());
    const std::size_t unweighted = own.size();
    for (const Metric& metric : metrics_of(weighted_metrics, outputs, i)) {
      own.push_back(metric.fresh());
    }
    const double* weight = by_place ? &weights[i].second : find_entry(weights, outputs[i]);
    outputs_.push_back({outputs[i], loss != nullptr ? std::optional(*loss) : std::nullopt,
                        weight != nullptr ? *weight : 1, std::move(own), unweighted,
                        Mean({.name = outputs[i] + "_loss"})});
  }
  name_logs();
}

bool Objective::logs_loss(const Output& output) const {
  const auto has_loss = [](const Output& o) { return o.loss.has_value(); };
  return output.loss.has_value() && std::ranges::count_if(outputs_, has_loss) > 1;
}

template <class Visit>
void Objective::each_log(Visit visit) const {
  visit("loss", total_);
  for (const Output& o : outputs_) {
    if (logs_loss(o)) visit(o.mean_loss.name(), o.mean_loss);
  }
  for (const Output& o : outputs_) {
    for (std::size_t m = 0; m < o.metrics.size(); ++m) visit(o.log_names[m], o.metrics[m]);
  }
}

// Keras's: what has a name that is taken is numbered, or is "weighted_" if it is.
void Objective::name_logs() {
  std::set<std::string> names = {"loss"};
  for (const Output& output : outputs_) {
    if (output.name == "val") {
      fail("{}: an output named \"val\" would log what validation logs; give its layer another "
           "name", who_);
    }
    if (logs_loss(output)) names.insert(output.mean_loss.name());
  }
  for (const bool weighted : {false, true}) {
    for (Output& output : outputs_) {
      const std::string prefix = outputs_.size() == 1 ? "" : output.name + "_";
      output.log_names.resize(output.metrics.size());
      for (std::size_t m = 0; m < output.metrics.size(); ++m) {
        if ((m >= output.unweighted) != weighted) continue;
        const std::string& own = output.metrics[m].name();
        std::string name = prefix + own;
        if (weighted && names.contains(name)) name = prefix + "weighted_" + own;
        const std::string first = name;
        for (int n = 1; !names.insert(name).second; ++n) name = fmt::format("{}_{}", first, n);
        output.log_names[m] = name;
      }
    }
  }
}

Tensor Objective::loss_of(const Output& output, const Tensor& target, const Tensor& y_pred,
                          const Tensor& weight) const {
  try {
    return (*output.loss)(target, y_pred, weight);
  } catch (const Error& error) {
    if (outputs_.size() == 1) throw;
    throw Error("output \"" + output.name + "\": " + error.what());
  }
}

Objective::BatchLoss Objective::loss(const Batch& batch, const Tensors& y_pred,
                                     const Tensors& layer_losses) const {
  const std::size_t n = outputs_.size();
  if (y_pred.size() != n) {
    fail("{}: was compiled for {} outputs, the model gives {}", who_, n, y_pred.size());
  }
  for (const auto& [what, count, least] :
       {std::tuple{"targets", batch.targets.size(), std::size_t{0}},
        std::tuple{"sample weights", batch.sample_weights.size(), std::size_t{1}}}) {
    if (count <= least || count == n) continue;
    fail("{}: the data have {} {} for {} outputs; one an output is needed", who_, count, what, n);
  }
  BatchLoss loss{.of_outputs = Tensors(n)};
  Tensor& total = loss.total;
  for (std::size_t i = 0; i < n; ++i) {
    const Output& o = outputs_[i];
    if (!o.loss) continue;
    const Tensor target = batch.targets.empty() ? Tensor() : batch.targets[i];
    const Tensor value = loss_of(o, target, y_pred[i], weight_of(batch, i));
    loss.of_outputs[i] = stop_gradient(value);
    const Tensor weighed = o.weight == 1 ? value : value * o.weight;
    total = total.defined() ? total + weighed : weighed;
  }
  for (const Tensor& extra : layer_losses) total = total + extra;
  return loss;
}

void Objective::update(const Batch& batch, const Tensors& y_pred, const BatchLoss& loss) {
  count(total_, loss.total, batch.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const Output& o = outputs_[i];
    if (logs_loss(o)) count(o.mean_loss, loss.of_outputs[i], batch.size());
    const Tensor target = batch.targets.empty() ? Tensor() : batch.targets[i];
    for (std::size_t m = 0; m < o.metrics.size(); ++m) {
      o.metrics[m].update(target, y_pred[i], m < o.unweighted ? Tensor() : weight_of(batch, i));
    }
  }
}

Logs Objective::logs(const std::string& prefix) const {
  Logs logs;
  each_log([&](const std::string& name, const Metric& m) { logs.set(prefix + name, m.result()); });
  return logs;
}

std::vector<std::string> Objective::log_names() const {
  std::vector<std::string> names;
  each_log([&](const std::string& name, const Metric&) { names.push_back(name); });
  return names;
}

void Objective::reset() {
  total_.reset();
  for (const Output& o : outputs_) {
    o.mean_loss.reset();
    for (const Metric& metric : o.metrics) metric.reset();
  }
}

// By place: names of outputs may be automatic ones. FitRun compares the names of the logs.
void Objective::state(Fields& f) {
  f.inside("total", [&](Fields& g) { total_.impl()->state(g); });
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    f.inside("output " + std::to_string(i), [&](Fields& g) {
      g.inside("loss", [&](Fields& h) { outputs_[i].mean_loss.impl()->state(h); });
      for (std::size_t m = 0; m < outputs_[i].metrics.size(); ++m) {
        g.inside("metric " + std::to_string(m),
                 [&](Fields& h) { outputs_[i].metrics[m].impl()->state(h); });
      }
    });
  }
}

}  // namespace kindling
