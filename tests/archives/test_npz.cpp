#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"

#include <kindling/io/archives/npz.h>
#include <kindling/io/archives/zip.h>
#include <kindling/io/file.h>
#include <kindling/io/npy.h>

using namespace kindling;

TEST_CASE("npz: tensors come back as they were") {
  const NamedTensors tensors = {{"dense/kernel", normals({3, 5}, 1)},
                                {"ids", tensor({4, 7})},
                                {"\u00fc x", scalar(2)},
                                {"mask", coins({2, 2}, 3)},
                                {"none", zeros({0, 3})}};
  const TemporaryFolder folder;
  const std::string path = folder.file("x.npz");
  write_npz(path, tensors);
  const TensorFile file = read_npz(path);
  CHECK(file.name == path);
  REQUIRE(file.tensors.size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CHECK(file.tensors[i].first == tensors[i].first);
    CHECK(same_bits(file.tensors[i].second, tensors[i].second));
  }
  CHECK(message_of([&] { file.at("x"); }) == path + ": has no tensor \"x\"");
  CHECK(npz_bytes(file.tensors) == read_file(path));
  CHECK(parse_npz(npz_bytes({}), "f").tensors.empty());
}

TEST_CASE("npz: what cannot be read or written") {
  ZipWriter zip("f");
  zip.add("x.npy", npy_bytes(scalar(1)));
  zip.add("notes.txt", "text");
  CHECK(message_of([&] { parse_npz(zip.bytes(), "f"); }) ==
        "f: member \"notes.txt\" is no .npy file");
  ZipWriter bad("f");
  bad.add("x.npy", "text");
  CHECK(message_of([&] { parse_npz(bad.bytes(), "f"); }) ==
        "f: member \"x.npy\": is no npy file, it starts with \"text\"");
  CHECK(message_of([] { parse_npz("{}", "f"); }) ==
        "f: is no zip archive, it starts with \"{}\"");
  CHECK(message_of([] { read_npz("/none/x.npz"); }) ==
        "/none/x.npz: cannot be opened, No such file or directory");
  CHECK(message_of([] { npz_bytes({{"x", Tensor()}}); }) == "npz: tensor \"x\" is undefined");
  CHECK(message_of([] { npz_bytes({{"x", scalar(1)}, {"x", scalar(1)}}); }) ==
        "npz: member \"x.npy\": stands twice");
  CHECK(message_of([] { npz_bytes({{"../x", scalar(1)}}); }) ==
        "npz: member \"../x.npy\": a name must not lead out of the archive");
}
