#include <kindling/train/model.h>

#include <algorithm>
#include <string_view>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/io/weights_file.h>
#include <kindling/layers/state_fields.h>
#include <kindling/optim/adam.h>
#include <kindling/tensor/copy_elements.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>
#include <kindling/train/fit_run.h>

namespace kindling {
namespace {

FunctionalImpl::Options options(const OneOrMore& inputs, const OneOrMore& outputs,
                                const std::string& name) {
  return {.inputs = inputs, .outputs = outputs, .name = name};
}

// Copies the rows of `part` to rows[i] of `all`.
void place_rows(const Tensor& part, const std::vector<std::int64_t>& rows, Tensor& all) {
  const std::int64_t width = all.shape().inner(0);
  detail::copy_elements(part, all, [&](const auto* from, auto* to) {
    for (const std::int64_t row : rows) {
      std::copy_n(from, width, to + row * width);
      from += width;
    }
  });
}

void check_examples(const LayerImpl& model, const Dataset& data, const char* who) {
  if (data.size() == 0) fail("{}: {} got a dataset without examples", model.who(), who);
}

// The names of a model's outputs: of the layers they come from, or numbered.
std::vector<std::string> names_of_outputs(const FunctionalImpl* graph, std::size_t outputs) {
  if (graph != nullptr) return graph->output_names();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outputs; ++i) names.push_back(fmt::format("output_{}", i));
  return names;
}

Objective make_objective(const CompileOptions& o, const std::string& who,
                         const FunctionalImpl* graph, std::size_t outputs) {
  return Objective(who, names_of_outputs(graph, outputs), o.loss, o.loss_weights, o.metrics,
                   o.weighted_metrics);
}

}  // namespace

Optimizer default_optimizer() { return Adam(); }

Model::Model(const OneOrMore& inputs, const OneOrMore& outputs, const std::string& name)
    : Model(Functional(options(inputs, outputs, name))) {}

Model::Model(const Layer& layer)
    : Layer(layer), compiled_(std::make_shared<std::optional<Compiled>>()) {}

const FunctionalImpl* Model::functional() const {
  return dynamic_cast<const FunctionalImpl*>(impl().get());
}

void Model::compile(const CompileOptions& options) {
  if (options.loss.entries.empty()) {
    fail("{}: compile needs a loss, .loss = BinaryCrossentropy()", impl()->who());
  }
  options.optimizer.impl();  // fails if there is none
  std::optional<Objective> objective;
  // Errors of the options now, not at the first batch, where the outputs are known.
  if (const FunctionalImpl* graph = functional()) {
    objective = make_objective(options, impl()->who(), graph, graph->outputs().size());
  }
  compiled_->emplace(Compiled{options, global_generator().split(), std::move(objective)});
  *left_out_ = {};
}

Model::Compiled& Model::compiled(const char* who) const {
  impl();  // fails for a model that was moved from
  const std::string_view what = who;
  const bool moves_weights = what == "fit" || what == "optimizer()";
  for (const auto& [part, why] : {std::pair{"a loss", &left_out_->loss},
                                  std::pair{"an optimizer", &left_out_->optimizer}}) {
    if (why->empty() || (why == &left_out_->optimizer && !moves_weights)) continue;
    fail("{}: {} needs {}, and the archive's was left out [{}]; call compile", impl()->who(), who,
         part, *why);
  }
  if (!*compiled_) {
    fail("{}: {} needs a loss and an optimizer; call compile first", impl()->who(), who);
  }
  return **compiled_;
}

Objective& Model::objective(std::size_t outputs) const {
  Compiled& c = compiled("training");
  if (!c.objective) c.objective = new_objective(outputs);
  return *c.objective;
}

Objective Model::new_objective(std::size_t outputs) const {
  return make_objective(compiled("training").options, impl()->who(), functional(), outputs);
}

std::vector<std::string> Model::output_names() const {
  const FunctionalImpl* graph = functional();
  if (graph == nullptr) fail("{}: only a graph of layers has output_names", impl()->who());
  return graph->output_names();
}

const Optimizer& Model::optimizer() const { return compiled("optimizer()").options.optimizer; }

const CompileOptions* Model::compile_options() const {
  const bool whole = impl() && left_out_->optimizer.empty() && left_out_->loss.empty();
  return whole && *compiled_ ? &(*compiled_)->options : nullptr;
}

Logs Model::logs_now() const {
  const Compiled& c = compiled("logs");
  return c.objective ? c.objective->logs("") : Logs();
}

std::vector<std::string> Model::log_names() const {
  const Compiled& c = compiled("logs");
  return c.objective ? c.objective->log_names() : std::vector<std::string>();
}

void Model::reset_metrics() {
  if (Compiled& c = compiled("reset_metrics"); c.objective) c.objective->reset();
}

Objective::BatchLoss Model::forward(Batch& batch, Tensors& y_pred,
                                    const ClassWeight& class_weight) const {
  const RandomScope random(compiled("training").random);
  y_pred = call(batch.inputs, {.training = true});
  const Objective& o = objective(y_pred.size());
  batch = o.weighed(batch, y_pred, class_weight);
  return o.loss(batch, y_pred, losses());
}

Tensor Model::forward_loss(const Batch& given, Tensors& y_pred) const {
  Batch batch = given;
  return forward(batch, y_pred, {}).total;
}

Logs Model::train_on_batch(const Batch& batch, const ClassWeight& class_weight) {
  reset_metrics();
  train_step(batch, class_weight);
  return logs_now();
}

void Model::train_step(const Batch& given, const ClassWeight& class_weight) {
  Compiled& c = compiled("fit");
  Batch batch = given;
  Tensors y_pred;
  Objective::BatchLoss loss = forward(batch, y_pred, class_weight);
  backward(loss.total);
  c.options.optimizer.step(weights());
  loss.total = stop_gradient(loss.total);
  for (Tensor& y : y_pred) y = with_mask(stop_gradient(y), y.mask());
  objective(y_pred.size()).update(batch, y_pred, loss);
}

bool Model::must_prepare() const {
  return !compiled("fit").objective || impl()->has_unbuilt_layers();
}

void Model::prepare(const Batch& batch) const {
  const NoGrad no_grad;
  const detail::IsolatedCalls isolated(detail::IsolatedCalls::Keeps::nothing);
  objective(call(batch.inputs, {.training = false}).size());
}

History Model::fit(const Dataset& data, const FitOptions& options) {
  compiled("fit");
  check_examples(*impl(), data, "fit");
  if (options.validation_data) check_examples(*impl(), *options.validation_data, "validation");
  return FitRun(*this, data, options).run();
}

History Model::fit(const Tensors& x, const OneOrMoreTensors& y, const FitOptions& options) {
  const std::int64_t rows = x.empty() || x[0].rank() < 1 ? 0 : x[0].size(0);
  const double split = options.validation_split;
  if (!(split >= 0 && split < 1)) {
    fail("{}: validation_split is in [0, 1), got {}", impl()->who(), split);
  }
  if (split > 0 && options.validation_data) {
    fail("{}: of validation_split and validation_data only one can be set", impl()->who());
  }
  const auto kept = static_cast<std::int64_t>(static_cast<double>(rows) * (1 - split));
  const auto part = [](const Tensors& all, std::int64_t begin, std::int64_t end) {
    Tensors some;
    for (const Tensor& t : all) {
      some.push_back(begin == 0 && end == t.size(0) ? t : slice(t, 0, begin, end));
    }
    return some;
  };
  const OneOrMoreTensors weight = options.sample_weight;
  from_tensors(x, y, {}, weight);  // fails where sizes differ
  const BatchOptions batches{.batch_size = options.batch_size.value_or(32),
                             .shuffle = options.shuffle,
                             .seed = options.shuffle ? compiled("fit").random.next() : 0};
  FitOptions rest = options;
  rest.batch_size.reset();
  rest.validation_split = 0;
  rest.sample_weight = Tensor();
  if (split > 0) {
    rest.validation_data =
        from_tensors(part(x, kept, rows), part(y, kept, rows),
                     {.batch_size = batches.batch_size}, part(weight, kept, rows));
  }
  return fit(from_tensors(part(x, 0, kept), part(y, 0, kept), batches, part(weight, 0, kept)),
             rest);
}

void Model::finish_fit() {
  compiled("fit").options.optimizer.impl()->finalize_variable_values(weights());
}

Logs Model::evaluated(const Dataset& data, const std::string& prefix,
                      std::optional<std::int64_t> steps) const {
  compiled("evaluate");
  check_examples(*impl(), data, "evaluate");
  const NoGrad no_grad;
  const detail::IsolatedCalls isolated(detail::IsolatedCalls::Keeps::nothing);
  std::optional<Objective> own;  // training's goes on from where it is
  const Pass pass = limited(data.pass(0), steps);
  while (const std::optional<Batch> batch = pass()) {
    const Tensors y_pred = call(batch->inputs, {.training = false});
    if (!own) own = new_objective(y_pred.size());
    own->update(*batch, y_pred, own->loss(*batch, y_pred, losses()));
  }
  if (!own) fail("{}: evaluate got no batches", impl()->who());
  return own->logs(prefix);
}

Logs Model::evaluate(const Dataset& data, std::optional<std::int64_t> steps) const {
  return evaluated(data, "", steps);
}

Tensors Model::predict_all(const Dataset& data) const {
  check_examples(*impl(), data, "predict");
  const NoGrad no_grad;
  const detail::IsolatedCalls isolated(detail::IsolatedCalls::Keeps::states);
  Tensors all;                 // where rows know their places
  std::vector<Tensors> parts;  // of an output, as they come
  const Pass pass = data.pass(0);
  while (const std::optional<Batch> batch = pass()) {
    const Tensors results = call(batch->inputs, {.training = false});
    all.resize(results.size());
    parts.resize(results.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Tensor& y = results[i];
      if (y.rank() < 1 || y.size(0) != batch->size()) {
        fail("{}: predict needs a result an example, got {} for {} examples", impl()->who(),
             y.shape().str(), batch->size());
      }
      const Tensor& like = batch->rows.empty() && !parts[i].empty() ? parts[i][0] : all[i];
      if (like.defined() && y.shape().without(0) != like.shape().without(0)) {
        fail("{}: batches give results of different shapes, {} and {}; predict them one by one",
             impl()->who(), like.shape().str(), y.shape().str());
      }
      if (batch->rows.empty()) {
        parts[i].push_back(with_mask(y, {}));
      } else {
        if (!all[i].defined()) all[i] = Tensor::empty(y.shape().with(0, data.size()), y.dtype());
        place_rows(y, batch->rows, all[i]);
      }
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].empty()) all[i] = concatenate(parts[i], 0);
  }
  return all;
}

Tensor Model::predict(const Dataset& data) const {
  const Tensors all = predict_all(data);
  if (all.size() != 1) {
    fail("{}: has {} outputs, predict_all() returns them all", impl()->who(), all.size());
  }
  return all[0];
}

Tensor Model::predict(const Tensors& inputs) const {
  const Tensors all = predict_all(inputs);
  if (all.size() != 1) {
    fail("{}: has {} outputs, predict_all() returns them all", impl()->who(), all.size());
  }
  return all[0];
}

Tensors Model::predict_all(const Tensors& inputs) const {
  const NoGrad no_grad;
  const detail::IsolatedCalls isolated(detail::IsolatedCalls::Keeps::states);
  return call(inputs, {.training = false});
}

Layer Model::get_layer(const std::string& name) const {
  std::string known;
  for (const Layer& layer : layers()) {
    if (layer.name() == name) return layer;
    known += (known.empty() ? "" : ", ") + layer.name();
  }
  fail("{}: no layer is named \"{}\", there are {}", impl()->who(), name, known);
}

void Model::state(Fields& f) {
  Config::Map now;
  for (const Weight& w : weights()) now.emplace_back(w.name, w.value.clone());
  Config values = now;
  f("weights", values);
  if (f.reading()) {
    const Config::Map& kept = values.as_map(impl()->who());
    std::vector<std::string> before, own;
    for (const auto& [name, value] : kept) before.push_back(name);
    for (const auto& [name, value] : now) own.push_back(name);
    const std::vector<std::string> names = renumbered(before, own);
    NamedTensors tensors;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      tensors.emplace_back(names[i], kept[i].second.as_tensor(names[i]));
    }
    assign_weights(weights(), tensors, impl()->who());
  }
  f.inside("layers", [&](Fields& g) { impl()->all_states(g); });
  Compiled& c = compiled("state");
  f.inside("optimizer", [&](Fields& g) { c.options.optimizer.impl()->state(g); });
  if (c.objective) f.inside("metrics", [&](Fields& g) { c.objective->state(g); });
}

}  // namespace kindling
