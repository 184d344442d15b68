// Keras's optimizers keep: the number of steps; the learning rate, unless it follows a schedule;
// then for the trainable weights their averages (use_ema), the gradients accumulated so far, and
// the moments. Moments that one loop makes lie side by side, weight by weight; others one kind
// after the other.
#include <kindling/train/keras_optimizer.h>

#include <algorithm>
#include <cmath>
#include <map>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

using Column = std::vector<std::size_t>;  // slots that lie side by side

// Our slots as Keras makes them.
struct Layout {
  std::vector<Column> columns;
  std::size_t slots = 0;
  double initial = 0;       // of the first slot
  bool averages = false;    // one slot more, ours the last
  bool accumulates = false;
  bool rate = true;
  bool product = false;     // Nadam's, of the factors of beta_1
};

bool is_set(const Config& options, const char* option) {
  const Config& value = options[option];
  return !value.is_null() && value.str() != "false" && value.str() != "0" && value.str() != "0.0";
}

Layout layout_of(const Optimizer& optimizer) {
  const Config options = optimizer.config();
  const std::string& name = optimizer.class_name();
  Layout layout;
  if (name == "Adam" || name == "AdamW") {
    layout.columns = {{0, 1}};
    if (is_set(options, "amsgrad")) layout.columns.push_back({2});
  } else if (name == "Adamax" || name == "Nadam" || name == "Adadelta" || name == "Lamb" ||
             name == "Ftrl") {
    layout.columns = {{0, 1}};
    layout.product = name == "Nadam";
  } else if (name == "Adagrad" || name == "Lion") {
    layout.columns = {{0}};
  } else if (name == "SGD") {
    if (is_set(options, "momentum")) layout.columns = {{0}};
  } else if (name == "RMSprop") {
    const bool centered = is_set(options, "centered");
    layout.columns = {{0}};
    if (is_set(options, "momentum")) layout.columns.push_back({centered ? 2u : 1u});
    if (centered) layout.columns.push_back({1});
  } else {
    fail("{}: how Keras keeps its state is not known; save the model with "
         ".include_optimizer = false", optimizer.impl()->who());
  }
  for (const Column& column : layout.columns) layout.slots += column.size();
  const Config& initial = options["initial_accumulator_value"];
  if (!initial.is_null()) layout.initial = initial.as_double(name);
  layout.averages = is_set(options, "use_ema");
  layout.accumulates = is_set(options, "gradient_accumulation_steps");
  layout.rate = !options["learning_rate"].is_map();
  return layout;
}

Weights trainable(const Weights& weights) {
  Weights some;
  std::ranges::copy_if(weights, std::back_inserter(some), &Weight::trainable);
  return some;
}

Config state_of(const Optimizer& optimizer) {
  Config state{Config::Map()};
  Fields fields(state);
  optimizer.impl()->state(fields);
  return state;
}

// Gradients that came as rows, as one tensor.
Tensor dense(const Tensors& accumulated, const Shape& shape) {
  if (accumulated.empty()) return zeros(shape);
  if (accumulated.size() == 1) return accumulated[0];
  Tensor all = zeros(shape);
  const auto width = static_cast<std::size_t>(shape.inner(0));
  const Tensor &ids = accumulated[0], &rows = accumulated[1];
  for (std::size_t i = 0; i < ids.ints().size(); ++i) {
    const auto from = rows.floats().subspan(i * width, width);
    const auto row = static_cast<std::size_t>(ids.ints()[i]);
    std::ranges::copy(from, all.mutable_floats().subspan(row * width, width).begin());
  }
  return all;
}

// The product of Nadam's factors, one per update of the weights, in Keras's float32.
Tensor nadam_product(const Optimizer& optimizer, std::int64_t updates) {
  const double beta_1 = optimizer.config()["beta_1"].as_double("beta_1");
  float product = 1;
  for (std::int64_t t = 1; t <= updates && product > 0; ++t) {
    product *= static_cast<float>(beta_1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t))));
  }
  return scalar(static_cast<double>(product));
}

}  // namespace

KerasTraining optimizer_to_keras(const Optimizer& optimizer, const Weights& weights) {
  const Layout layout = layout_of(optimizer);
  const std::string who = optimizer.impl()->who();
  const Config state = state_of(optimizer);
  if (const Config& kept = state["exclude_from_weight_decay"]; kept.is_string() &&
                                                               !kept.as_string(who).empty()) {
    fail("{}: exclude_from_weight_decay has no place in a Keras archive; save the model with "
         ".include_optimizer = false", who);
  }
  KerasTraining training{.optimizer = optimizer.impl()->name(),
                         .iterations = state["steps"].as_int(who)};
  Tensors& all = training.variables;
  if (layout.rate) all.push_back(scalar(optimizer.learning_rate()));
  std::map<std::string, const Config*> by_name;
  for (const Config& entry : state["weights"].as_list(who)) {
    by_name[entry["name"].as_string(who)] = &entry;
  }
  if (by_name.empty()) return training;  // Keras too makes its variables at the first step
  std::map<std::string, Tensors> slots, accumulated;
  const Weights moved = trainable(weights);
  for (const Weight& w : moved) {
    const auto at = by_name.find(w.name);
    if (at == by_name.end()) fail("{}: keeps no state of \"{}\"", who, w.name);
    from_config((*at->second)["slots"], slots[w.name], who);
    from_config((*at->second)["accumulated"], accumulated[w.name], who);
    Tensors& own = slots[w.name];
    if (!own.empty()) continue;  // no gradient yet
    own.assign(layout.slots, zeros(w.value.shape()));
    if (!own.empty()) own[0] = full(w.value.shape(), layout.initial);
    if (layout.averages) own.push_back(zeros(w.value.shape()));
  }
  for (const Weight& w : moved) {
    if (layout.averages) all.push_back(slots[w.name].back());
  }
  for (const Weight& w : moved) {
    if (layout.accumulates) all.push_back(dense(accumulated[w.name], w.value.shape()));
  }
  for (const Column& column : layout.columns) {
    for (const Weight& w : moved) {
      for (const std::size_t slot : column) all.push_back(slots[w.name].at(slot));
    }
  }
  if (layout.product) all.push_back(nadam_product(optimizer, optimizer.iterations()));
  return training;
}

namespace {

// Takes variables one after the other; each has a shape that it must have.
class Taken {
 public:
  Taken(const Tensors& all, const std::string& what) : all_(all), what_(what) {}

  Tensor next(const Shape& shape, const char* kind, const std::string& of) {
    const Tensor& value = all_.at(at_++);
    if (value.shape() != shape || value.dtype() != DType::float32) {
      fail("{}: variable {} is the {} of \"{}\", float32 {}, got {} {}", what_, at_, kind, of,
           shape.str(), name(value.dtype()), value.shape().str());
    }
    return value;
  }
  const Tensor& peek() const { return all_.at(at_); }

 private:
  const Tensors& all_;
  const std::string& what_;
  std::size_t at_ = 0;
};

// The config's rate, whose last bits a float32 lacks, unless it was changed since.
Config rate_of(const Optimizer& optimizer, const Tensor& kept) {
  const double given = optimizer.learning_rate();
  const float rate = kept.item();
  return static_cast<float>(given) == rate ? given : static_cast<double>(rate);
}

bool is_zero(const Tensor& x) {
  return std::ranges::all_of(x.floats(), [](float v) { return v == 0; });
}

}  // namespace

void optimizer_from_keras(const Optimizer& optimizer, const KerasTraining& training,
                          const Weights& weights, const Weights& all, const std::string& what) {
  const Layout layout = layout_of(optimizer);
  const Weights moved = trainable(weights);
  const std::size_t per_weight =
      layout.slots + (layout.averages ? 1 : 0) + (layout.accumulates ? 1 : 0);
  const std::size_t first = layout.rate ? 1 : 0;
  const std::size_t whole = first + moved.size() * per_weight + (layout.product ? 1 : 0);
  const std::size_t count = training.variables.size();
  if (count != first && count != whole) {
    fail("{}: the state of {} for {} trainable weights is {} variables, got {}", what,
         optimizer.class_name(), moved.size(), whole + 1, count + 1);
  }
  Config state = Config::Map{{"steps", training.iterations}};
  Taken variables(training.variables, what);
  if (layout.rate) {
    state.set("learning_rate", rate_of(optimizer, variables.next({}, "learning rate", "all")));
  }
  std::map<std::string, Tensors> slots, accumulated;
  if (count == whole && count > first) {
    // In Keras up to 3.9 before the moments.
    const bool early = layout.product && variables.peek().rank() == 0 && !moved.empty() &&
                       moved[0].value.rank() > 0;
    if (early) variables.next({}, "product", "all");
    for (const Weight& w : moved) slots[w.name].resize(layout.slots);
    Tensors averages;
    for (const Weight& w : moved) {
      if (layout.averages) averages.push_back(variables.next(w.value.shape(), "average", w.name));
    }
    for (const Weight& w : moved) {
      if (!layout.accumulates) continue;
      const Tensor sum = variables.next(w.value.shape(), "accumulated gradient", w.name);
      if (!is_zero(sum)) accumulated[w.name] = {sum};
    }
    for (const Column& column : layout.columns) {
      for (const Weight& w : moved) {
        for (const std::size_t slot : column) {
          slots[w.name][slot] = variables.next(w.value.shape(), "moment", w.name);
        }
      }
    }
    for (std::size_t i = 0; i < averages.size(); ++i) slots[moved[i].name].push_back(averages[i]);
  }
  Config::List entries;
  for (const Weight& w : all) {
    if (count != whole || count == first) break;
    entries.emplace_back(Config::Map{{"name", w.name},
                                     {"slots", to_config(slots[w.name])},
                                     {"accumulated", to_config(accumulated[w.name])}});
  }
  state.set("weights", entries);
  Fields fields(state, what);
  optimizer.impl()->state(fields);
  fields.finish();
}

}  // namespace kindling
