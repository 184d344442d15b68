// The rules of the house, read off the source tree.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

// A folder includes only itself and those before it.
const Strings library = {"tensor", "autograd", "layers", "optim", "io", "data", "train"};
const Strings programs = {"tools", "examples", "tests", "benchmarks"};

struct Line {
  std::string file;  // from the root: tensor/shape.h
  int number;
  std::string text;

  std::string str() const { return file + ":" + std::to_string(number) + ": " + text; }
};

using Source = std::vector<Line>;

Source read(const fs::path& path, const fs::path& root) {
  Source lines;
  std::ifstream in(path);
  const std::string name = fs::relative(path, root).generic_string();
  std::string text;
  while (std::getline(in, text)) lines.push_back({name, static_cast<int>(lines.size()) + 1, text});
  return lines;
}

std::vector<Source> sources(const fs::path& root, const Strings& folders) {
  std::vector<Source> all;
  for (const std::string& folder : folders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".h" || extension == ".cpp") all.push_back(read(entry.path(), root));
    }
  }
  return all;
}

std::string folder_of(const std::string& file) { return file.substr(0, file.find('/')); }

// What a line includes, without brackets and without "kindling/"; empty if nothing.
std::string included(const std::string& line) {
  static const std::regex include(R"(^\s*#\s*include\s*[<"](kindling/)?([^>"]+)[>"].*)");
  std::smatch match;
  return std::regex_match(line, match, include) ? match[2].str() : "";
}

// Lines of some folders that a rule finds fault with.
Strings faults(const fs::path& root, const Strings& folders,
               const std::function<bool(const Line&)>& faulty) {
  Strings found;
  for (const Source& source : sources(root, folders)) {
    for (const Line& line : source) {
      if (faulty(line)) found.push_back(line.str());
    }
  }
  std::ranges::sort(found);
  return found;
}

bool in(const Strings& list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

bool includes_later_folder(const Line& line) {
  const std::string what = included(line.text);
  const auto target = std::ranges::find(library, folder_of(what));
  if (what.find('/') == std::string::npos) return what == "kindling.h";
  if (target == library.end()) return in(programs, folder_of(what));
  return target > std::ranges::find(library, folder_of(line.file));
}

bool is_third_party(const std::string& what, const Strings& starts) {
  return std::ranges::any_of(starts, [&](const std::string& s) { return what.starts_with(s); });
}

bool is_private(const std::string& file) {
  static const std::regex headers(KINDLING_PRIVATE_HEADERS);
  return std::regex_search(file, headers);
}

const Strings machine_code = {"cblas", "openblas", "tbb/", "oneapi/tbb", "hwy/"};

bool public_header_with_third_party(const Line& line) {
  static const Strings hidden = {"fmt/",     "nlohmann", "hwy/",   "tbb/",  "oneapi", "cblas",
                                 "openblas", "utf8proc", "zip.h",  "hdf5.h", "onnx/", "google/"};
  return line.file.ends_with(".h") && !is_private(line.file) &&
         is_third_party(included(line.text), hidden);
}

// Public headers bring in no private one either.
bool public_header_with_private(const Line& line) {
  return line.file.ends_with(".h") && !is_private(line.file) && is_private(included(line.text));
}

// What a shared library shows is what public headers declare, which they say round each namespace.
const std::string show = "#pragma GCC visibility push(default)";
const std::string shown = "#pragma GCC visibility pop";

Strings wrongly_shown_or_hidden(const fs::path& root) {
  Strings found;
  for (const Source& source : sources(root, library)) {
    const bool is_public = source[0].file.ends_with(".h") && !is_private(source[0].file);
    for (std::size_t i = 0; i < source.size(); ++i) {
      const std::string& text = source[i].text;
      const auto at = [&](std::size_t j) { return j < source.size() ? source[j].text : ""; };
      const bool opens = text.starts_with("namespace kindling");
      const bool closes = text.starts_with("}  // namespace kindling");
      const bool right = !is_public ? text != show && text != shown
                                    : (!opens || (i > 0 && at(i - 1) == show)) &&
                                          (!closes || at(i + 1) == shown);
      if (!right) found.push_back(source[i].str());
    }
  }
  std::ranges::sort(found);
  return found;
}

// Columns: a UTF-8 character is one.
std::ptrdiff_t columns(const std::string& text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

Strings all_folders() {
  Strings all = library;
  all.insert(all.end(), programs.begin(), programs.end());
  return all;
}

const fs::path root = KINDLING_SOURCE_DIR;

// A tree of our own with one faulty file, to see that the rules see it.
struct Planted {
  fs::path root = fs::temp_directory_path() / "kindling_house";
  Planted(const std::string& file, const std::string& text) {
    fs::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text;
  }
  ~Planted() { fs::remove_all(root); }
  Planted(const Planted&) = delete;
  Planted& operator=(const Planted&) = delete;
};

}  // namespace

TEST_CASE("The source tree is where we look for it") {
  CHECK(sources(root, library).size() > 100);
  for (const std::string& folder : library) CHECK(fs::is_directory(root / folder));
}

TEST_CASE("A folder includes only folders above it") {
  CHECK(faults(root, library, includes_later_folder) == Strings{});

  const Planted planted("layers/bad.h",
                        "#include <kindling/train/model.h>\n#include <kindling/tensor/tensor.h>\n"
                        "#include \"tests/catch.h\"\n#include <kindling/kindling.h>\n");
  CHECK(faults(planted.root, library, includes_later_folder) ==
        Strings{"layers/bad.h:1: #include <kindling/train/model.h>",
                "layers/bad.h:3: #include \"tests/catch.h\"",
                "layers/bad.h:4: #include <kindling/kindling.h>"});
}

TEST_CASE("No file is over 400 lines, and lines end at 100 columns") {
  Strings long_files;
  for (const Source& source : sources(root, all_folders())) {
    if (source.size() > 400) long_files.push_back(source[0].file);
  }
  CHECK(long_files == Strings{});
  const auto too_wide = [](const Line& line) { return columns(line.text) > 100; };
  CHECK(faults(root, all_folders(), too_wide) == Strings{});

  const Planted planted("io/wide.h", std::string(100, 'x') + "\n" + std::string(101, 'y') + "\n");
  CHECK(faults(planted.root, library, too_wide) ==
        Strings{"io/wide.h:2: " + std::string(101, 'y')});
}

TEST_CASE("BLAS, threads and SIMD stay in tensor/") {
  const auto outside = [](const Line& line) {
    return folder_of(line.file) != "tensor" && is_third_party(included(line.text), machine_code);
  };
  CHECK(faults(root, library, outside) == Strings{});

  const Planted planted("data/fast.cpp", "#include <cblas.h>\n  #  include <hwy/highway.h>\n");
  CHECK(faults(planted.root, library, outside).size() == 2);
}

TEST_CASE("Public headers include nothing of other libraries") {
  CHECK(faults(root, library, public_header_with_third_party) == Strings{});
  CHECK(faults(root, library, public_header_with_private) == Strings{});

  const Planted planted("train/loss.h",
                        "#include <fmt/format.h>\n#include <kindling/tensor/fail.h>\n");
  CHECK(faults(planted.root, library, public_header_with_third_party).size() == 1);
  CHECK(faults(planted.root, library, public_header_with_private).size() == 1);
}

TEST_CASE("Public headers, and only they, say that what they declare is shown") {
  CHECK(wrongly_shown_or_hidden(root) == Strings{});

  const std::string open = "namespace kindling {\n", close = "}  // namespace kindling\n";
  const std::string right = show + "\n" + open + close + shown + "\n";
  const Planted header("train/loss.h", right + open + close + right);
  const Planted source("train/loss.cpp", open + close + right);
  const Planted kernel("tensor/kernels/gemm.h", show + "\nnamespace kindling::kernels {\n");
  CHECK(wrongly_shown_or_hidden(header.root) ==
        Strings{"tensor/kernels/gemm.h:1: " + show, "train/loss.cpp:3: " + show,
                "train/loss.cpp:6: " + shown, "train/loss.h:5: namespace kindling {",
                "train/loss.h:6: }  // namespace kindling"});
}
