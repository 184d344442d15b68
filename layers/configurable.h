// What layers, optimizers, losses and metrics share: a class name, a name, options that a config
// writes and reads, and the handle through which they are used.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <kindling/layers/config.h>
#include <kindling/tensor/held.h>

#pragma GCC visibility push(default)
namespace kindling {

class Configurable {
 public:
  // The size of options that common_fields() lists all of.
  static constexpr std::size_t common_options_size = sizeof(std::string);

  // An empty name becomes default_name().
  Configurable(std::string class_name, std::string name);
  virtual ~Configurable() = default;
  Configurable& operator=(const Configurable&) = delete;

  // The options by name. Reading changes the options of a constructed object, so a constructor
  // only stores them.
  virtual void fields(Fields&) {}
  // What has changed since, and must be kept for a run to be taken up exactly where it was.
  virtual void state(Fields&) {}
  // Fails on options that exclude each other or make no sense.
  virtual void check_options() const {}

  const std::string& class_name() const { return class_name_; }
  const std::string& name() const;
  std::string who() const;  // Dense "hidden", for messages

  Config config();
  void read_config(const Config& config);
  // Takes a name and checks the options; `has_options`: there are others than the name.
  void finish_construction(bool has_options);
  bool name_was_given() const { return name_was_given_; }
  void rename(std::string name) { name_ = std::move(name); }

 protected:
  virtual std::string default_name() const;       // the class name in snake_case
  virtual void common_fields(Fields& f);          // name, and what a family adds
  [[noreturn]] void fail_with(const std::string& rule) const;  // Error: who(): rule
  Configurable(const Configurable&) = default;  // for handles that copy the object: Metric

 private:
  std::string class_name_;
  mutable std::string name_;
  bool name_was_given_;
  bool has_options_ = false;
};

// GlobalAveragePooling1D -> global_average_pooling1d, as in Keras.
std::string snake_case(const std::string& class_name);

// A handle made from options: HandleOf<Layer, DenseImpl> is Dense. A copy shares the object.
template <class Base, class Impl>
class HandleOf : public Base {
 public:
  using Options = typename Impl::Options;

  explicit HandleOf(Options options) : HandleOf(std::make_shared<Impl>(std::move(options))) {
    this->impl()->finish_construction(sizeof(Options) > Impl::common_options_size);
  }
  HandleOf()
    requires std::default_initializable<Options>
      : HandleOf(Options{}) {}

  static HandleOf from_config(const Config& config) {
    auto impl = std::make_shared<Impl>(blank_options<Options>());
    impl->read_config(config);
    impl->finish_construction(sizeof(Options) > Impl::common_options_size);
    return HandleOf(std::move(impl));
  }
  // What a general handle holds, if it is of this class; fails otherwise.
  static HandleOf of(const Base& base) {
    auto impl = std::dynamic_pointer_cast<Impl>(base.impl());
    if (!impl) wrong_class(base.impl()->who());
    return HandleOf(std::move(impl));
  }
  static std::string static_class_name() {
    return Impl(blank_options<Options>()).class_name();
  }

 protected:
  explicit HandleOf(std::shared_ptr<Impl> impl) : Base(std::move(impl)) {}

 private:
  [[noreturn]] static void wrong_class(const std::string& who) {
    throw Error(who + ": is no " + static_class_name());
  }
};

[[noreturn]] void unknown_class(const std::string& family, const std::string& class_name,
                                const std::vector<std::string>& known);

// Classes by name: how a config becomes an object again.
template <class Base>
class Registry {
 public:
  using Factory = std::function<Base(const Config&)>;

  // `family` names the kind in errors: "layer".
  explicit Registry(std::string family) : family_(std::move(family)) {}

  template <class Handle>
  Registry& add() {
    set(Handle::static_class_name(), [](const Config& config) -> Base {
      return Handle::from_config(config);
    });
    return *this;
  }
  // A class that is no handle's, or in the place of the one of that name.
  void set(const std::string& class_name, Factory factory) {
    std::size_t at = 0;
    while (at < factories_.size() && factories_[at].first < class_name) ++at;
    if (at < factories_.size() && factories_[at].first == class_name) {
      factories_[at].second = std::move(factory);
    } else {
      factories_.emplace(factories_.begin() + static_cast<std::ptrdiff_t>(at), class_name,
                         std::move(factory));
    }
  }
  Base make(const std::string& class_name, const Config& config) const {
    for (const auto& [name, factory] : factories_) {
      if (name == class_name) return factory(config);
    }
    unknown_class(family_, class_name, names());
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, factory] : factories_) all.push_back(name);
    return all;
  }

 private:
  std::string family_;
  std::vector<std::pair<std::string, Factory>> factories_;  // by name
};

}  // namespace kindling
#pragma GCC visibility pop
