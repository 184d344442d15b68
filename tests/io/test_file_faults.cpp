#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/io/file_calls.h"

#include <thread>
#include <tuple>

using kindling::FolderReader;
using kindling::FolderWriter;
using kindling::read_file;
using kindling::write_file;

namespace fs = std::filesystem;

TEST_CASE("the files of a folder are all of the one that was there when it was opened") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  file_calls.no_exchange = GENERATE(false, true);
  save_pair(model, "w1", "c1");
  const FolderReader reader(model);
  CHECK(reader.path_of("weights") == model + "/weights");
  CHECK(reader.read("weights") == "w1");
  CHECK((reader.contains("config") && !reader.contains("other") && !reader.replaced()));
  save_pair(model, "w2", "c2");
  CHECK(reader.replaced());
  CHECK(message_of([&] { reader.read("config"); }) ==
        model + "/config: cannot be opened, No such file or directory");
  int times = 0;
  const std::string both = kindling::read_folder(model, [&](const FolderReader& now) {
    const std::string weights = now.read("weights");
    if (++times == 1) save_pair(model, "w3", "c3");
    return weights + now.read("config");
  });
  CHECK((both == "w3c3" && times == 2));
  file_calls.no_exchange = false;
  CHECK(message_of([&] { reader.read("../model/config"); }) ==
        "FolderReader: a plain file name is needed, got \"../model/config\"");
  const FolderReader none(folder.file("none"));
  CHECK(message_of([&] { none.read("config"); }) ==
        folder.file("none") + "/config: cannot be opened, No such file or directory");
  CHECK((!none.contains("config") && !none.replaced()));
}

TEST_CASE("who reads a folder that others save has one of theirs") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  file_calls.no_sync = true;
  save_pair(model, "0", "0");
  std::atomic<int> saving = 2;
  const auto saver = [&](int first) {
    for (int i = first; i < 400; i += 2) save_pair(model, std::to_string(i), std::to_string(i));
    --saving;
  };
  std::thread one([&] { saver(1); }), two([&] { saver(2); });
  int mixed = 0, failed = 0;
  while (saving > 0) {
    try {
      mixed += kindling::read_folder(model, [](const FolderReader& reader) {
        return reader.read("weights") != reader.read("config");
      });
    } catch (const kindling::Error&) {
      ++failed;
    }
  }
  one.join();
  two.join();
  file_calls.no_sync = false;
  CHECK((mixed == 0 && failed == 0));
  CHECK(names_in(folder.path()) == Names{"model"});
}

TEST_CASE("two may save a folder at once, also for the first time") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  file_calls.no_exchange = GENERATE(false, true);
  file_calls.before_rename = [&] { save_pair(model, "w1", "c1"); };
  save_pair(model, "w2", "c2");
  CHECK(read_file(model + "/weights") == "w2");
  file_calls.before_rename = [&] { save_pair(model, "w3", "c3"); };
  save_pair(model, "w4", "c4");
  file_calls.before_rename = nullptr;
  file_calls.no_exchange = false;
  CHECK(read_file(model + "/weights") == "w4");
  CHECK(names_in(folder.path()) == Names{"model"});
}

TEST_CASE("a call that fails leaves what was there, or has saved") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model"), file = folder.file("file");
  const bool replaces = GENERATE(true, false);
  const int how = GENERATE(0, 1, 2);
  file_calls.no_exchange = how == 1;
  file_calls.all_fail = how == 2;
  int failed = 0;
  bool any_fails = true;
  for (int number = 1; any_fails; ++number) {
    CAPTURE(replaces, how, number);
    if (replaces) {
      save_pair(model, "old", "old");
      write_file(file, "old");
    }
    any_fails = false;
    const auto fails = [&](auto run) {
      file_calls.failing = number;
      file_calls.count = 0;
      const std::string message = message_of(run);
      file_calls.failing = 0;
      any_fails = any_fails || file_calls.count >= number;
      failed += message != "no error";
      return message;
    };
    const auto unchanged = [](const std::string& path) {
      return path + ": cannot be saved, Input/output error; what was there before is unchanged";
    };
    const std::string about_folder = fails([&] { save_pair(model, "new", "new"); });
    const std::string about_file = fails([&] { write_file(file, "new"); });
    for (const auto& [message, path, inside] : {std::tuple(about_folder, model, model + "/config"),
                                                std::tuple(about_file, file, file)}) {
      CAPTURE(message);
      const bool is_new = fs::exists(inside) && read_file(inside) == "new";
      if (message == "no error") {
        CHECK(is_new);
      } else if (!file_calls.all_fail) {
        CHECK(message == unchanged(path));
        CHECK(!is_new);
      }
      if (replaces) CHECK((is_new || read_file(inside) == "old"));
    }
    fs::remove_all(model);
    fs::remove(file);
    if (!file_calls.all_fail) CHECK(names_in(folder.path()).empty());
  }
  file_calls.no_exchange = file_calls.all_fail = false;
  CHECK(failed > 5);
}

TEST_CASE("what killed runs left is removed by the next that saves there") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model"), file = folder.file("f");
  fs::create_directory(folder.file("model.tmp-7-1"));
  folder.write("model.tmp-7-1/weights", "half");
  fs::create_directory(folder.file("model.tmp-7-2.old"));
  fs::create_directory(folder.file("model.tmp-7-3"));
  folder.write("model.tmp-7-3/mine", "text");
  folder.write("model.tmp-7-4", "a file");
  fs::create_directory(folder.file("model.tmp-seven"));
  fs::create_directory(folder.file("models.tmp-7-5"));
  folder.write("f.tmp-7-6", "half");
  folder.write("f.tmp-7-6.old", "old");
  fs::create_directory(folder.file("f.tmp-7-7"));
  const FolderWriter at_work(model);  // keeps its own
  const Names with_it = names_in(folder.path());
  save_pair(model, "w", "c");
  Names now = with_it;
  for (const char* gone : {"model.tmp-7-1", "model.tmp-7-2.old"}) REQUIRE(now.erase(gone) == 1);
  now.insert("model");
  CHECK(names_in(folder.path()) == now);
  write_file(file, "new");
  for (const char* gone : {"f.tmp-7-6", "f.tmp-7-6.old"}) REQUIRE(now.erase(gone) == 1);
  now.insert("f");
  CHECK(names_in(folder.path()) == now);
}
