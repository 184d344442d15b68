#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/io/file_calls.h"

#include <sys/stat.h>
#include <unistd.h>

using kindling::check_can_save_folder;
using kindling::FolderWriter;
using kindling::read_file;
using kindling::write_file;

namespace fs = std::filesystem;

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

TEST_CASE("a folder is written, and replaced in one step") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  file_calls.no_exchange = GENERATE(false, true);
  save_pair(model, "w1", "c1");
  CHECK(read_file(model + "/weights") == "w1");
  CHECK(read_file(model + "/config") == "c1");
  REQUIRE(::chmod(model.c_str(), 0750) == 0);
  save_pair(model + "/", "w2", "c2");
  CHECK(read_file(model + "/weights") == "w2");
  CHECK(names_in(model) == Names{"weights", "config"});
  CHECK(names_in(folder.path()) == Names{"model"});
  CHECK(fs::status(model).permissions() == fs::perms(0750));

  SECTION("through a link, which stays") {
    fs::create_directory_symlink("model", folder.file("latest"));
    save_pair(folder.file("latest"), "w3", "c3");
    CHECK(fs::is_symlink(folder.file("latest")));
    CHECK(read_file(model + "/weights") == "w3");
    CHECK(names_in(folder.path()) == Names{"latest", "model"});
  }
  SECTION("also one that is empty") {
    fs::create_directory(folder.file("empty"));
    save_pair(folder.file("empty"), "w4", "c4");
    CHECK(read_file(folder.file("empty/weights")) == "w4");
  }
  file_calls.no_exchange = false;
}

TEST_CASE("the folder that the program runs in is not replaced") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  save_pair(model, "w1", "c1");
  const fs::path before = fs::current_path();
  fs::current_path(model);
  for (const std::string& path : {std::string("."), std::string("../model"), model}) {
    CHECK(message_of([&] { save_pair(path, "w2", "c2"); }) ==
          path + ": cannot be saved, it is the folder that the program runs in, and a new one "
                 "would take its place; what was there before is unchanged");
  }
  fs::current_path(before);
  CHECK(read_file(model + "/weights") == "w1");
  CHECK(names_in(folder.path()) == Names{"model"});
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

TEST_CASE("the name of a temporary folder that is taken is passed over") {
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
  folder.write(next + "/mine", "text");
  save_pair(model, "w", "c");
  CHECK(names_in(folder.path()) == Names{"model", next});
}

TEST_CASE("a full disk leaves the old folder as it was") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  const std::string large(100'000, 'x');
  const std::string expected =
      model + ": cannot be saved, File too large; what was there before is unchanged";
  save_pair(model, "w1", "c1");
  {
    const SmallDisk disk(50'000);
    CHECK(message_of([&] { save_pair(model, large, "c2"); }) == expected);
    CHECK(message_of([&] { save_pair(model, "w2", large); }) == expected);
  }
  CHECK(read_file(model + "/weights") == "w1");
  CHECK(read_file(model + "/config") == "c1");
  CHECK(names_in(folder.path()) == Names{"model"});
}

TEST_CASE("nobody else's files are removed") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  const auto refused = [&](const std::string& why) {
    CHECK(message_of([&] { save_pair(model, "w", "c"); }) ==
          model + ": cannot be saved, " + why + "; what was there before is unchanged");
  };
  SECTION("a file") {
    folder.write("model", "text");
    refused("it is no folder");
    CHECK(read_file(model) == "text");
  }
  SECTION("a folder with other files") {
    save_pair(model, "w1", "c1");
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
  save_pair(model, "w1", "c1");
  file_calls.before_exchange = [&] { folder.write("model/mine", "text"); };
  static std::string warning;
  const auto before = kindling::set_warning_handler([](const std::string& w) { warning = w; });
  save_pair(model, "w2", "c2");
  kindling::set_warning_handler(before);
  file_calls.before_exchange = nullptr;
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
  save_pair(model, "w1", "c1");
  file_calls.no_exchange = true;
  FolderWriter writer(model);
  writer.write("weights", "w2");
  writer.write("config", "c2");
  // Without its new folder, the second of the two renames fails.
  file_calls.before_exchange = [&] {
    for (const std::string& name : names_in(folder.path())) {
      if (name != "model") fs::remove_all(folder.file(name));
    }
  };
  CHECK(message_of([&] { writer.commit(); }) ==
        model + ": cannot be saved, No such file or directory; what was there before is unchanged");
  file_calls.before_exchange = nullptr;
  file_calls.no_exchange = false;
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
