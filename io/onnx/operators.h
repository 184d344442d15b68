// ONNX's operators on values of a graph (io/onnx/graph.h), by the names that kindling's operations
// on tensors have, with the same rules for shapes. For exporters of layers of one's own.
//
//   OnnxValue y = relu(matmul(x, kernel) + bias);
//
// Source: https://github.com/onnx/onnx/blob/main/docs/Operators.md, as of opset 17.
#pragma once

#include <kindling/io/onnx/graph.h>

#pragma GCC visibility push(default)
namespace kindling {

// op(x) of x's type and shape: unary("Softplus", x), unary("Elu", x, {{"alpha", 0.5}}).
OnnxValue unary(const char* op, const OnnxValue& x, const Config::Map& attributes = {});
// Two operands of one type that broadcast as in numpy.
OnnxValue binary(const char* op, const OnnxValue& a, const OnnxValue& b);
OnnxValue compare(const char* op, const OnnxValue& a, const OnnxValue& b);  // bool

inline OnnxValue operator+(const OnnxValue& a, const OnnxValue& b) { return binary("Add", a, b); }
inline OnnxValue operator-(const OnnxValue& a, const OnnxValue& b) { return binary("Sub", a, b); }
inline OnnxValue operator*(const OnnxValue& a, const OnnxValue& b) { return binary("Mul", a, b); }
inline OnnxValue operator/(const OnnxValue& a, const OnnxValue& b) { return binary("Div", a, b); }
inline OnnxValue operator-(const OnnxValue& x) { return unary("Neg", x); }

OnnxValue scalar_like(const OnnxValue& x, double value);  // of x's type, shape ()
inline OnnxValue operator+(const OnnxValue& a, double b) { return a + scalar_like(a, b); }
inline OnnxValue operator+(double a, const OnnxValue& b) { return b + a; }
inline OnnxValue operator-(const OnnxValue& a, double b) { return a - scalar_like(a, b); }
inline OnnxValue operator-(double a, const OnnxValue& b) { return scalar_like(b, a) - b; }
inline OnnxValue operator*(const OnnxValue& a, double b) { return a * scalar_like(a, b); }
inline OnnxValue operator*(double a, const OnnxValue& b) { return b * scalar_like(b, a); }
inline OnnxValue operator/(const OnnxValue& a, double b) { return a / scalar_like(a, b); }
inline OnnxValue operator/(double a, const OnnxValue& b) { return scalar_like(b, a) / b; }

inline OnnxValue maximum(const OnnxValue& a, const OnnxValue& b) { return binary("Max", a, b); }
inline OnnxValue minimum(const OnnxValue& a, const OnnxValue& b) { return binary("Min", a, b); }
inline OnnxValue maximum(const OnnxValue& a, double b) { return maximum(a, scalar_like(a, b)); }
inline OnnxValue minimum(const OnnxValue& a, double b) { return minimum(a, scalar_like(a, b)); }
OnnxValue clip(const OnnxValue& x, double low, double high);

inline OnnxValue relu(const OnnxValue& x) { return unary("Relu", x); }
inline OnnxValue sigmoid(const OnnxValue& x) { return unary("Sigmoid", x); }
inline OnnxValue tanh(const OnnxValue& x) { return unary("Tanh", x); }
inline OnnxValue abs(const OnnxValue& x) { return unary("Abs", x); }
inline OnnxValue sqrt(const OnnxValue& x) { return unary("Sqrt", x); }

OnnxValue cast(const OnnxValue& x, OnnxType type);
OnnxValue not_equal(const OnnxValue& x, double value);
inline OnnxValue less_equal(const OnnxValue& a, const OnnxValue& b) {
  return compare("LessOrEqual", a, b);
}
inline OnnxValue logical_and(const OnnxValue& a, const OnnxValue& b) { return binary("And", a, b); }
inline OnnxValue logical_or(const OnnxValue& a, const OnnxValue& b) { return binary("Or", a, b); }
// condition ? a : b; all three broadcast.
OnnxValue where(const OnnxValue& condition, const OnnxValue& a, const OnnxValue& b);

OnnxValue transpose(const OnnxValue& x, const std::vector<int>& axes);
// At most one open size may be one that nothing has yet; it is worked out.
OnnxValue reshape(const OnnxValue& x, const OnnxShape& shape);
OnnxValue broadcast_to(const OnnxValue& x, const OnnxShape& shape);
OnnxValue expand_dims(const OnnxValue& x, int axis);  // a new axis of size 1
OnnxValue squeeze(const OnnxValue& x, int axis);
OnnxValue flip(const OnnxValue& x, int axis);
OnnxValue last(const OnnxValue& x, int axis);  // the last element along an axis, which stays
OnnxValues split(const OnnxValue& x, int parts, int axis = -1);
OnnxValue concatenate(const OnnxValues& xs, int axis = -1);
OnnxValue take(const OnnxValue& table, const OnnxValue& ids);  // rows

OnnxValue matmul(const OnnxValue& a, const OnnxValue& b);
// x kernel + bias, which may be undefined.
OnnxValue dense(const OnnxValue& x, const OnnxValue& kernel, const OnnxValue& bias);

OnnxValue sum(const OnnxValue& x, int axis, bool keepdims = false);
OnnxValue mean(const OnnxValue& x, int axis, bool keepdims = false);
OnnxValue max(const OnnxValue& x, int axis, bool keepdims = false);
OnnxValue softmax(const OnnxValue& x, int axis = -1);
// Over the last axis, 0 where mask is false.
OnnxValue masked_softmax(const OnnxValue& x, const OnnxValue& mask);
// The same but for a row that is all masked, which is uniform.
OnnxValue blind_softmax(const OnnxValue& x, const OnnxValue& mask);

// f(x, other), where f works on the last axis, along these axes together (ascending, from 0).
// `other` has x's shape, or is undefined.
OnnxValue along_axes(const std::vector<int>& axes, const OnnxValue& x, const OnnxValue& other,
                     const std::function<OnnxValue(const OnnxValue&, const OnnxValue&)>& f);

}  // namespace kindling
#pragma GCC visibility pop
