// CSVLogger: files that other programs wrote or will read.
#include <algorithm>
#include <filesystem>

#include <kindling/io/file.h>

#include "tests/data/temporary_folder.h"
#include "tests/train/small_run.h"

using namespace kindling;

namespace {

// Sets the logs, which are always the same.
Callback tells(const std::vector<std::pair<std::string, double>>& told) {
  return LambdaCallback({.on_epoch_end = [told](int, Logs& logs) {
    for (const auto& [name, value] : told) logs.set(name, value);
  }});
}

// What one epoch makes of a file, and an error's text if it is refused.
std::string appended(const std::string& there,
                     const std::vector<std::pair<std::string, double>>& told,
                     const std::string& separator = ",") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log.csv", there);
  Model model = small_model();
  const std::string message = message_of([&] {
    model.fit(small_data(), {.verbose = Verbose::silent,
                             .callbacks = {tells(told), CSVLogger({.filename = path,
                                                                   .separator = separator,
                                                                   .append = true})}});
  });
  if (message == "no error") return read_file(path);
  CHECK(read_file(path) == there);
  return message.substr(folder.path().size() + 1);
}

}  // namespace

TEST_CASE("CSVLogger appends to a file as its header says") {
  const std::vector<std::pair<std::string, double>> told = {{"loss", 0.5}, {"a,b", 2}};
  CHECK(appended("", told) == "epoch,loss,\"a,b\"\n0,0.5,2\n");
  CHECK(appended("epoch,loss,\"a,b\"\r\n4,1,1\r\n", told) ==
        "epoch,loss,\"a,b\"\r\n4,1,1\r\n0,0.5,2\r\n");
  CHECK(appended("\"epoch\",\"loss\",\"a,b\"\n4,1,1\n", told) ==
        "\"epoch\",\"loss\",\"a,b\"\n4,1,1\n0,0.5,2\n");
  CHECK(appended("\"a,b\",more,epoch,loss\n1,7,4,1\n", told) ==
        "\"a,b\",more,epoch,loss\n1,7,4,1\n2,,0,0.5\n");
  CHECK(appended("epoch,loss,\"a,b\"\n4,1,1", told) == "epoch,loss,\"a,b\"\n4,1,1\n0,0.5,2\n");
  CHECK(appended("epoch,loss,\"a,b\"", told) == "epoch,loss,\"a,b\"\n0,0.5,2\n");
  CHECK(appended("\xEF\xBB\xBF"
                 "epoch,loss,\"a,b\"\n", told) ==
        "\xEF\xBB\xBF"
        "epoch,loss,\"a,b\"\n0,0.5,2\n");
  // A name with quotes and a line break; another separator, also inside a number.
  CHECK(appended("", {{"loss", 1}, {"x\"y\nz", 2}}) == "epoch,loss,\"x\"\"y\nz\"\n0,1,2\n");
  CHECK(appended("epoch\tloss\t\"x\ty\"\n", {{"loss", 1}, {"x\ty", 2}}, "\t") ==
        "epoch\tloss\t\"x\ty\"\n0\t1\t2\n");
  CHECK(appended("epoch.loss\n", {{"loss", 0.5}}, ".") == "epoch.loss\n0.\"0.5\"\n");
}

TEST_CASE("CSVLogger refuses a file that has no place for its numbers, and separators") {
  const std::string rest = "; CSVLogger without .append writes a new file";
  CHECK(appended("epoch,auc\n", {{"loss", 1}}) ==
        "log.csv: one column for each log is needed, got 0 for \"loss\" [columns epoch, auc]" +
            rest);
  CHECK(appended("epoch;loss\n", {{"loss", 1}}) ==
        "log.csv: one column for each log is needed, got 0 for \"epoch\" [columns epoch;loss]" +
            rest);
  CHECK(appended("epoch,loss,loss\n", {{"loss", 1}}) ==
        "log.csv: one column for each log is needed, got 2 for \"loss\" [columns epoch, loss, "
        "loss]" + rest);
  CHECK(appended("epoch,\"loss\n", {{"loss", 1}}) ==
        "log.csv:1: a quote opens here and never closes");
  CHECK(appended("", {{"loss", 1}, {"epoch", 1}})
            .starts_with("log.csv: one column for each log is needed, got 2 for \"epoch\""));
  for (const char* separator : {"", ", ", "\"", "\n"}) {
    CHECK(message_of([&] { CSVLogger({.filename = "log.csv", .separator = separator}); })
              .starts_with("CSVLogger: separator is one character, neither a quote nor a line "
                           "break, got "));
  }
}

TEST_CASE("CSVLogger that appends is taken up where it was") {
  for (const char* const start :
       {"loss,epoch,val_loss\r\n1,0,1\r\n", "loss,epoch,val_loss\n1,0,1"}) {
    const TemporaryFolder folder;
    const auto log = [&](const std::string& name, int last) {
      Model model = small_model();
      trained(model, {CSVLogger({.filename = folder.file(name), .append = true}),
                      BackupAndRestore({.backup_dir = folder.file("backup"), .save_freq = 2}),
                      interrupt_after(last)});
    };
    folder.write("through.csv", start);
    folder.write("log.csv", start);
    log("through.csv", -1);
    log("log.csv", 8);
    log("log.csv", -1);
    const std::string through = read_file(folder.file("through.csv"));
    CHECK(std::ranges::count(through, '\n') == 5);
    CHECK(read_file(folder.file("log.csv")) == through);
  }
}

TEST_CASE("TensorBoard runs that start in the same second have files of their own") {
  const TemporaryFolder folder;
  for (int run = 0; run < 3; ++run) {
    Model model = small_model();
    trained(model, {TensorBoard({.log_dir = folder.path()})}, 1);
  }
  for (const char* kind : {"train", "validation"}) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.file(kind))) {
      CHECK(entry.file_size() > 0);
      ++files;
    }
    CHECK(files == 3);
  }
}
