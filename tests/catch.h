// Catch2, version 2 or 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <string>

#include <kindling/tensor/error.h>

// What a call that must fail says; "no error" if it doesn't.
template <class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const kindling::Error& error) {
    return error.what();
  }
  return "no error";
}
