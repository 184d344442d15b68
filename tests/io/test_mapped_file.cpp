#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <kindling/io/file.h>

using namespace kindling;

TEST_CASE("a mapped file has the bytes of the file") {
  const TemporaryFolder folder;
  const std::string bytes("a\0\r\n\xff", 5);
  const MappedFile file(folder.write("f", bytes));
  CHECK(file.mapped());
  CHECK(file.bytes() == bytes);
  write_file(folder.file("f"), "another");  // in its place, which is no change of the one before
  CHECK(file.bytes() == bytes);
}

TEST_CASE("what cannot be mapped is read") {
  const TemporaryFolder folder;
  const MappedFile empty(folder.write("empty", ""));
  CHECK(!empty.mapped());
  CHECK(empty.bytes().empty());
  const MappedFile status("/proc/self/status");  // its size is said to be 0
  CHECK(!status.mapped());
  CHECK(status.bytes().starts_with("Name:"));
}

TEST_CASE("files that cannot be mapped or read") {
  const TemporaryFolder folder;
  CHECK(message_of([] { MappedFile("/none/f"); }) ==
        "/none/f: cannot be opened, No such file or directory");
  CHECK(message_of([&] { MappedFile file(folder.path()); }) ==
        folder.path() + ": is a folder, a file is needed");
}
