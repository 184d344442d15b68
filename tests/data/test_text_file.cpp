#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <kindling/data/text_file.h>

using kindling::read_text_file;

TEST_CASE("a text file is read whole, without a byte order mark") {
  const TemporaryFolder folder;
  CHECK(read_text_file(folder.write("a", "one\r\ntwo\n")) == "one\r\ntwo\n");
  CHECK(read_text_file(folder.write("b", "\xef\xbb\xbf\u00fcber")) == "\u00fcber");
  const std::string large(3'500'000, 'x');
  CHECK(read_text_file(folder.write("c", large)) == large);
  const std::string block(std::size_t{1} << 20, 'y');
  CHECK(read_text_file(folder.write("d", block)) == block);
}

TEST_CASE("text files that cannot be read") {
  const TemporaryFolder folder;
  CHECK(message_of([&] { read_text_file(folder.file("none")); }) ==
        folder.file("none") + ": cannot be opened, No such file or directory");
  CHECK(message_of([&] { read_text_file(folder.path()); }) ==
        folder.path() + ": is a folder, a file is needed");
  const auto error = [&](std::string_view content) {
    const std::string path = folder.write("file", content);
    const std::string message = message_of([&] { read_text_file(path); });
    REQUIRE(message.starts_with(path));
    return message.substr(path.size());
  };
  CHECK(error("") == ": is empty");
  CHECK(error("\xef\xbb\xbf") == ": is empty");
  CHECK(error("\xff") == ":1: text is not UTF-8, byte 0xff at offset 0 of the line");
  CHECK(error("a\n\u00e4\nab\xe9t\xe9\n") ==
        ":3: text is not UTF-8, byte 0xe9 at offset 2 of the line");
}

TEST_CASE("lines end at a newline and nowhere else") {
  std::string_view text = "a\r\n\nb\u2028c", line;
  CHECK(kindling::take_line(text, line));
  CHECK(line == "a\r");
  CHECK(kindling::take_line(text, line));
  CHECK(line.empty());
  CHECK(kindling::take_line(text, line));
  CHECK(line == "b\u2028c");
  CHECK(!kindling::take_line(text, line));
}
