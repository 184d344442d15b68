#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/io/file_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using kindling::read_file;
using kindling::write_file;

namespace fs = std::filesystem;

TEST_CASE("An open file that a link in /dev stands for goes on where it is") {
  const TemporaryFolder folder;
  const std::string path = folder.file("log");
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(::write(file, "before ", 7) == 7);
  write_file("/dev/fd/" + std::to_string(file), "now ");
  REQUIRE(::write(file, "after", 5) == 5);
  ::close(file);
  CHECK(read_file(path) == "before now after");
}

TEST_CASE("a file is read whole") {
  const TemporaryFolder folder;
  const std::string bytes("a\0\r\n\xff", 5);
  CHECK(read_file(folder.write("a", bytes)) == bytes);
  CHECK(read_file(folder.write("empty", "")).empty());
  const std::string large(3'500'001, 'x');
  CHECK(read_file(folder.write("large", large)) == large);
  CHECK(!read_file("/proc/self/status").empty());  // its size is said to be 0
}

TEST_CASE("a file is read up to a size") {
  const TemporaryFolder folder;
  CHECK(read_file(folder.write("a", "12345"), 5) == "12345");
  CHECK(message_of([&] { read_file(folder.file("a"), 4); }) ==
        folder.file("a") + ": is read up to 4 bytes, got 5");
  CHECK(message_of([] { read_file("/proc/self/status", 100); })  // its size is said to be 0
            .starts_with("/proc/self/status: is read up to 100 bytes, got "));
}

TEST_CASE("files that cannot be read") {
  const TemporaryFolder folder;
  CHECK(message_of([&] { read_file(folder.file("none")); }) ==
        folder.file("none") + ": cannot be opened, No such file or directory");
  CHECK(message_of([&] { read_file(folder.path()); }) ==
        folder.path() + ": is a folder, a file is needed");
  CHECK(message_of([&] { read_file(folder.write("a", "") + "/b"); }) ==
        folder.file("a") + "/b: cannot be opened, Not a directory");
  CHECK(message_of([] { read_file(""); }) == ": cannot be opened, No such file or directory");
}

TEST_CASE("a file is written, and replaced whole") {
  const TemporaryFolder folder;
  const std::string path = folder.file("f");
  write_file(path, "one");
  CHECK(read_file(path) == "one");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  write_file(path, std::string(100'000, 'x'));
  write_file(path, "");
  CHECK(read_file(path).empty());
  CHECK(fs::status(path).permissions() == fs::perms(0640));
  CHECK(names_in(folder.path()) == Names{"f"});

  SECTION("by a name without a folder") {
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    write_file("g", "two");
    fs::current_path(before);
    CHECK(read_file(folder.file("g")) == "two");
  }
  SECTION("through a link, which stays") {
    fs::create_symlink("f", folder.file("link"));
    write_file(folder.file("link"), "three");
    CHECK(fs::is_symlink(folder.file("link")));
    CHECK(read_file(path) == "three");
  }
}

TEST_CASE("a device is written to, not replaced") {
  write_file("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(message_of([] { write_file("/dev/full", "x"); }) ==
        "/dev/full: cannot be saved, No space left on device; "
        "what was there before is unchanged");
}

TEST_CASE("files that cannot be written") {
  const TemporaryFolder folder;
  CHECK(message_of([&] { write_file(folder.path(), ""); }) ==
        folder.path() + ": is a folder, a file is needed");
  CHECK(message_of([&] { write_file(folder.file("none/f"), ""); }) ==
        folder.file("none/f") + ": cannot be saved, No such file or directory [" +
            folder.file("none") + "]; what was there before is unchanged");
  const std::string path = folder.write("f", "old");
  {
    const std::string large(100'000, 'x');
    const SmallDisk disk(5'000);
    CHECK(message_of([&] { write_file(path, large); }) ==
          path + ": cannot be saved, File too large; what was there before is unchanged");
  }
  CHECK(read_file(path) == "old");
  CHECK(names_in(folder.path()) == Names{"f"});
}
