#include <kindling/tensor/tensor.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/memory.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

// C++ leaves open what becomes of a number that int32 doesn't have.
template <class To, class From>
To converted(const char* who, From value) {
  if constexpr (std::floating_point<From> && std::same_as<To, std::int32_t>) {
    if (!(value > -2147483649.0 && value < 2147483648.0)) {
      fail("{}: int32 is between -2147483648 and 2147483647, got {}", who, value);
    }
  }
  return static_cast<To>(value);
}

// Of 4 bytes each they still fit in what addresses there are.
constexpr std::int64_t max_elements = std::int64_t{1} << 45;

template <class From, class To>
Tensor filled(const From& values, const Shape& shape, DType dtype,
              std::span<To> (Tensor::*door)()) {
  if (static_cast<std::int64_t>(values.size()) != shape.elements()) {
    fail("tensor: shape {} holds {} elements, got {}", shape.str(), shape.elements(),
         values.size());
  }
  Tensor t = Tensor::empty(shape, dtype);
  std::transform(values.begin(), values.end(), (t.*door)().begin(),
                 [](auto v) { return converted<To>("tensor", v); });
  return t;
}

Tensor floats_from(const auto& values, const Shape& shape) {
  return filled<std::remove_cvref_t<decltype(values)>, float>(values, shape, DType::float32,
                                                              &Tensor::mutable_floats);
}

Tensor ints_from(const auto& values, const Shape& shape) {
  return filled<std::remove_cvref_t<decltype(values)>, std::int32_t>(
      values, shape, DType::int32, &Tensor::mutable_ints);
}

}  // namespace

Storage::Storage(std::int64_t bytes) : data_(kernels::allocate(bytes, "Tensor")) {}
Storage::~Storage() { kernels::release(data_); }

namespace detail {

constinit thread_local const ReadAsOf* ReadAsOf::current_ = nullptr;
ReadAsOf::ReadAsOf(std::uint64_t recorded, const char* who)
    : time(recorded), operation(who), before_(current_) {
  current_ = this;
}
ReadAsOf::~ReadAsOf() { current_ = before_; }

}  // namespace detail

Tensor Tensor::empty(const Shape& shape, DType dtype, const char* who) {
  Tensor t;
  t.elements_ = shape.elements();
  if (t.elements_ > max_elements) {
    fail("Tensor: {} has more elements than memory can hold", shape.str());
  }
  t.shape_ = shape;
  t.dtype_ = dtype;
  const std::int64_t bytes = t.elements_ * itemsize(dtype);
  try {
    t.storage_ = std::make_shared<Storage>(bytes);
  } catch (const std::exception&) {
    const auto* back = detail::ReadAsOf::current();
    fail("{}{}: out of memory for {} {}, {} bytes", back ? "gradient of " : "",
         back ? back->operation : who, name(dtype), shape.str(), bytes);
  }
  return t;
}

float Tensor::item() const {
  if (!defined()) fail("Tensor: undefined, it has no item()");
  if (elements_ != 1) fail("Tensor: item() wants one element, got shape {}", shape_.str());
  return floats()[0];
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.elements() != elements_) {
    fail("reshape: {} has {} elements, {} has {}", shape_.str(), elements_, shape.str(),
         shape.elements());
  }
  Tensor t;
  t.storage_ = storage_;
  t.shape_ = shape;
  t.elements_ = elements_;
  t.dtype_ = dtype_;
  return t;
}

Tensor Tensor::clone() const {
  if (!defined()) return {};
  Tensor t = empty(shape_, dtype_);
  check_unchanged();
  std::memcpy(t.storage_->write(), storage_->read(),
              static_cast<std::size_t>(elements_ * itemsize(dtype_)));
  return t;
}

Tensor Tensor::with_node(std::shared_ptr<Node> node, int slot) const {
  Tensor t = *this;
  t.node_ = std::move(node);
  t.slot_ = slot;
  return t;
}

void Tensor::wrong_access(DType dtype) const {
  if (!storage_) fail("Tensor: undefined, it has no {} elements", name(dtype));
  fail("Tensor: {} elements were asked for, got {} of shape {}", name(dtype), name(dtype_),
       shape_.str());
}

void Tensor::changed_since(const char* operation) const {
  fail("backward: \"{}\" needs a {} tensor of shape {} as it was in the forward pass, but an "
       "optimizer, loading or mutable_{} has written to it since; run the forward pass again",
       operation, name(dtype_), shape_.str(),
       dtype_ == DType::float32 ? "floats" : dtype_ == DType::int32 ? "ints" : "bools");
}

Tensor with_mask(const Tensor& x, const Tensor& mask) {
  Tensor t = x;
  t.mask_ = nullptr;
  if (!mask.defined()) return t;
  if (mask.dtype() != DType::boolean || mask.rank() < 1 || !mask.shape().masks(x.shape())) {
    fail("with_mask: a mask is bool and has the leading sizes of its tensor, got {} {} [x {}]",
         name(mask.dtype()), mask.shape().str(), x.shape().str());
  }
  t.mask_ = std::make_shared<const Tensor>(mask);
  return t;
}

Tensor tensor_of_rows(const std::vector<std::vector<double>>& rows, DType dtype) {
  const std::size_t columns = rows.empty() ? 0 : rows[0].size();
  std::vector<double> flat;
  for (const auto& row : rows) {
    if (row.size() != columns) {
      fail("tensor: rows differ in length, {} against {}", row.size(), columns);
    }
    flat.insert(flat.end(), row.begin(), row.end());
  }
  const Shape shape{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)};
  switch (dtype) {
    case DType::float32: return floats_from(flat, shape);
    case DType::int32: return ints_from(flat, shape);
    case DType::boolean: break;
  }
  return cast(floats_from(flat, shape), DType::boolean);
}
Tensor tensor(std::span<const float> values, const Shape& shape) {
  return floats_from(values, shape);
}
Tensor tensor(std::span<const std::int32_t> values, const Shape& shape) {
  return ints_from(values, shape);
}
Tensor scalar(double value) { return full({}, value); }

Tensor full(const Shape& shape, double value) {
  Tensor t = Tensor::empty(shape);
  std::ranges::fill(t.mutable_floats(), static_cast<float>(value));
  return t;
}
Tensor zeros(const Shape& shape) { return full(shape, 0); }
Tensor ones(const Shape& shape) { return full(shape, 1); }

Tensor arange(std::int64_t end) {
  if (end > std::numeric_limits<std::int32_t>::max()) {
    fail("arange: int32 counts up to {}, got {}", std::numeric_limits<std::int32_t>::max(), end);
  }
  Tensor t = Tensor::empty({end}, DType::int32);
  std::int32_t next = 0;
  for (std::int32_t& v : t.mutable_ints()) v = next++;
  return t;
}

Tensor mask_of(std::initializer_list<std::initializer_list<bool>> rows) {
  std::vector<std::vector<double>> copy;
  for (const auto& row : rows) copy.emplace_back(row.begin(), row.end());
  return tensor_of_rows(copy, DType::boolean);
}

Tensor random_uniform(const Shape& shape, double low, double high, Generator& generator) {
  Tensor t = Tensor::empty(shape);
  generator.fill_uniform(t.mutable_floats().data(), t.elements(), static_cast<float>(low),
                         static_cast<float>(high));
  return t;
}
Tensor random_uniform(const Shape& shape, double low, double high) {
  return random_uniform(shape, low, high, global_generator());
}
Tensor random_normal(const Shape& shape, double mean, double stddev, Generator& generator) {
  Tensor t = Tensor::empty(shape);
  generator.fill_normal(t.mutable_floats().data(), t.elements(), static_cast<float>(mean),
                        static_cast<float>(stddev));
  return t;
}
Tensor random_normal(const Shape& shape, double mean, double stddev) {
  return random_normal(shape, mean, stddev, global_generator());
}

Tensor cast(const Tensor& x, DType dtype) {
  Tensor y = Tensor::empty(x.shape(), dtype);
  const auto convert = [&](const auto& from) {
    const auto into = [&](auto to) {
      using To = typename decltype(to)::value_type;
      std::transform(from.begin(), from.end(), to.begin(),
                     [](auto v) { return converted<To>("cast", v); });
    };
    switch (dtype) {
      case DType::float32: return into(y.mutable_floats());
      case DType::int32: return into(y.mutable_ints());
      case DType::boolean: return into(y.mutable_bools());
    }
  };
  switch (x.dtype()) {
    case DType::float32: convert(x.floats()); break;
    case DType::int32: convert(x.ints()); break;
    case DType::boolean: convert(x.bools()); break;
  }
  return y;
}

Tensor cast_exactly(const std::string& who, const Tensor& x, DType dtype) {
  const auto check = [&](const auto& numbers) {
    for (const auto number : numbers) {
      const auto value = static_cast<double>(number);
      switch (dtype) {
        case DType::float32:
          if (std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value) break;
          fail("{}: float32 is needed, and {} is no float32", who, number);
        case DType::int32:
          if (std::abs(value) < 0x1p31 && value == std::trunc(value)) break;
          fail("{}: int32 is needed, and {} is no whole number of 32 bits", who, number);
        case DType::boolean:
          if (value == 0 || value == 1) break;
          fail("{}: bool is needed, and {} is neither 0 nor 1", who, number);
      }
    }
  };
  switch (x.dtype()) {
    case DType::float32: check(x.floats()); break;
    case DType::int32: check(x.ints()); break;
    case DType::boolean: check(x.bools()); break;
  }
  return cast(x, dtype);
}

}  // namespace kindling
