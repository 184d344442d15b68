#include "tests/catch.h"

#include <kindling/io/archives/zip.h>

using namespace kindling;

namespace {

std::string archive() {
  ZipWriter zip("a.zip");
  zip.add("config.json", "{}");
  zip.add("empty", "");
  zip.add("folder/w\u00f6rter.txt", std::string("a\0b", 3));
  return zip.bytes();
}

}  // namespace

TEST_CASE("members come back as they were, in their order") {
  const ZipReader zip(archive(), "a.zip");
  REQUIRE(zip.members().size() == 3);
  CHECK(zip.members()[0].name == "config.json");
  CHECK(zip.members()[0].size == 2);
  CHECK(zip.read("config.json") == "{}");
  CHECK(zip.read("empty").empty());
  CHECK(zip.read("folder/w\u00f6rter.txt") == std::string("a\0b", 3));
  CHECK(zip.contains("empty"));
  CHECK(!zip.contains("config"));
  CHECK(zip.read("config.json") == "{}");  // as often as wanted
  CHECK(message_of([&] { zip.read("config"); }) ==
        "a.zip: has no member \"config\", it has \"config.json\", \"empty\", "
        "\"folder/w\u00f6rter.txt\"");
}

TEST_CASE("an archive may have no members") {
  const ZipReader zip(ZipWriter("a.zip").bytes(), "a.zip");
  CHECK(zip.members().empty());
  CHECK(message_of([&] { zip.read("x"); }) == "a.zip: has no member \"x\", it has none");
}

TEST_CASE("an archive of many members names some of them") {
  ZipWriter writer("a.zip");
  for (int i = 0; i < 1000; ++i) writer.add(std::to_string(i), "");
  const ZipReader zip(writer.bytes(), "a.zip");
  CHECK(zip.contains("999"));
  const std::string message = message_of([&] { zip.read("x"); });
  CHECK(message.starts_with("a.zip: has no member \"x\", it has \"0\", \"1\", "));
  CHECK(message.ends_with(", \"18\", \"19\", .."));
}

TEST_CASE("the same members make the same bytes, whatever library is there") {
  ZipWriter zip("a.zip");
  zip.add("w\u00f6.txt", "{}");
  const std::string common("\n\0\0\b\0\0\0\0\x21\0\x43\xbf\xa6\xa3\2\0\0\0\2\0\0\0\7\0\0\0",
                           26);
  CHECK(zip.bytes() ==
        "PK\3\4" + common + "w\u00f6.txt{}" +
        "PK\1\2\x3f\3" + common + std::string("\0\0\0\0\0\0\0\0\x80\1\0\0\0\0", 14) +
        "w\u00f6.txt" + "PK\5\6" + std::string("\0\0\0\0\1\0\1\0\x35\0\0\0\x27\0\0\0\0\0", 18));
}

TEST_CASE("members that cannot be written") {
  ZipWriter zip("a.zip");
  const auto refused = [&](const std::string& member) {
    return message_of([&] { zip.add(member, "1"); });
  };
  CHECK(refused("x") == "no error");
  CHECK(refused("x") == "a.zip: member \"x\": stands twice");
  CHECK(refused("") == "a.zip: member \"\": a name must not be empty");
  CHECK(refused(std::string("a\0b", 3)) ==
        "a.zip: member \"a\\u0000b\": a name must have no zero byte");
  for (const std::string out : {"/x", "\\x", "../x", "a/../x", "a\\..", "C:x"}) {
    CHECK(refused(out).ends_with(": a name must not lead out of the archive"));
  }
  CHECK(refused(std::string(65536, 'x')).ends_with(": a name has at most 65535 bytes, got 65536"));
  CHECK(refused("\xff") == "a.zip: member \"\ufffd\": a name must be UTF-8");
}

TEST_CASE("what an archive of ours says of its members") {
  ZipWriter zip("a.zip");
  zip.add("x", "text");
  const std::string bytes = zip.bytes();
  const std::string header("PK\3\4\n\0\0\0\0\0\0\0\x21\0", 14);
  CHECK(bytes.substr(0, header.size()) == header);  // stored on 1980-01-01
  const std::string record = bytes.substr(35, 46);
  CHECK(record.substr(0, 4) == "PK\1\2");
  CHECK(record[5] == 3);                              // made on a unix
  CHECK(record.substr(38, 4) == std::string("\0\0\x80\1", 4));  // mode 0600
}

TEST_CASE("limits hold for all members together") {
  ZipWriter zip("a.zip");
  zip.add("x", std::string(600, 'x'));
  zip.add("y", std::string(600, 'y'));
  const std::string bytes = zip.bytes();
  CHECK(message_of([&] { ZipReader(bytes, "a.zip", {.size = 1199}); }) ==
        "a.zip: its members take 1200 bytes, at most 1199 are read");
  CHECK(message_of([&] { ZipReader(bytes, "a.zip", {.size = 1200}); }) == "no error");
}

TEST_CASE("an archive that is cut anywhere, or has a byte changed, is refused or read as it was") {
  const std::string whole = archive();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    CHECK(message_of([&] { ZipReader(whole.substr(0, n), "a.zip"); }).starts_with("a.zip: is "));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int change : {1, 2, 0x20, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      message_of([&] {  // anything but Error fails the test
        const ZipReader zip(bytes, "a.zip");
        for (const ZipMember& member : zip.members()) {
          const std::string content = zip.read(member.name);
          CHECK(std::ssize(content) == member.size);
        }
      });
    }
  }
}
