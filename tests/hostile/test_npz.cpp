#include "tests/catch.h"
#include "tests/hostile/raw_zip.h"
#include "tests/hostile/refusal.h"

#include <kindling/io/archives/npz.h>
#include <kindling/io/archives/zip.h>
#include <kindling/io/npy.h>

using namespace kindling;

namespace {

RawMember npy(const std::string& name, bool deflated = false) {
  const std::string content = npy_bytes(tensor({1.0, 2.0}));  // 136 bytes
  return deflated ? RawMember::deflated(name, content) : RawMember::stored(name, content);
}

// x is bytes [0, 171), y is [171, 347), the directory [347, 449).
RawZip valid() { return raw_zip({npy("x.npy"), npy("y.npy", true)}); }

// The valid archive with a number at a place of a record, or a header, of a member.
std::string record_with(std::size_t member, std::size_t at, std::size_t bytes,
                        unsigned long long number) {
  const RawZip zip = valid();
  return with_bytes(zip.bytes, zip.records[member] + at, little(bytes, number));
}
std::string header_with(std::size_t member, std::size_t at, std::size_t bytes,
                        unsigned long long number) {
  const RawZip zip = valid();
  return with_bytes(zip.bytes, zip.headers[member] + at, little(bytes, number));
}
std::string end_with(std::size_t at, std::size_t bytes, unsigned long long number) {
  const RawZip zip = valid();
  return with_bytes(zip.bytes, zip.end + at, little(bytes, number));
}

std::string named(const std::string& name) {
  return raw_zip({npy("x.npy"), npy(name)}).bytes;
}

// An archive of one member that says it has `size` zeros and holds `count`.
std::string zeros(std::uint32_t size, std::size_t count) {
  const std::uint32_t crc = count == size ? crc32(std::string(count, '\0')) : 0;
  return raw_zip({RawMember{"x.npy", deflated_zeros(count), crc, size, 8}}).bytes;
}

// Many members, each as large as deflate allows, far apart from what they hold.
std::string bomb(std::size_t members, std::size_t packed) {
  std::vector<RawMember> all;
  for (std::size_t i = 0; i < members; ++i) {
    all.push_back({std::to_string(i), std::string(packed, '\0'), 0,
                   static_cast<std::uint32_t>(1032 * packed), 8});
  }
  return raw_zip(all).bytes;
}

void parse(const std::string& bytes) { parse_npz(bytes, "f"); }

}  // namespace

TEST_CASE("hostile archives: the frame") {
  const RawZip zip = valid();
  CHECK(refusal([&] { parse(zip.bytes); }) == "no error");
  REQUIRE(zip.headers == std::vector<std::size_t>{0, 171});
  REQUIRE(zip.directory == 347);
  REQUIRE(zip.end == 449);
  const std::string& file = zip.bytes;
  const std::string cut =
      "is cut short or has bytes after its end, its last 22 bytes are no end record";
  for (const std::size_t size : {4ul, 30ul, 171ul, 347ul, 393ul, 449ul, 470ul}) {
    INFO(size);
    CHECK(refusal([&] { parse(file.substr(0, size)); }) == "f: " + cut);
  }
  check_refused(parse, {
      {"", "is no zip archive, it starts with \"\""},
      {file.substr(1), "is no zip archive, it starts with \"K\\u0003\\u0004\\u0014\""},
      {"MZ" + file, "is no zip archive, it starts with \"MZPK\""},
      {file + "\n", cut},
      {end_with(4, 2, 1), "is one of several parts of an archive"},
      {end_with(8, 4, 0x00030003), "the directory has 2 members, the end record says 3"},
      {end_with(8, 4, 0x00010001), "the directory has 2 members, the end record says 1"},
      {end_with(8, 4, 0xffffffff),
       "is a zip64 archive, as those beyond 4 GiB are, which is not supported"},
      {end_with(12, 4, 102 + 1000), "the directory is bytes [347, 1449), it must end at 449, where "
                                    "the end record is"},
      {end_with(16, 4, 0xfffffffe), "the directory is bytes [4294967294, 4294967396), it must end "
                                    "at 449, where the end record is"},
      {end_with(12, 8, 0x00000126'0000009bull),
       "the directory is damaged, no record at byte 294"},
      {record_with(1, 0, 4, 0), "the directory is damaged, no record at byte 398"},
      {record_with(1, 28, 2, 6),
       "the directory is damaged, the record at byte 398 takes 52 bytes, got 51"},
      {record_with(1, 32, 2, 0xffff),
       "the directory is damaged, the record at byte 398 takes 65586 bytes, got 51"},
  });
}

TEST_CASE("hostile archives: two directories") {
  // The last member holds another directory and end record, whose comment is what follows it.
  const RawZip hidden = raw_zip({npy("x.npy"), npy("y.npy")});
  std::string content = hidden.bytes.substr(hidden.directory);
  content = with_bytes(content, content.size() - 6, little(4, hidden.directory + 35));
  content = with_bytes(content, content.size() - 2, little(2, 51 + 22));
  const RawZip all = raw_zip({npy("x.npy"), npy("y.npy"), RawMember::stored("z.npy", content)});
  CHECK(all.bytes.substr(hidden.directory + 35, content.size()) == content);
  std::string bytes = all.bytes.substr(0, all.directory) + all.bytes.substr(all.records[2]);
  bytes = with_bytes(bytes, bytes.size() - 14, little(4, 0x00010001) + little(4, 51));
  CHECK(refusal([&] { parse(bytes); }) ==
        "f: bytes [0, 342) belong to no member in its directory");
}

TEST_CASE("hostile archives: members") {
  const std::string packing = "is not supported, stored (0) or deflated (8) is needed";
  check_refused(parse, {
      {named("x.npy"), "member \"x.npy\": stands twice"},
      {named(""), "member \"\": a name must not be empty"},
      {named(std::string("y\0.npy", 6)), "member \"y\\u0000.npy\": a name must have no zero byte"},
      {named("/y.npy"), "member \"/y.npy\": a name must not lead out of the archive"},
      {named("C:y.npy"), "member \"C:y.npy\": a name must not lead out of the archive"},
      {named("../y.npy"), "member \"../y.npy\": a name must not lead out of the archive"},
      {named("a\\..\\y"), "member \"a\\\\..\\\\y\": a name must not lead out of the archive"},
      {named("folder/"), "member \"folder/\" is no .npy file"},
      {record_with(1, 8, 2, 1), "member \"y.npy\": is encrypted"},
      {header_with(0, 6, 2, 1),
       "member \"x.npy\": its header says another compression or encryption than the directory"},
      {header_with(1, 8, 2, 0),
       "member \"y.npy\": its header says another compression or encryption than the directory"},
      {record_with(1, 10, 2, 12), "member \"y.npy\": compression method 12 " + packing},
      {record_with(1, 10, 2, 99), "member \"y.npy\": compression method 99 " + packing},
      {record_with(0, 24, 4, 135), "member \"x.npy\": is stored, but 136 bytes hold 135"},
      {record_with(0, 20, 4, 0xffffffff),
       "member \"x.npy\": is beyond 4 GiB (zip64), which is not supported"},
      {record_with(1, 24, 4, 0xfffffffe), "member \"y.npy\": says 4294967294 bytes, 141 deflated "
                                          "bytes hold at most 145576"},
      {record_with(1, 42, 4, 0), "member \"y.npy\": its header names \"x.npy\""},
      {record_with(1, 42, 4, 170), "member \"y.npy\": no header at byte 170"},
      {record_with(1, 42, 4, 347), "member \"y.npy\": no header at byte 347"},
      {record_with(1, 42, 4, 0xfffffffe), "member \"y.npy\": no header at byte 4294967294"},
      {record_with(1, 20, 4, 142),
       "member \"y.npy\": bytes [171, 348) reach into the directory, which begins at 347"},
      {header_with(0, 28, 2, 1), "member \"y.npy\": bytes [171, 347) lie over member \"x.npy\", "
                                 "which ends at 172"},
      {record_with(0, 20, 8, 0x0000008b'0000008bull),
       "member \"x.npy\": its header says another size or checksum than the directory"},
  });
}

TEST_CASE("hostile archives: contents") {
  const RawZip zip = valid();
  const std::size_t data = zip.headers[1] + 35;
  const RawMember x = npy("x.npy");
  RawMember long_x = npy("x.npy", true);
  long_x.size = 135;
  RawMember short_x = npy("x.npy", true);
  short_x.size = 137;
  RawMember cut_x = npy("x.npy", true);
  const std::string checksum = "it says checksum 0xe7abca9a, got 0x45d61aa1";
  const std::string differs = "its header says another size or checksum than the directory";
  cut_x.packed.resize(100);
  check_refused(parse, {
      {with_bytes(zip.bytes, 40, "\7"), "member \"x.npy\": is damaged, " + checksum},
      {with_bytes(zip.bytes, data + 10, "\7"), "member \"y.npy\": is damaged, " + checksum},
      {with_bytes(zip.bytes, data, "\7"),
       "member \"y.npy\": is damaged, its bytes can't be unpacked"},
      {raw_zip({long_x}).bytes, "member \"x.npy\": is damaged, it says 135 bytes, got more"},
      {raw_zip({short_x}).bytes, "member \"x.npy\": is damaged, it says 137 bytes, got 136"},
      {header_with(0, 14, 4, 0), "member \"x.npy\": " + differs},
      {raw_zip({x, RawMember::stored("y.npy", "")}).bytes,
       "member \"y.npy\": is no npy file, it starts with \"\""},
      {raw_zip({x, RawMember::stored("y.npy", x.packed.substr(0, 130))}).bytes,
       "member \"y.npy\": <f4 (2,) takes 8 bytes, got 2"},
      {raw_zip({x, RawMember::deflated("y.txt", "text")}).bytes,
       "member \"y.txt\" is no .npy file"},
  });
  for (const std::size_t place : {18u, 22u}) {
    CHECK(refusal([&] { parse(header_with(0, place, 4, 137)); }) ==
          "f: member \"x.npy\": " + differs);
  }
  CHECK(refusal([&] { parse(raw_zip({cut_x}).bytes); }) ==
        "f: member \"x.npy\": is damaged, its bytes can't be unpacked");
}

TEST_CASE("archives whose headers leave the sizes to the directory") {
  // numpy writes zip64's marks, and who can't go back writes nothing, and a description behind.
  const RawZip zip = valid();
  CHECK(refusal([&] { parse(header_with(0, 18, 8, ~0ull)); }) == "no error");
  std::string open = with_bytes(zip.bytes, 6, little(2, 8));
  open = with_bytes(open, 14, std::string(12, '\0'));
  CHECK(refusal([&] { parse(open); }) == "no error");
  const auto behind = [&](std::size_t size) {
    std::string bytes = open.substr(0, zip.directory) + std::string(size, 'd') +
                        open.substr(zip.directory);
    return with_bytes(bytes, zip.end + size + 16, little(4, zip.directory + size));
  };
  CHECK(refusal([&] { parse(behind(24)); }) == "no error");
  CHECK(refusal([&] { parse(behind(25)); }) ==
        "f: bytes [347, 372) belong to no member in its directory");
}

TEST_CASE("hostile archives: bombs") {
  check_refused(parse, {
      // Says little and holds much: reading stops where more comes than it said.
      {zeros(100, 50'000'000), "member \"x.npy\": is damaged, it says 100 bytes, got more"},
      // Says what it holds.
      {zeros(6000000, 6000000), "member \"x.npy\": is no npy file, it starts with "
                                    "\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\""},
      {zeros(4'000'000'000, 8'000'000), "member \"x.npy\": says 4000000000 bytes, 50582 deflated "
                                        "bytes hold at most 52200688"},
      {bomb(100, 1000), "its members take 103200000 bytes, 955 times what the archive does; "
                        "beyond 67108864 bytes, at most 200 times are read"},
      {bomb(1000, 5000), "its members take 5160000000 bytes, at most 4294967296 are read"},
  });

  // Many records for one member's bytes.
  RawZip zip = raw_zip({npy("x.npy", true), RawMember{"x.npz", "", 0, 0, 8}});
  const std::string again = zip.bytes.substr(zip.records[0], 51);
  const std::string bytes = zip.bytes.substr(0, zip.headers[1]) + again + again + "PK\5\6" +
                            little(4, 0) + little(2, 2) + little(2, 2) + little(4, 102) +
                            little(4, zip.headers[1]) + little(2, 0);
  CHECK(refusal([&] { parse(bytes); }) == "f: member \"x.npy\": stands twice");
}
