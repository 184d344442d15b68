#include <kindling/io/onnx/graph.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <kindling/io/bytes.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::size_t no_place = std::numeric_limits<std::size_t>::max();

}  // namespace

OnnxType onnx_type(DType dtype) {
  switch (dtype) {
    case DType::float32: return OnnxType::float32;
    case DType::int32: return OnnxType::int32;
    case DType::boolean: return OnnxType::boolean;
  }
  fail("onnx_type: an unknown dtype");
}

const char* name(OnnxType type) {
  switch (type) {
    case OnnxType::float32: return "float32";
    case OnnxType::int32: return "int32";
    case OnnxType::int64: return "int64";
    case OnnxType::boolean: return "bool";
  }
  return "unknown";
}

OnnxValue with_mask(const OnnxValue& x, const OnnxValue& mask) {
  OnnxValue masked = x;
  masked.carried = nullptr;
  if (!mask.defined()) return masked;
  if (mask.type != OnnxType::boolean || mask.rank() < 1 || mask.rank() > x.rank()) {
    fail("with_mask: a mask is bool and has the leading sizes of its value, got {} [x {}]",
         x.graph->text(mask.shape), x.graph->text(x.shape));
  }
  for (int axis = 0; axis < mask.rank(); ++axis) {
    if (mask.rank() == x.rank() && mask.size(axis) == 1) continue;
    x.graph->same(x.size(axis), mask.size(axis));
  }
  masked.carried = std::make_shared<const OnnxValue>(mask);
  return masked;
}

OnnxGraph::OnnxGraph(std::string name, const Weights& weights) : body_{std::move(name)} {
  for (const Weight& w : weights) {
    const Path path{paths_.size(), w.name};
    if (paths_.try_emplace(w.value.storage().get(), path).second) names_.insert(w.name);
  }
}

OnnxGraph::Scope::Scope(OnnxGraph& graph, const std::string& layer) : graph_(graph) {
  graph_.scopes_.push_back(layer);
}

std::string OnnxGraph::path(const std::string& last) const {
  std::string path;
  for (const std::string& scope : scopes_) path += scope + "/";
  return path + last;
}

std::string OnnxGraph::unique(const std::string& name) {
  std::string candidate = name;
  for (int number = 1; !names_.insert(candidate).second; ++number) {
    candidate = fmt::format("{}_{}", name, number);
  }
  return candidate;
}

// A value that is there from here on; open sizes that none had are read off it.
OnnxValue OnnxGraph::made(const std::string& name, OnnxType type, const OnnxShape& shape) {
  OnnxValue value{.graph = this, .name = name, .type = type, .shape = shape};
  for (int axis = 0; current_ == &body_ && axis < value.rank(); ++axis) {
    const std::int64_t size = resolve(value.size(axis));
    if (size >= 0 || open(size).where.defined()) continue;
    open(size).where = value;
    open(size).axis = axis;
  }
  return value;
}

OnnxValue OnnxGraph::input(const std::string& name, OnnxType type, const OnnxShape& shape) {
  if (!names_.insert(name).second) fail("{}: two values are named \"{}\"", body_.name, name);
  body_.inputs.push_back(made(name, type, shape));
  return body_.inputs.back();
}

void OnnxGraph::output(const std::string& name, const OnnxValue& value) {
  body_.nodes.push_back({.op = "Identity", .name = name, .inputs = {value.name},
                         .outputs = {name}, .attributes = {}, .body = {}});
  body_.outputs.push_back(made(name, value.type, value.shape));
}

OnnxValue OnnxGraph::node(const std::string& op, const OnnxValues& inputs, OnnxType type,
                          const OnnxShape& shape, const Config::Map& attributes) {
  return node(op, inputs, {{.type = type, .shape = shape}}, attributes)[0];
}

OnnxValues OnnxGraph::node(const std::string& op, const OnnxValues& inputs, OnnxValues results,
                           const Config::Map& attributes) {
  OnnxNode node{.op = op, .name = unique(path(op)), .inputs = {}, .outputs = {},
                .attributes = attributes, .body = {}};
  for (const OnnxValue& input : inputs) node.inputs.push_back(input.name);
  while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string name = i == 0 ? node.name : unique(fmt::format("{}:{}", node.name, i));
    node.outputs.push_back(name);
    results[i] = made(name, results[i].type, results[i].shape);
  }
  current_->nodes.push_back(std::move(node));
  return results;
}

OnnxValues OnnxGraph::scan(const OnnxValues& states, const OnnxValues& sequences,
                           const StepFunction& step) {
  OnnxBody* const outer = current_;
  const std::string name = unique(path("Scan"));
  const auto body = std::make_shared<OnnxBody>(OnnxBody{name + "/body"});
  current_ = body.get();
  const auto argument = [&](const char* what, const OnnxValue& like, bool element) {
    OnnxShape shape = like.shape;
    if (element) shape.erase(shape.begin() + 1);
    body->inputs.push_back(made(unique(name + "/" + what), like.type, shape));
    return body->inputs.back();
  };
  OnnxValues before, elements;
  for (const OnnxValue& state : states) before.push_back(argument("state", state, false));
  for (const OnnxValue& each : sequences) elements.push_back(argument("element", each, true));
  Step after = step(before, elements);
  // An output of its own each: one value as two of them is what ONNX Runtime gets wrong.
  for (OnnxValues* all : {&after.states, &after.outputs}) {
    for (OnnxValue& value : *all) value = node("Identity", {value}, value.type, value.shape);
  }
  current_ = outer;
  const std::int64_t steps = sequences.at(0).size(1);
  OnnxNode node{.op = "Scan", .name = name, .inputs = {}, .outputs = {}, .attributes = {},
                .body = body};
  OnnxValues results;
  const auto result = [&](const OnnxValue& value, OnnxShape shape) {
    body->outputs.push_back(value);
    const std::string own = results.empty() ? name : unique(fmt::format("{}:{}", name,
                                                                        results.size()));
    node.outputs.push_back(own);
    results.push_back(made(own, value.type, shape));
  };
  for (const OnnxValue& state : after.states) result(state, state.shape);
  for (const OnnxValue& output : after.outputs) {
    OnnxShape shape = output.shape;
    shape.insert(shape.begin() + 1, steps);
    result(output, shape);
  }
  for (const OnnxValues* all : {&states, &sequences}) {
    for (const OnnxValue& input : *all) node.inputs.push_back(input.name);
  }
  const auto axes = [](std::size_t count) { return Config::List(count, Config(1)); };
  node.attributes = {{"num_scan_inputs", static_cast<std::int64_t>(sequences.size())},
                     {"scan_input_axes", axes(sequences.size())},
                     {"scan_output_axes", axes(after.outputs.size())}};
  current_->nodes.push_back(std::move(node));
  return results;
}

OnnxValue OnnxGraph::pooled(const std::string& key, OnnxInitializer initializer) {
  const auto at = constants_.find(key);
  if (at != constants_.end()) return at->second;
  initializer.value.graph = this;
  initializer.value.name = unique("constant");
  initializer.place = no_place;
  add(initializer);
  return constants_[key] = initializer.value;
}

void OnnxGraph::add(OnnxInitializer initializer) {
  const auto at = std::ranges::upper_bound(initializers_, initializer.place, {},
                                           &OnnxInitializer::place);
  initializers_.insert(at, std::move(initializer));
}

OnnxValue OnnxGraph::constant(const Tensor& value) {
  const OnnxShape shape(value.shape().begin(), value.shape().end());
  return pooled(fmt::format("{} {} {}", name(value.dtype()), value.shape().str(), bytes_of(value)),
                {.value = {.type = onnx_type(value.dtype()), .shape = shape}, .tensor = value});
}

OnnxValue OnnxGraph::constant(const std::vector<std::int64_t>& integers) {
  return pooled(fmt::format("int64 ({}) {}", integers.size(), fmt::join(integers, " ")),
                {.value = {.type = OnnxType::int64,
                           .shape = {static_cast<std::int64_t>(integers.size())}},
                 .integers = integers});
}

OnnxValue OnnxGraph::scalar(double value, OnnxType type) {
  const double most = type == OnnxType::int32 ? 2147483647.0 : 9007199254740992.0;
  const bool whole_type = type == OnnxType::int32 || type == OnnxType::int64;
  if (whole_type && !(value == std::floor(value) && value >= -most - 1 && value <= most)) {
    fail("{}: a whole number of {} is needed, got {}", path("scalar"),
         type == OnnxType::int32 ? "int32" : "int64", value);
  }
  const auto whole = static_cast<std::int64_t>(value);
  switch (type) {
    case OnnxType::float32: return constant(kindling::scalar(value));
    case OnnxType::int32: {
      const auto number = static_cast<std::int32_t>(value);
      return constant(tensor(std::span(&number, 1), Shape{}));
    }
    case OnnxType::boolean: return constant(cast(kindling::scalar(value), DType::boolean));
    case OnnxType::int64: break;
  }
  return pooled(fmt::format("int64 () {}", whole),
                {.value = {.type = OnnxType::int64, .shape = {}}, .integers = {whole}});
}

OnnxValue OnnxGraph::weight(const Weight& weight) {
  const Storage* const memory = weight.value.storage().get();
  const auto at = weights_.find(memory);
  if (at != weights_.end()) return at->second;
  const auto known = paths_.find(memory);
  const Path own = known != paths_.end() ? known->second
                                         : Path{no_place, unique(path(weight.name))};
  const Shape& sizes = weight.value.shape();
  const OnnxValue value{.graph = this, .name = own.path, .type = onnx_type(weight.value.dtype()),
                        .shape = OnnxShape(sizes.begin(), sizes.end())};
  add({.place = own.place, .value = value, .tensor = weight.value});
  return weights_[memory] = value;
}

std::int64_t OnnxGraph::add_size(const std::string& name) {
  const std::int64_t size = -2 - static_cast<std::int64_t>(sizes_.size());
  sizes_.push_back({.name = name, .same_as = size});
  return size;
}

std::int64_t OnnxGraph::open_size(const std::string& what) {
  const std::string name = scopes_.empty() ? what : fmt::format("{}_{}", fmt::join(scopes_, "_"),
                                                                what);
  const auto taken = [&](const std::string& n) {
    return std::ranges::find(sizes_, n, &OpenSize::name) != sizes_.end();
  };
  std::string own = name;
  for (int number = 1; taken(own); ++number) own = fmt::format("{}_{}", name, number);
  return add_size(own);
}

std::int64_t OnnxGraph::named_size(const std::string& name) {
  const auto at = std::ranges::find(sizes_, name, &OpenSize::name);
  return at == sizes_.end() ? add_size(name) : -2 - (at - sizes_.begin());
}

std::int64_t OnnxGraph::resolve(std::int64_t size) const {
  while (size < 0 && open(size).same_as != size) size = open(size).same_as;
  return size;
}

std::int64_t OnnxGraph::same(std::int64_t a, std::int64_t b) {
  a = resolve(a);
  b = resolve(b);
  if (a == b || a >= 0 || b >= 0) return std::max(a, b);
  const auto [newer, older] = std::minmax(a, b);
  OpenSize &from = open(newer), &to = open(older);
  from.same_as = older;
  if (!to.where.defined()) {
    to.where = from.where;
    to.axis = from.axis;
  }
  return older;
}

OnnxValue OnnxGraph::size(std::int64_t number) {
  const OpenSize& o = open(number);
  if (!o.where.defined()) return constant(std::vector<std::int64_t>{-1});
  if (o.at_run_time.defined()) return o.at_run_time;
  const OnnxValue found = node("Shape", {o.where}, OnnxType::int64, {1},
                               {{"start", o.axis}, {"end", o.axis + 1}});
  if (current_ == &body_) open(number).at_run_time = found;
  return found;
}

OnnxValue OnnxGraph::sizes(const OnnxShape& shape) {
  OnnxValues parts;
  std::vector<std::int64_t> known;
  const auto flush = [&] {
    if (!known.empty()) parts.push_back(constant(known));
    known.clear();
  };
  for (const std::int64_t each : shape) {
    const std::int64_t number = resolve(each);
    if (number >= 0) {
      known.push_back(number);
    } else {
      flush();
      parts.push_back(size(number));
    }
  }
  flush();
  if (parts.empty()) return constant(known);
  if (parts.size() == 1) return parts[0];
  return node("Concat", parts, OnnxType::int64, {static_cast<std::int64_t>(shape.size())},
              {{"axis", 0}});
}

std::string OnnxGraph::size_name(std::int64_t size) const {
  const std::int64_t number = resolve(size);
  return number < 0 ? open(number).name : std::to_string(number);
}

std::string OnnxGraph::text(const OnnxShape& shape) const {
  std::vector<std::string> names;
  for (const std::int64_t size : shape) names.push_back(size_name(size));
  return fmt::format("({}{})", fmt::join(names, ", "), names.size() == 1 ? "," : "");
}

Shape OnnxGraph::plain(const OnnxShape& shape) const {
  std::vector<std::int64_t> sizes;
  for (const std::int64_t size : shape) sizes.push_back(std::max(any, resolve(size)));
  return Shape(sizes);
}

}  // namespace kindling
