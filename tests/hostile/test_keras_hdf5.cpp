// HDF5 files that are damaged, that promise too much, and of what is not read (make_hdf5.py).
#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/hostile/raw_hdf5.h"

#include <kindling/io/archives/h5.h>
#include <kindling/io/archives/hdf5.h>
#include <kindling/io/file.h>

using namespace kindling;

namespace {

void parse(const std::string& bytes) {
  const hdf5::File file(bytes, "f");
  for (const std::string& group : file.groups()) file.attribute(group, "name");
  for (const auto& [path, dataset] : file.datasets()) file.read(path);
}

std::string made(const std::string& name) {
  return read_file(std::string(KINDLING_SOURCE_DIR) + "/tests/hostile/hdf5/" + name + ".h5");
}

// One dataset, "vars/kernel", of 37 floats.
std::string valid() {
  hdf5::Writer writer;
  writer.group("vars", "dense");
  writer.dataset("vars/kernel", cast(arange(37), DType::float32));
  return writer.bytes();
}

std::size_t found(const std::string& bytes, std::string_view part, std::size_t from = 0) {
  const std::size_t at = bytes.find(part, from);
  INFO(part);
  REQUIRE(at != bytes.npos);
  return at;
}

// The valid file with a number so many bytes behind the first of some bytes.
std::string with_number(std::string_view after, std::ptrdiff_t offset, std::size_t size,
                        unsigned long long number, std::size_t from = 0) {
  const std::string bytes = valid();
  const std::size_t at = found(bytes, after, from) + static_cast<std::size_t>(offset);
  return with_bytes(bytes, at, little(size, number));
}

const std::string damaged = "is a damaged HDF5 file, ";

}  // namespace

TEST_CASE("hostile HDF5: the frame") {
  const std::string file = valid();
  CHECK(refusal([&] { parse(file); }) == "no error");
  const std::string size = std::to_string(file.size());
  for (const std::size_t cut : {60ul, 96ul, 136ul, 680ul, 1024ul, file.size() - 1}) {
    INFO(cut);
    CHECK(refusal([&] { parse(file.substr(0, cut)); }) ==
          "f: is cut short, its header says " + size + " bytes, got " + std::to_string(cut));
  }
  check_refused(parse, {
      {"", "is no HDF5 file"},
      {file.substr(0, 8), "is cut short, it is 8 bytes long"},
      {with_bytes(file, 8, "\1"), "versions 0, 2 and 3 of HDF5's superblock are read, got 1"},
      {with_bytes(file, 13, "\4"), "addresses and lengths are of 8 bytes, got 4 and 8"},
      {with_bytes(file, 24, little(8, 512)), "must begin at byte 0, its header says 512"},
      {with_bytes(file, 40, little(8, ~0ull)),
       "is cut short, its header says 18446744073709551615 bytes, got " + size},
      {with_bytes(file, 64, little(8, 1ull << 40)),
       damaged + "an object's header at byte 1099511627776"},
      {with_bytes(file, 64, little(8, 97)), damaged + "an object's header at byte 98"},
      {with_bytes(file, 64, little(8, 0)), damaged + "an object's header at byte 1"},
  });
}

TEST_CASE("hostile HDF5: groups") {
  const std::string file = valid();
  const std::size_t tree = found(file, "TREE"), node = found(file, "SNOD"),
                    heap = found(file, "HEAP");
  const std::size_t vars = found(file, "TREE", tree + 1);
  const auto text = [](std::size_t n) { return std::to_string(n); };
  for (const std::string& bytes : {with_bytes(file, heap + 8, little(8, ~0ull)),
                                   with_bytes(file, node + 6, little(2, 0xffff)),
                                   with_bytes(file, node + 8, little(8, 1ull << 33))}) {
    CHECK(refusal([&] { parse(bytes); }) ==
          "f: " + damaged + "a group's names at byte " + text(heap + 32));
  }
  check_refused(parse, {
      {with_bytes(file, tree, "TREF"), damaged + "a tree at byte " + text(tree + 4)},
      {with_bytes(file, vars + 4, "\1"), damaged + "a tree at byte " + text(vars + 6)},
      // Its own child, one level below itself.
      {with_bytes(file, tree + 5, "\1" + little(2, 1) + std::string(24, '\0') +
                                      little(8, tree)),
       damaged + "a tree at byte " + text(tree + 6)},
      {with_bytes(file, tree + 6, little(2, 0xffff)),
       damaged + "a tree at byte " + text(file.size() - 4)},
      {with_bytes(file, heap, "HEAQ"), damaged + "a group's names at byte " + text(heap + 4)},
      {with_bytes(file, node + 8, little(8, 0)), "its root has two links of one name, or one "
                                                 "without"},
      {with_bytes(file, node + 24, little(4, 2)), "\"vars\" is a soft link; only hard links are "
                                                  "read"},
      // "vars" is the root.
      {with_bytes(file, node + 16, little(8, 96)),
       "\"vars\" is linked more than once; every group and dataset must have one name"},
      {with_bytes(file, vars + 32, little(8, node)),
       "\"vars/kernel\" is linked more than once; every group and dataset must have one name"},
      {made("soft_link"), "\"layers/dense\" is a soft link; only hard links are read"},
      {made("external_link"), "\"layers/dense\" is an external link; only hard links are read"},
      {made("linked_twice"), "\"copy\" is linked more than once; every group and dataset must have "
                             "one name"},
      {made("cycle"), "\"a/b/c\" is linked more than once; every group and dataset must have one "
                      "name"},
      {made("named_type"), "\"float\" is a named type; groups and datasets are read"},
      {made("deep"), "groups are nested deeper than 64 levels"},
      {made("many_links"), "its root keeps its links as files for libver \"latest\" do; write it "
                           "with h5py's default"},
  });
}

TEST_CASE("hostile HDF5: datasets") {
  const std::string size = little(8, 148);  // in the layout, after the address
  const std::string one_axis = little(8, 37) + little(8, 37);
  check_refused(parse, {
      {with_number(size, 0, 8, 147), "\"vars/kernel\" takes 148 bytes, the file has 147 for it"},
      {with_number(size, 0, 8, ~0ull),
       "\"vars/kernel\" takes 148 bytes, the file has 18446744073709551615 for it"},
      {with_number(size, -8, 8, 1 << 20), "\"vars/kernel\" lies beyond the end of the file"},
      {with_number(size, -8, 8, ~0ull), "\"vars/kernel\" takes 148 bytes, the file has 0 for it"},
      {with_number(one_axis, 0, 8, 1ull << 63),
       "\"vars/kernel\" is too large, its axis 0 is 9223372036854775808"},
      {with_number(one_axis, 0, 8, 1ull << 28),
       "\"vars/kernel\" takes 1073741824 bytes, more than 64 times the 8340 of the file"},
      {with_number(one_axis, -7, 1, 33), "is a damaged HDF5 file, an object's header at byte 6171"},
      {with_number(one_axis, -7, 1, 2), "is a damaged HDF5 file, an object's header at byte 6192"},
      {made("external_data"), "\"kernel\" is kept in another file, which is not read"},
      {made("virtual"), "\"kernel\" is a virtual dataset, which is not read"},
      {made("of_named_type"), "\"kernel\" is of a type that is not read; floats, whole numbers and "
                              "bool are"},
      {made("seven_axes"), "\"kernel\": at most 6 axes are supported, got 7"},
      {made("no_elements"), "\"kernel\" has no elements"},
      {made("large_number"), "\"kernel\": whole numbers have at most 32 bits, got 1099511627776"},
  });
  for (const std::string kind : {"text", "complex"}) {
    CHECK(refusal([&] { parse(made(kind)); }) ==
          "f: \"kernel\" is of a type that is not read; floats, whole numbers and bool are");
  }
}

TEST_CASE("hostile HDF5: chunks") {
  const std::string packed = made("packed");
  CHECK(refusal([&] { parse(packed); }) == "no error");
  const std::size_t tree = found(packed, "TREE", found(packed, "TREE") + 1);
  const std::size_t data = found(packed, "\x78\x5e");
  check_refused(parse, {
      {with_bytes(packed, data + 20, "\x55"),
       "\"kernel\" has a chunk that its checksum does not fit"},
      {with_bytes(packed, tree + 24, little(4, 3)), "\"kernel\" has a chunk without its checksum"},
      {with_bytes(packed, tree + 24, little(4, 0xffffffff)),
       "is a damaged HDF5 file, a dataset's chunk at byte 3496"},
      {with_bytes(packed, tree + 28, little(4, 1)),
       "\"kernel\" has a chunk in a place where none should be"},
      {made("huge"), "\"kernel\" takes 8589934592 bytes, more than 64 times the 1400 of the file"},
      {made("many_chunks"), "\"kernel\" is kept in more than 65536 chunks"},
      {made("large_chunks"), "\"kernel\" takes 4 bytes, its chunks 4194304000"},
      {made("no_chunk"), "\"kernel\" is kept in 2 chunks, the file has 1"},
      {made("bomb"), "\"kernel\" takes 4000000 bytes, more than 64 times the 7394 of the file"},
      {made("lzf"),
       "\"kernel\" goes through filter 32000; shuffle, deflate and fletcher32 are known, once "
       "each and in this order"},
      {made("latest_chunks"),
       "\"kernel\" is kept in chunks as files for libver \"latest\" do; write it with h5py's "
       "default"},
  });
}

TEST_CASE("hostile HDF5: little that many things share") {
  RawHdf5 names;
  std::string links;
  for (int i = 0; i < 6000; ++i) links += RawHdf5::link(std::to_string(i), names.group(""));
  RawHdf5::Address group = names.group(links);
  for (int i = 0; i < 4; ++i) group = names.group(RawHdf5::link(std::string(60'000, 'n'), group));
  const std::string long_names = names.file(group);

  RawHdf5 elements;
  const RawHdf5::Address at = elements.bytes(std::string(1 << 20, '\0'));
  links.clear();
  for (int i = 0; i < 100; ++i) {
    links += RawHdf5::link(std::to_string(i), elements.dataset_at({1 << 18}, at, 1 << 20));
  }
  const std::string one_for_all = elements.file(elements.group(links));

  check_refused(parse, {
      {long_names, "the paths of its groups and datasets take more than " +
                       std::to_string(long_names.size() + 1048576) + " bytes"},
      {one_for_all, "its datasets take 104857600 bytes together, more than 64 times the " +
                        std::to_string(one_for_all.size()) + " of the file"},
  });

  RawHdf5 notes;
  const std::string note = notes.shared(RawHdf5::text("name", std::string(60'000, 'n')));
  links.clear();
  for (int i = 0; i < 100; ++i) {
    links += RawHdf5::link(std::to_string(i),
                           notes.group(RawHdf5::link("vars", notes.group(note))));
  }
  const TemporaryFolder folder;
  const std::string path = folder.write("f", notes.file(notes.group(links)));
  CHECK(refusal([&] { read_h5(path); }) ==
        path + ": names of groups take more bytes than the file");
}
