#include <kindling/train/model.h>

#include <algorithm>
#include <set>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/shaping.h>
#include <kindling/io/model_folder.h>
#include <kindling/optim/adam.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/metrics.h>
#include <kindling/train/progress.h>

namespace kindling {
namespace {

FunctionalImpl::Options options(const OneOrMore& inputs, const OneOrMore& outputs,
                                const std::string& name) {
  return {.inputs = inputs, .outputs = outputs, .name = name};
}

// Copies the rows of `part` to rows[i] of `all`.
void place_rows(const Tensor& part, const std::vector<std::int64_t>& rows, Tensor& all) {
  const auto width = static_cast<std::ptrdiff_t>(all.shape().inner(0));
  auto from = part.floats().begin();
  for (const std::int64_t row : rows) {
    std::copy_n(from, width, all.mutable_floats().begin() + row * width);
    from += width;
  }
}

void check_examples(const LayerImpl& model, const Dataset& data, const char* who) {
  if (data.size() == 0) fail("{}: {} got a dataset without examples", model.who(), who);
}

}  // namespace

Optimizer default_optimizer() { return Adam(); }

Model::Model(const OneOrMore& inputs, const OneOrMore& outputs, const std::string& name)
    : Functional(options(inputs, outputs, name)),
      training_(std::make_shared<std::optional<Training>>()) {}

Model::Model(const Functional& functional)
    : Functional(functional), training_(std::make_shared<std::optional<Training>>()) {}

void Model::compile(const CompileOptions& options) {
  if (!options.loss) fail("{}: compile needs a loss, .loss = BinaryCrossentropy()", impl()->who());
  if (options.loss->impl()->reduction() == Reduction::none) {
    fail("{}: training needs one number, not reduction \"none\" [loss {}]", impl()->who(),
         options.loss->name());
  }
  if (functional().outputs().size() != 1) {
    fail("{}: training wants a model with one output, this one has {}", impl()->who(),
         functional().outputs().size());
  }
  std::set<std::string> names = {"loss"};
  for (const Metric& metric : options.metrics) {
    if (!names.insert(metric.name()).second) {
      fail("{}: two logs are named \"{}\"; give one metric another .name", impl()->who(),
           metric.name());
    }
  }
  training_->emplace(Training{options.optimizer, *options.loss, options.metrics,
                              Mean({.name = "loss"})});
}

void Model::Training::reset() const {
  mean_loss.reset();
  for (const Metric& metric : metrics) metric.reset();
}

void Model::Training::update(const Batch& batch, const Tensor& y_pred,
                             const Tensor& batch_loss) const {
  const Tensor value = reshape(batch_loss, {1});
  mean_loss.update(value, value, full({1}, static_cast<double>(y_pred.size(0))));
  for (const Metric& metric : metrics) metric.update(batch.target, y_pred, batch.sample_weight);
}

Model::Training& Model::training(const char* who) const {
  if (!*training_) {
    fail("{}: {} needs a loss and an optimizer; call compile first", impl()->who(), who);
  }
  return **training_;
}

Logs Model::logs_now(const std::string& prefix) const {
  const Training& t = **training_;
  Logs logs;
  logs.set(prefix + t.mean_loss.name(), t.mean_loss.result());
  for (const Metric& metric : t.metrics) logs.set(prefix + metric.name(), metric.result());
  return logs;
}

void Model::train_batch(const Batch& batch) {
  Training& t = training("fit");
  const Tensor y_pred = (*this)(batch.inputs, {.training = true});
  const Tensor loss = t.loss(batch.target, y_pred, batch.sample_weight);
  backward(loss);
  t.optimizer.step(weights());
  t.update(batch, stop_gradient(y_pred), stop_gradient(loss));
}

History Model::fit(const Dataset& data, const FitOptions& options) {
  Training& t = training("fit");
  check_examples(*impl(), data, "fit");
  if (options.epochs < 0 || options.initial_epoch < 0) {
    fail("{}: epochs and initial_epoch are at least 0, got {} and {}", impl()->who(),
         options.epochs, options.initial_epoch);
  }
  if (options.validation_data) check_examples(*impl(), *options.validation_data, "validation");
  History history;
  Progress progress(options.verbose, options.epochs);
  for (const Callback& callback : options.callbacks) callback->on_train_begin(*this);
  bool stop = false;
  for (int epoch = options.initial_epoch; epoch < options.epochs && !stop; ++epoch) {
    for (const Callback& callback : options.callbacks) callback->on_epoch_begin(epoch);
    const BatchPlan plan = data.plan(epoch);
    progress.start_epoch(epoch, static_cast<std::int64_t>(plan.size()));
    t.reset();
    for (std::size_t b = 0; b < plan.size(); ++b) {
      train_batch(data.batch(plan[b]));
      const auto done = static_cast<std::int64_t>(b) + 1;
      progress.step(done, [this] { return logs_now(""); });
      for (const Callback& callback : options.callbacks) {
        callback->on_train_batch_end(done - 1, logs_now(""));
      }
    }
    Logs logs = logs_now("");
    if (options.validation_data) {
      for (const auto& [name, value] : evaluated(*options.validation_data, "val_")) {
        logs.set(name, value);
      }
    }
    progress.finish_epoch(logs);
    history.epochs.push_back(logs);
    for (const Callback& callback : options.callbacks) {
      callback->on_epoch_end(epoch, logs);
      stop = stop || callback->stop_training();
    }
  }
  for (const Callback& callback : options.callbacks) callback->on_train_end();
  return history;
}

Logs Model::evaluated(const Dataset& data, const std::string& prefix) const {
  Training& t = training("evaluate");
  check_examples(*impl(), data, "evaluate");
  const NoGrad no_grad;
  t.reset();
  for (const auto& rows : data.plan(0)) {
    const Batch batch = data.batch(rows);
    const Tensor y_pred = (*this)(batch.inputs, {.training = false});
    t.update(batch, y_pred, t.loss(batch.target, y_pred, batch.sample_weight));
  }
  return logs_now(prefix);
}

Logs Model::evaluate(const Dataset& data) const { return evaluated(data, ""); }

Tensor Model::predict(const Dataset& data) const {
  check_examples(*impl(), data, "predict");
  const NoGrad no_grad;
  Tensor all;
  for (const auto& rows : data.plan(0)) {
    const Tensor y = (*this)(data.batch(rows).inputs, {.training = false});
    if (y.rank() < 1 || y.size(0) != static_cast<std::int64_t>(rows.size())) {
      fail("{}: predict needs a result an example, got {} for {} examples", impl()->who(),
           y.shape().str(), rows.size());
    }
    if (!all.defined()) all = Tensor::empty(y.shape().with(0, data.size()));
    if (y.shape().with(0, data.size()) != all.shape()) {
      fail("{}: batches give results of different shapes, {} and {}; predict them one by one",
           impl()->who(), all.shape().str(), y.shape().str());
    }
    place_rows(y, rows, all);
  }
  return all;
}

Tensor Model::predict(const Tensors& inputs) const {
  const NoGrad no_grad;
  return (*this)(inputs, {.training = false});
}

Layer Model::get_layer(const std::string& name) const {
  std::string known;
  for (const Layer& layer : layers()) {
    if (layer.name() == name) return layer;
    known += (known.empty() ? "" : ", ") + layer.name();
  }
  fail("{}: no layer is named \"{}\", there are {}", impl()->who(), name, known);
}

void Model::save(const std::string& folder,
                 const std::map<std::string, std::string>& files) const {
  save_model_folder(*this, folder, files);
}

Model Model::load(const std::string& folder) { return Model(load_model_folder(folder)); }

}  // namespace kindling
