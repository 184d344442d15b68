// Logs that will not be there, and paths that can't be written: said before the first step.
#include <filesystem>

#include <kindling/io/file.h>

#include "tests/data/temporary_folder.h"
#include "tests/train/small_run.h"

using namespace kindling;

namespace {

namespace fs = std::filesystem;

// The error of a fit with this callback, which comes before any batch.
std::string early(const Callback& callback, const std::vector<Callback>& before = {}) {
  Model model = small_model();
  const auto count = std::make_shared<CountBatchesImpl>();
  std::vector<Callback> all = {Callback(count)};
  all.insert(all.end(), before.begin(), before.end());
  all.push_back(callback);
  const std::string message = message_of([&] { trained(model, all); });
  CHECK(count->count() == 0);
  return message;
}

// Sets a log at the end of each epoch.
Callback sets_log(const std::string& name) {
  return LambdaCallback({.on_epoch_end = [name](int, Logs& logs) { logs.set(name, 1); }});
}

}  // namespace

TEST_CASE("A log that will not be there is said before training") {
  const std::string there =
      ": there is no log \"val_auc\", there are loss, val_loss; give fit validation_data, or "
      "another .monitor";
  CHECK(early(EarlyStopping({.monitor = "val_auc"})) == "EarlyStopping" + there);
  CHECK(early(ReduceLROnPlateau({.monitor = "val_auc"})) == "ReduceLROnPlateau" + there);
  CHECK(early(ModelCheckpoint({.filepath = "m", .monitor = "val_auc", .save_best_only = true})) ==
        "ModelCheckpoint" + there);
  // A callback before that sets none, or others, changes nothing; one after can't help.
  CHECK(early(EarlyStopping({.monitor = "val_auc"}),
              {LearningRateScheduler({.schedule = [](int, double rate) { return rate; }}),
               TerminateOnNaN(), LambdaCallback({.on_epoch_begin = [](int) {}})}) ==
        "EarlyStopping: there is no log \"val_auc\", there are loss, val_loss, learning_rate; give "
        "fit validation_data, or another .monitor");
  Model model = small_model();
  CHECK(trained(model, {sets_log("val_auc"), EarlyStopping({.monitor = "val_auc"})}, 1)
            .epochs.size() == 1);
  // After batches there are other logs than after epochs.
  CHECK(early(ModelCheckpoint({.filepath = "m", .save_best_only = true, .save_freq = 2})) ==
        "ModelCheckpoint: there is no log \"val_loss\", there are loss; give fit validation_data, "
        "or another .monitor");
  CHECK(early(ModelCheckpoint({.filepath = "m-{val_loss}", .save_freq = 2}))
            .ends_with("; there are epoch, batch, loss"));
  CHECK(early(ModelCheckpoint({.filepath = "m-{val_auc}"}))
            .ends_with("; there are epoch, batch, loss, val_loss"));
  CHECK(early(ModelCheckpoint({.filepath = "m-{epoch:.2f}"})).starts_with("ModelCheckpoint: "));
  CHECK(message_of([] {
          ModelCheckpoint({.filepath = "m", .save_best_only = true,
                           .initial_value_threshold = std::nan("")});
        }) == "ModelCheckpoint: nothing is better than NaN");
}

TEST_CASE("A path that can't be written is said before training, and nothing is left there") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "mine");
  CHECK(early(CSVLogger({.filename = file + "/log.csv"})) ==
        file + "/log.csv: cannot be written, Not a directory");
  CHECK(early(CSVLogger({.filename = folder.path()})) ==
        folder.path() + ": cannot be written, Is a directory");
  CHECK(early(CSVLogger({.filename = "/dev/full"})) ==
        "/dev/full: cannot be written, No space left on device");
  CHECK(early(TensorBoard({.log_dir = file})).starts_with(file + "/train/events.out.tfevents."));
  CHECK(early(ModelCheckpoint({.filepath = file + "/m-{epoch}"})) ==
        file + ": cannot be made, Not a directory");
  CHECK(early(ModelCheckpoint({.filepath = file})).starts_with(file + ": cannot be saved, "));
  fs::create_directory(folder.file("1.safetensors"));
  CHECK(early(ModelCheckpoint({.filepath = folder.file("{epoch}.safetensors"),
                               .save_weights_only = true})) ==
        folder.file("1.safetensors") + ": is a folder, a file is needed");
  CHECK(early(ModelCheckpoint({.filepath = folder.file("m.h5")}))
            .starts_with(folder.file("m.h5") + ": whole models are saved as .keras archives"));
  CHECK(early(ModelCheckpoint({.filepath = folder.file("m.keras"), .save_weights_only = true}))
            .starts_with(folder.file("m.keras") + ": weights are saved as .weights.h5"));
  fs::create_directories(folder.file("backup/run.safetensors"));
  CHECK(early(BackupAndRestore({.backup_dir = folder.file("backup")})) ==
        folder.file("backup/run.safetensors") + ": is a folder, a file is needed");
  CHECK(early(BackupAndRestore({.backup_dir = file})).starts_with(file + ": cannot be made, "));
  // What is there already stays as it is, also where another callback is refused.
  const std::string log = folder.write("log.csv", "epoch,loss\n0,1\n");
  early(EarlyStopping({.monitor = "val_auc"}), {CSVLogger({.filename = log})});
  CHECK(read_file(log) == "epoch,loss\n0,1\n");
  early(EarlyStopping({.monitor = "val_auc"}),
        {CSVLogger({.filename = folder.file("new.csv")}),
         ModelCheckpoint({.filepath = folder.file("m-{epoch}")})});
  CHECK_FALSE(fs::exists(folder.file("new.csv")));
  CHECK_FALSE(fs::exists(folder.file("m-1")));
}

TEST_CASE("A checkpoint that can't be written is said before training, wherever its name leads") {
  const TemporaryFolder folder;
  const std::string file = folder.write("1", "mine");
  CHECK(early(ModelCheckpoint({.filepath = folder.file("{epoch}/deep/m")})) ==
        folder.file("1/deep") + ": cannot be made, Not a directory");
  fs::create_directories(folder.file("of/1/m.keras"));
  CHECK(early(ModelCheckpoint({.filepath = folder.file("of/{epoch}/m.keras")})) ==
        folder.file("of/1/m.keras") + ": is a folder, a file is needed");
  CHECK(early(ModelCheckpoint({.filepath = folder.file("at/{epoch}/m.h5")}))
            .starts_with(folder.file("at/1/m.h5") + ": whole models are saved as .keras archives"));
  CHECK(fs::is_empty(folder.file("at")));
  Model model = small_model();
  trained(model, {ModelCheckpoint({.filepath = folder.file("at/{epoch}/m")})}, 1);
  CHECK(fs::exists(folder.file("at/1/m/model.json")));

  // What JSON can't say.
  const auto x = Input({.shape = {3}, .name = "x"});
  Model odd(x, Dense({.units = 1, .name = "caf\xe9"})(x), "m");
  odd.compile({.loss = MeanSquaredError()});
  const auto count = std::make_shared<CountBatchesImpl>();
  CHECK(message_of([&] {
          trained(odd, {Callback(count), ModelCheckpoint({.filepath = folder.file("odd")})});
        }).find("a text must be UTF-8, got \"caf\ufffd") != std::string::npos);
  CHECK(count->count() == 0);
}
