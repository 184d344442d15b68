#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include <kindling/io/file.h>

using kindling::check_can_save_folder;
using kindling::FolderWriter;
using kindling::read_file;
using kindling::write_file;

namespace fs = std::filesystem;

// Stands in for the C library's, to play a file system that has no exchange, or to let something
// happen at the last moment.
static bool no_exchange = false;
static std::function<void()> before_exchange;
extern "C" int renameat2(int from, const char* old_path, int to, const char* new_path,
                         unsigned flags) noexcept {
  if (before_exchange) before_exchange();
  if (no_exchange) {
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_renameat2, from, old_path, to, new_path, flags));
}

namespace {

// No file may grow beyond `bytes` while this lives: a disk that gets full.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  sighandler_t handler_;
  rlimit before_{};
};

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

void save(const std::string& folder, const std::string& weights, const std::string& config) {
  FolderWriter writer(folder);
  writer.write("weights", weights);
  writer.write("config", config);
  writer.commit();
}

using Names = std::set<std::string>;

}  // namespace

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

TEST_CASE("Whether a folder could be saved is known before") {
  const TemporaryFolder folder;
  const std::string path = folder.file("model");
  const std::vector<std::string> names = {"a", "b"};
  CHECK(message_of([&] { check_can_save_folder(path, names); }) == "no error");
  CHECK(std::filesystem::is_empty(folder.path()));
  std::filesystem::create_directory(path);
  write_file(path + "/a", "1");
  CHECK(message_of([&] { check_can_save_folder(path, names); }) == "no error");
  write_file(path + "/notes", "1");
  CHECK(message_of([&] { check_can_save_folder(path, names); }) ==
        path + ": cannot be saved, the folder there also holds \"notes\", which is no part of "
               "what is saved; what was there before is unchanged");
  CHECK(message_of([&] { check_can_save_folder(folder.file("no/model"), names); })
            .find("cannot be saved, No such file or directory") != std::string::npos);
  CHECK(message_of([] { FolderWriter(""); }) == "a folder to save to needs a name, got \"\"");
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

TEST_CASE("a pipe is read to its end") {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string large(300'000, 'y');
  std::thread writer([&] { write_file(pipe, large); });
  const std::string got = read_file(pipe);
  writer.join();
  CHECK(got == large);
  CHECK(names_in(folder.path()) == Names{"pipe"});
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

TEST_CASE("a folder is written, and replaced in one step") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  no_exchange = GENERATE(false, true);
  save(model, "w1", "c1");
  CHECK(read_file(model + "/weights") == "w1");
  CHECK(read_file(model + "/config") == "c1");
  REQUIRE(::chmod(model.c_str(), 0750) == 0);
  save(model + "/", "w2", "c2");
  CHECK(read_file(model + "/weights") == "w2");
  CHECK(names_in(model) == Names{"weights", "config"});
  CHECK(names_in(folder.path()) == Names{"model"});
  CHECK(fs::status(model).permissions() == fs::perms(0750));

  SECTION("through a link, which stays") {
    fs::create_directory_symlink("model", folder.file("latest"));
    save(folder.file("latest"), "w3", "c3");
    CHECK(fs::is_symlink(folder.file("latest")));
    CHECK(read_file(model + "/weights") == "w3");
    CHECK(names_in(folder.path()) == Names{"latest", "model"});
  }
  SECTION("also one that is empty") {
    fs::create_directory(folder.file("empty"));
    save(folder.file("empty"), "w4", "c4");
    CHECK(read_file(folder.file("empty/weights")) == "w4");
  }
  no_exchange = false;
}

TEST_CASE("what is not committed never was") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  {
    FolderWriter writer(model);
    writer.write("weights", "w");
    CHECK(names_in(folder.path()).size() == 1);
    CHECK(!fs::exists(model));
  }
  CHECK(names_in(folder.path()).empty());
}

TEST_CASE("the name of a temporary folder that a crash left is passed over") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  std::string next;
  {
    FolderWriter writer(model);
    const std::string name = *names_in(folder.path()).begin();
    const std::size_t number = name.rfind('-') + 1;
    next = name.substr(0, number) + std::to_string(std::stoi(name.substr(number)) + 1);
  }
  fs::create_directory(folder.file(next));
  save(model, "w", "c");
  CHECK(names_in(folder.path()) == Names{"model", next});
}

TEST_CASE("a full disk leaves the old folder as it was") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  const std::string large(100'000, 'x');
  const std::string expected =
      model + ": cannot be saved, File too large; what was there before is unchanged";
  save(model, "w1", "c1");
  {
    const SmallDisk disk(50'000);
    CHECK(message_of([&] { save(model, large, "c2"); }) == expected);
    CHECK(message_of([&] { save(model, "w2", large); }) == expected);
  }
  CHECK(read_file(model + "/weights") == "w1");
  CHECK(read_file(model + "/config") == "c1");
  CHECK(names_in(folder.path()) == Names{"model"});
}

TEST_CASE("nobody else's files are removed") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  const auto refused = [&](const std::string& why) {
    CHECK(message_of([&] { save(model, "w", "c"); }) ==
          model + ": cannot be saved, " + why + "; what was there before is unchanged");
  };
  SECTION("a file") {
    folder.write("model", "text");
    refused("it is no folder");
    CHECK(read_file(model) == "text");
  }
  SECTION("a folder with other files") {
    save(model, "w1", "c1");
    folder.write("model/notes.txt", "mine");
    refused("the folder there also holds \"notes.txt\", which is no part of what is saved");
    CHECK(names_in(model) == Names{"config", "notes.txt", "weights"});
    CHECK(read_file(model + "/weights") == "w1");
  }
  SECTION("a folder with folders") {
    fs::create_directories(model + "/weights");
    refused("the folder there also holds \"weights\", which is no part of what is saved");
  }
  CHECK(names_in(folder.path()) == Names{"model"});
}

TEST_CASE("a file that arrives at the last moment is kept") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  save(model, "w1", "c1");
  before_exchange = [&] { folder.write("model/mine", "text"); };
  static std::string warning;
  const auto before = kindling::set_warning_handler([](const std::string& w) { warning = w; });
  save(model, "w2", "c2");
  kindling::set_warning_handler(before);
  before_exchange = nullptr;
  CHECK(read_file(model + "/weights") == "w2");
  Names names = names_in(folder.path());
  REQUIRE(names.erase("model") == 1);
  REQUIRE(names.size() == 1);
  const std::string old = folder.file(*names.begin());
  CHECK(warning == model + ": is saved, but the one before could not be removed [" +
                       fs::canonical(old).string() + "]");
  CHECK(read_file(old + "/mine") == "text");
}

TEST_CASE("an old folder that cannot be replaced gets its name back") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  save(model, "w1", "c1");
  no_exchange = true;
  FolderWriter writer(model);
  writer.write("weights", "w2");
  writer.write("config", "c2");
  // Without its new folder, the second of the two renames fails.
  before_exchange = [&] {
    for (const std::string& name : names_in(folder.path())) {
      if (name != "model") fs::remove_all(folder.file(name));
    }
  };
  CHECK(message_of([&] { writer.commit(); }) ==
        model + ": cannot be saved, No such file or directory; what was there before is unchanged");
  before_exchange = nullptr;
  no_exchange = false;
  CHECK(read_file(model + "/weights") == "w1");
  CHECK(names_in(folder.path()) == Names{"model"});
}

TEST_CASE("folders that cannot be written") {
  const TemporaryFolder folder;
  CHECK(message_of([&] { FolderWriter(folder.file("none/model")); }) ==
        folder.file("none/model") + ": cannot be saved, No such file or directory [" +
            folder.file("none") + "]; what was there before is unchanged");
  CHECK(message_of([&] { FolderWriter(folder.write("f", "") + "/model"); }) ==
        folder.file("f/model") +
            ": cannot be saved, Not a directory; what was there before is unchanged");
  const std::string here = folder.path();
  if (::geteuid() != 0) {  // root may write everywhere
    REQUIRE(::chmod(here.c_str(), 0555) == 0);
    CHECK(message_of([&] { FolderWriter(here + "/model"); }) ==
          here + "/model: cannot be saved, Permission denied; what was there before is unchanged");
    REQUIRE(::chmod(here.c_str(), 0755) == 0);
  }
}

TEST_CASE("a FolderWriter is used as it is meant") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  FolderWriter writer(model);
  CHECK(message_of([&] { writer.write("a/b", ""); }) ==
        "FolderWriter: a plain file name is needed, got \"a/b\"");
  CHECK(message_of([&] { writer.write("..", ""); }) ==
        "FolderWriter: a plain file name is needed, got \"..\"");
  CHECK(message_of([&] { writer.write("", ""); }) ==
        "FolderWriter: a plain file name is needed, got \"\"");
  writer.write("a", "");
  CHECK(message_of([&] { writer.write("a", ""); }) == "FolderWriter: \"a\" is written twice");
  writer.commit();
  CHECK(message_of([&] { writer.write("b", ""); }) ==
        "FolderWriter: " + model + " has been committed");
  CHECK(message_of([&] { writer.commit(); }) ==
        "FolderWriter: " + model + " has been committed");
}
