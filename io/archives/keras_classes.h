// What Keras's layers write into their configs, in its order: for those that we have too.
#pragma once

#include <string>
#include <vector>

#include <kindling/layers/config.h>

namespace kindling::keras {

// How an option of ours is written.
enum class Form {
  same,         // as it is
  sizes,        // whole numbers as a list, also one
  initializer,  // objects with their modules
  regularizer,
  constraint,
  layer,
  axes,         // a list, counted from 0
  fixed,        // Keras's alone: one value
  if_set,       // left out where it is null
};

struct Option {
  const char* name;
  Form form = Form::same;
  Config value = {};  // of Form::fixed
};

struct Class {
  std::string name;
  std::vector<Option> options = {};  // after name, trainable and dtype
  bool builds = true;                // keeps the shapes it was built for
  bool takes_mask = false;           // its call() has a mask, of one input
};

// Null for a class that Keras's layers don't have: operations, WithMask, and the user's own.
const Class* keras_class(const std::string& name);

}  // namespace kindling::keras
