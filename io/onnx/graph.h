// OnnxGraph: a graph of ONNX's operators, to which exporters of layers (io/onnx/registry.h) add.
// OnnxValue: a tensor in it. Operators are called like kindling's own (io/onnx/operators.h):
//
//   OnnxValue y = relu(matmul(x, kernel) + bias);
//
// Sizes    of a value's axes are known, or open until the graph runs. An open one has a name, such
//          as "batch", and a number below 0 by which shapes go; open sizes that are found to be the
//          same are one, under the older name.
// Weights  an initializer each, as it is in kindling, however often it is used; its name is its
//          path in the model: "conv1d/kernel".
// Names    of nodes and results: the path of the layer and the operator, "encoder/dense/MatMul".
// Source   https://github.com/onnx/onnx/blob/main/docs/IR.md
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

enum class OnnxType { float32 = 1, int32 = 6, int64 = 7, boolean = 9 };  // ONNX's own numbers
OnnxType onnx_type(DType dtype);
const char* name(OnnxType type);

using OnnxShape = std::vector<std::int64_t>;  // below 0: an open size

class OnnxGraph;

struct OnnxValue {
  OnnxGraph* graph = nullptr;  // null: no value
  std::string name = {};
  OnnxType type = OnnxType::float32;
  OnnxShape shape = {};
  std::shared_ptr<const OnnxValue> carried = {};

  bool defined() const { return graph != nullptr; }
  int rank() const { return static_cast<int>(shape.size()); }
  int resolve(int axis) const { return axis < 0 ? axis + rank() : axis; }
  std::int64_t size(int axis) const { return shape.at(static_cast<std::size_t>(resolve(axis))); }
  // The mask that it carries, as a Tensor does; undefined if none.
  OnnxValue mask() const { return carried ? *carried : OnnxValue(); }
};
using OnnxValues = std::vector<OnnxValue>;

// x carrying a mask, bool, whose sizes are the first ones of x, or as many, some of them 1; an
// undefined one takes it away.
OnnxValue with_mask(const OnnxValue& x, const OnnxValue& mask);

// A node as it is written.
struct OnnxBody;
struct OnnxNode {
  std::string op;
  std::string name;
  std::vector<std::string> inputs;  // empty: left out
  std::vector<std::string> outputs;
  Config::Map attributes;          // numbers, texts and lists of them
  std::shared_ptr<OnnxBody> body;  // of a Scan
};
struct OnnxBody {
  std::string name;
  OnnxValues inputs = {}, outputs = {};
  std::vector<OnnxNode> nodes = {};
};
struct OnnxInitializer {
  std::size_t place = 0;  // weights as in the model, then constants
  OnnxValue value;
  Tensor tensor = {};                   // the elements, or, of int64,
  std::vector<std::int64_t> integers = {};  // these
};

class OnnxGraph {
 public:
  // `weights` by their paths.
  OnnxGraph(std::string name, const Weights& weights);
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;

  OnnxValue input(const std::string& name, OnnxType type, const OnnxShape& shape);
  // This name, or one like it, is kept for an output: nothing else will be named so.
  std::string reserve(const std::string& name) { return unique(name); }
  void output(const std::string& name, const OnnxValue& value);
  // After those of the model, with finish().
  void output_last(const std::string& name, const OnnxValue& value) {
    last_.emplace_back(reserve(name), value);
  }
  void finish() {
    for (const auto& [name, value] : last_) output(name, value);
  }

  // Adds a node of one result, or of several of given types and shapes. Undefined inputs are left
  // out.
  OnnxValue node(const std::string& op, const OnnxValues& inputs, OnnxType type,
                 const OnnxShape& shape, const Config::Map& attributes = {});
  OnnxValues node(const std::string& op, const OnnxValues& inputs, OnnxValues results,
                  const Config::Map& attributes = {});
  // The states after the last step, then what `step` gave for every step, along axis 1: a Scan over
  // axis 1 of `sequences`. step(states, elements of the sequences) -> {next states, outputs}.
  struct Step {
    OnnxValues states, outputs;
  };
  using StepFunction = std::function<Step(const OnnxValues& states, const OnnxValues& elements)>;
  OnnxValues scan(const OnnxValues& states, const OnnxValues& sequences, const StepFunction& step);

  OnnxValue constant(const Tensor& value);
  OnnxValue constant(const std::vector<std::int64_t>& integers);  // int64, (n,)
  // Fails on a number that is none of its type.
  OnnxValue scalar(double value, OnnxType type = OnnxType::float32);
  OnnxValue weight(const Weight& weight);

  // A new open size, named after the layer that is exported: "conv1d_time".
  std::int64_t open_size(const std::string& what);
  std::int64_t named_size(const std::string& name);  // the one of that name
  // Says that two sizes are the same, and gives it: the known one, or the older.
  std::int64_t same(std::int64_t a, std::int64_t b);
  std::int64_t resolve(std::int64_t size) const;
  // Sizes at run time: int64 (n,). An open size that no value has yet is -1.
  OnnxValue sizes(const OnnxShape& shape);
  std::string text(const OnnxShape& shape) const;  // "(batch, query_time, 8)"
  std::string size_name(std::int64_t size) const;
  Shape plain(const OnnxShape& shape) const;  // open sizes are `any`

  // While one lives, nodes are named after this layer, inside those that live already.
  class Scope {
   public:
    Scope(OnnxGraph& graph, const std::string& layer);
    ~Scope() { graph_.scopes_.pop_back(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    OnnxGraph& graph_;
  };

  const OnnxBody& body() const { return body_; }
  // Those that are used.
  const std::vector<OnnxInitializer>& initializers() const { return initializers_; }

 private:
  struct OpenSize {
    std::string name;
    std::int64_t same_as;
    OnnxValue where = {};  // a value that has it, at an axis
    int axis = 0;
    OnnxValue at_run_time = {};
  };
  OpenSize& open(std::int64_t size) { return sizes_[static_cast<std::size_t>(-2 - size)]; }
  const OpenSize& open(std::int64_t size) const {
    return sizes_[static_cast<std::size_t>(-2 - size)];
  }
  std::int64_t add_size(const std::string& name);
  OnnxValue size(std::int64_t size);  // int64 (1,)
  OnnxValue made(const std::string& name, OnnxType type, const OnnxShape& shape);
  OnnxValue pooled(const std::string& key, OnnxInitializer initializer);
  void add(OnnxInitializer initializer);
  std::string path(const std::string& last) const;
  std::string unique(const std::string& name);

  OnnxBody body_;
  OnnxBody* current_ = &body_;  // where nodes go
  std::vector<OnnxInitializer> initializers_;
  std::map<std::string, OnnxValue> constants_;           // by content
  struct Path {
    std::size_t place;
    std::string path;
  };
  std::map<const Storage*, Path> paths_;  // of the model's weights
  std::map<const Storage*, OnnxValue> weights_;
  std::vector<OpenSize> sizes_;
  std::set<std::string> names_;
  std::vector<std::string> scopes_;
  std::vector<std::pair<std::string, OnnxValue>> last_;
};

}  // namespace kindling
#pragma GCC visibility pop
