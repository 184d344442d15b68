#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <sstream>

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

TEST_CASE("the lines of a file are those of its text") {
  const TemporaryFolder folder;
  const auto lines = [](const kindling::Lines& next) {
    std::vector<std::string> all;
    for (std::string_view line; next(line);) all.emplace_back(line);
    return all;
  };
  // Around 64 KiB, the size of the blocks in which a file is read.
  for (const std::size_t size :
       {0, 1, 65'534, 65'535, 65'536, 65'537, 131'070, 131'071, 131'072, 200'000}) {
    const std::string word(size, 'x');
    for (const std::string& text : {word, word + "\n", word + "\n\n" + word, "\n" + word}) {
      INFO(size);
      CHECK(lines(kindling::lines_of_file(folder.write("f", text))) ==
            lines(kindling::lines_of(text)));
      CHECK(lines(kindling::lines_of_stream(std::make_shared<std::istringstream>(text), "f")) ==
            lines(kindling::lines_of(text)));
    }
  }
}

TEST_CASE("a line without end is refused") {
  const TemporaryFolder folder;
  const std::string longest(std::size_t{1} << 24, 'x');
  std::string_view line;
  const auto fine = kindling::lines_of_file(folder.write("f", "a\n" + longest + "\n"));
  CHECK((fine(line) && fine(line)));
  CHECK(line == longest);
  const auto next = kindling::lines_of_file(folder.write("g", "a\n" + longest + "x"));
  CHECK(next(line));
  CHECK(message_of([&] { next(line); }) ==
        folder.file("g") + ":2: a line has at most 16777216 bytes, got more");
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
