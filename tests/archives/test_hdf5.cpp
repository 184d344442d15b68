// HDF5 files as h5py writes them (make_hdf5.py), and as we do.
#include <kindling/io/archives/hdf5.h>
#include <kindling/io/file.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

hdf5::File opened(const std::string& name) {
  return {read_file(std::string(KINDLING_SOURCE_DIR) + "/tests/archives/" + name), name};
}

// -3, -2, -1 ..
void check_counts(const hdf5::File& file, const std::string& path, const Shape& shape,
                  DType dtype = DType::float32, double first = -3) {
  INFO(path);
  REQUIRE(file.datasets().contains(path));
  CHECK(file.datasets().at(path).shape == shape);
  CHECK(file.datasets().at(path).dtype == dtype);
  const std::vector<double> got = numbers(file.read(path));
  REQUIRE(std::ssize(got) == shape.elements());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] != first + static_cast<double>(i)) FAIL(i << ": " << got[i]);
  }
}

}  // namespace

TEST_CASE("Numbers of every kind are read, and texts of every kind") {
  for (const std::string name : {"kinds.h5", "kinds_latest.h5"}) {
    INFO(name);
    // More than 8 links are kept elsewhere in the newer layout.
    if (name == "kinds_latest.h5") {
      CHECK(message_of([&] { opened(name); }) ==
            "kinds_latest.h5: its root keeps its links as files for libver \"latest\" do; write "
            "it with h5py's default");
      continue;
    }
    const hdf5::File file = opened(name);
    for (const char* dtype : {"f2", "f4", "f8", ">f2", ">f4", ">f8"}) {
      check_counts(file, std::string("plain ") + dtype, {2, 3});
    }
    for (const char* dtype : {"i1", "i2", "i4", "i8", ">i2", ">i8"}) {
      check_counts(file, std::string("plain ") + dtype, {2, 3}, DType::int32);
    }
    for (const char* dtype : {"u1", "u2", "u4", "u8", ">u4"}) {
      check_counts(file, std::string("plain ") + dtype, {2, 3}, DType::int32, 0);
    }
    check_counts(file, "scalar", {});
    check_counts(file, "a/b/c/d", {4});
    CHECK(numbers(file.read("bool")) == std::vector<double>{1, 0, 1});
    CHECK(file.read("empty").shape() == Shape{0, 3});
    CHECK(file.has_group("a/b"));
    CHECK_FALSE(file.has_group("scalar"));
    CHECK(file.attribute("a", "name").as_string("") == "größe");
    for (const char* texts : {"fixed", "loose"}) {
      CHECK(file.attribute("a", texts).str() == "[\"one\", \"three\", \"\"]");
    }
    CHECK(file.attribute("a", "none").str() == "[]");
    CHECK(file.attribute("a", "number").as_int("") == -5);
    CHECK(file.attribute("a", "unsigned").as_int("") == 65535);
    CHECK(file.attribute("a", "another").is_null());
    CHECK(file.attribute("nowhere", "name").is_null());
    CHECK(file.attribute("", "long").as_string("") == std::string(5000, 'x'));
  }
}

TEST_CASE("What is written is read again, bit for bit") {
  hdf5::Writer writer;
  const std::string name = "grüße";
  writer.group("layers/a/vars", name);
  writer.group("empty", "");
  const Tensor floats = normals({3, 4}, 1), ids = random_ids({5}, 2, 1000),
               mask = coins({2, 2, 2}, 3), one = scalar(-1.5), none = zeros({0, 4});
  writer.dataset("layers/a/vars/0", floats);
  writer.dataset("layers/a/vars/1", ids);
  writer.dataset("mask", mask);
  writer.dataset("b/one", one);
  writer.dataset("none", none);
  writer.dataset("steps", 7);
  const std::string bytes = writer.bytes();
  const hdf5::File file(bytes, "x.h5");
  CHECK(same_bits(file.read("layers/a/vars/0"), floats));
  CHECK(same_bits(file.read("layers/a/vars/1"), ids));
  CHECK(same_bits(file.read("mask"), mask));
  CHECK(same_bits(file.read("b/one"), one));
  CHECK(same_bits(file.read("none"), none));
  CHECK(numbers(file.read("steps")) == std::vector<double>{7});
  CHECK(file.attribute("layers/a/vars", "name").as_string("") == name);
  CHECK(file.groups() == std::vector<std::string>{"", "b", "empty", "layers", "layers/a",
                                                  "layers/a/vars"});
}

TEST_CASE("What is no number is known, but not read") {
  const hdf5::File file = opened("kinds.h5");
  const auto why = [&](const std::string& path) {
    return message_of([&] { file.read(path); });
  };
  CHECK(why("text") == "kinds.h5: \"text\" is of a type that is not read; floats, whole numbers "
                       "and bool are");
  CHECK(why("too large") ==
        "kinds.h5: \"too large\": whole numbers have at most 32 bits, got 2147483648");
  CHECK(why("lzf") == "kinds.h5: \"lzf\" goes through filter 32000; shuffle, deflate and "
                      "fletcher32 are known, once each and in this order");
  CHECK(why("a/b") == "kinds.h5: \"a/b\" is not there");
  CHECK(message_of([&] { file.attribute("a", "float"); }) ==
        "kinds.h5: attribute \"float\" of \"a\" is neither text nor a whole number");
}

TEST_CASE("Chunks and filters are read") {
  const hdf5::File file = opened("kinds.h5");
  check_counts(file, "chunks", {7, 11, 3});
  check_counts(file, "many chunks", {900}, DType::int32);
  check_counts(file, "packed", {50, 20});
  check_counts(file, "checked", {7}, DType::int32);
}

TEST_CASE("What could not be read again is not written") {
  const auto nested = [](std::size_t depth) {
    std::string path = "a";
    for (std::size_t i = 1; i < depth; ++i) path += "/a";
    return path;
  };
  hdf5::Writer writer;
  writer.group(nested(63), "");
  writer.dataset(nested(63) + "/b", 1);
  CHECK(hdf5::File(writer.bytes(), "f").datasets().size() == 1);
  const std::string why = ": groups are nested deeper than 64 levels";
  CHECK(message_of([&] { writer.group(nested(64), ""); }).ends_with(why));
  CHECK(message_of([&] { writer.dataset(nested(64) + "/b", 1); }).ends_with(why));
}
