// What a backup may say, and to whom: it is read by the same model made once more, on any machine,
// and decides neither what is deleted nor where a run is.
#include <filesystem>

#include <kindling/io/file.h>
#include <kindling/io/state_file.h>

#include "tests/data/temporary_folder.h"
#include "tests/train/small_run.h"

using namespace kindling;

namespace {

namespace fs = std::filesystem;

// The state with another value at a path of keys.
Config edited(const Config& state, std::vector<std::string> keys, const Config& value) {
  if (keys.empty()) return value;
  const std::string key = keys.front();
  keys.erase(keys.begin());
  Config changed = state;
  changed.set(key, edited(state[key], keys, value));
  return changed;
}

// A run of all that keeps a state, interrupted in its third epoch.
struct Kept {
  TemporaryFolder folder;
  std::string file = folder.file("backup/run.safetensors");
  std::vector<Callback> callbacks() const {
    return {EarlyStopping({.patience = 9, .restore_best_weights = true}),
            ReduceLROnPlateau({.patience = 9, .cooldown = 1}),
            CSVLogger({.filename = folder.file("log.csv")}),
            TensorBoard({.log_dir = folder.file("tb"), .update_freq = 2}),
            ModelCheckpoint({.filepath = folder.file("ck-{epoch}"), .keep = 1}),
            BackupAndRestore({.backup_dir = folder.file("backup")})};
  }
  Config state;

  Kept() {
    Model model = small_model();
    std::vector<Callback> all = callbacks();
    all.push_back(interrupt_after(12));
    trained(model, all);
    state = read_state(file);
  }
  // Callbacks are numbered in the order of their calls: the backup is last.
  void take_up(Model& model) const {
    std::vector<Callback> all = callbacks();
    all.push_back(interrupt_after(-1));
    trained(model, all);
  }
  std::string refused(const std::vector<std::string>& keys, const Config& value) const {
    write_state(file, edited(state, keys, value));
    Model model = small_model();
    const Tensor before = model.weights()[0].value.clone();
    const std::string message = message_of([&] { take_up(model); });
    CHECK(same_bits(model.weights()[0].value, before));  // nothing of it was taken
    const std::string where = file + ": ";
    return message.starts_with(where) ? message.substr(where.size()) : message;
  }
};

std::string last_warning;

// Keeps the last warning.
class Warnings {
 public:
  Warnings() { last_warning.clear(); }
  ~Warnings() { set_warning_handler(before_); }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;

 private:
  WarningHandler before_ =
      set_warning_handler([](const std::string& text) { last_warning = text; });
};

}  // namespace

TEST_CASE("A backup's numbers are within the run that takes it up") {
  const Kept kept;
  const std::int64_t many = 1'000'000'000'000;
  CHECK(kept.refused({"epoch"}, many) == "epoch is in [0, 3], got 1000000000000");
  CHECK(kept.refused({"epoch"}, -1) == "epoch is in [0, 3], got -1");
  CHECK(kept.refused({"batch"}, many) == "batch is in [0, 5], got 1000000000000");
  CHECK(kept.refused({"batch"}, Config()) ==
        "the state of the run that was kept has no \"batch\"");
  CHECK(kept.refused({"model", "optimizer", "steps"}, -1) ==
        "model: optimizer: steps is in [0, 9223372036854775807], got -1");
  CHECK(kept.refused({"callback 0", "waited"}, many) ==
        "callback 0: waited is in [0, 2], got 1000000000000");
  CHECK(kept.refused({"callback 0", "best_epoch"}, 3) ==
        "callback 0: best_epoch is in [-1, 2], got 3");
  CHECK(kept.refused({"callback 0", "best"}, std::nan("")) ==
        "EarlyStopping: the best \"val_loss\" so far is NaN");
  CHECK(kept.refused({"callback 0", "best_weights"}, Config::List{zeros({3, 1}), zeros({2})}) ==
        "EarlyStopping: the best weights that were kept don't fit the model");
  CHECK(kept.refused({"callback 1", "cooling"}, 2) == "callback 1: cooling is in [0, 1], got 2");
  CHECK(kept.refused({"callback 2", "size"}, -1) ==
        "callback 2: size is in [0, 9223372036854775807], got -1");
  CHECK(kept.refused({"callback 2", "size"}, 1000) ==
        kept.folder.file("log.csv") + ": the run that is taken up had written 1000 bytes of it, "
                                      "they are not there");
  CHECK(kept.refused({"callback 3", "batches"}, -1) ==
        "callback 3: batches is in [0, 9223372036854775807], got -1");
  CHECK(kept.refused({"callback 4", "batches"}, 1) == "callback 4: batches is in [0, 0], got 1");
  Config::List epochs = kept.state["history"].as_list("");
  epochs.push_back(epochs[0]);
  CHECK(kept.refused({"history"}, epochs) ==
        "Functional \"m\": the run that was kept has 3 epochs in its history, and had run 2");
  CHECK(kept.refused({"more"}, 1) == "unknown option \"more\", got 1");
  write_state(kept.file, edited(kept.state, {"history"}, Config::List{7}));
  Model other = small_model();
  CHECK(message_of([&] { kept.take_up(other); }).starts_with(kept.file + ": history: "));
  // Data without a number of batches: those that were done must be there.
  write_state(kept.file, kept.state);
  Model model = small_model();
  const Dataset shorter = from_generator([](std::int64_t epoch) {
    return [pass = small_data().pass(epoch), left = 1]() mutable {
      return left-- > 0 ? pass() : std::optional<Batch>();
    };
  });
  std::vector<Callback> all = kept.callbacks();
  all.push_back(interrupt_after(-1));
  CHECK(message_of([&] {
          model.fit(shorter, {.epochs = 3, .verbose = Verbose::silent, .callbacks = all,
                              .validation_data = small_data()});
        }) ==
        "Functional \"m\": the run that was kept had done 2 batches of epoch 2, the data has "
        "fewer");
}

TEST_CASE("A backup decides no paths: nothing is deleted that kindling didn't write") {
  const Kept kept;
  fs::create_directories(kept.folder.file("mine"));
  kept.folder.write("mine/notes.txt", "mine");
  CHECK(kept.refused({"callback 4", "saved"}, Config::List{kept.folder.file("mine")}) ==
        "the state of the run that was kept has no \"epoch\"");
  const auto saved = [](std::int64_t epoch) {
    return Config::List{Config::Map{{"epoch", epoch}, {"batch", 0}, {"logs", Config::List{}}}};
  };
  CHECK(kept.refused({"callback 4", "saved"}, saved(0)) ==
        "callback 4: saved: epoch is in [1, 2147483647], got 0");
  CHECK(kept.refused({"callback 4", "saved"}, saved(7)) ==
        "ModelCheckpoint: the run that was kept was in epoch 3, and had saved epoch 7");
  Config::List two = saved(1);
  two.push_back(two[0]);
  CHECK(kept.refused({"callback 4", "saved"}, two) ==
        "ModelCheckpoint: the run that was kept has 2 saved models to delete in time, keep is 1");
  CHECK(kept.refused({"callback 3", "train", "name"}, "../../mine/notes.txt") ==
        "TensorBoard: the run that was kept has \"../../mine/notes.txt\", which is no name of its "
        "files");
  CHECK(read_file(kept.folder.file("mine/notes.txt")) == "mine");

  // A folder of its own that holds other files stays whole.
  write_state(kept.file, kept.state);
  fs::create_directories(kept.folder.file("ck-2/mine"));
  kept.folder.write("ck-2/mine/notes.txt", "mine");
  const Warnings warnings;
  Model model = small_model();
  kept.take_up(model);
  CHECK(read_file(kept.folder.file("ck-2/mine/notes.txt")) == "mine");
  CHECK(fs::exists(kept.folder.file("ck-2/model.json")));
  CHECK(fs::exists(kept.folder.file("ck-3/model.json")));
  CHECK(last_warning == "ModelCheckpoint: " + kept.folder.file("ck-2") +
                            " would be deleted, as keep is 1, but holds more than was saved; it "
                            "stays");
}

TEST_CASE("keep deletes what was saved, and no folder where a file was") {
  const TemporaryFolder folder;
  Model model = small_model();
  const Warnings warnings;
  const auto notes = [&](const char* path) {
    return LambdaCallback({.on_epoch_begin = [&folder, path](int epoch) {
      if (epoch != 2) return;
      fs::remove_all(folder.file(path));
      fs::create_directories(folder.file(path));
      folder.write(std::string(path) + "/notes.txt", "mine");
    }});
  };
  trained(model, {notes("a-1.safetensors"),
                  ModelCheckpoint({.filepath = folder.file("a-{epoch}.safetensors"),
                                   .save_weights_only = true, .keep = 2})});
  CHECK(fs::exists(folder.file("a-1.safetensors/notes.txt")));
  CHECK(last_warning.starts_with("ModelCheckpoint: " + folder.file("a-1.safetensors")));
  trained(model, {ModelCheckpoint({.filepath = folder.file("b-{epoch}"), .keep = 2})});
  CHECK_FALSE(fs::exists(folder.file("b-1")));
  CHECK(fs::exists(folder.file("b-2")));
  CHECK(fs::exists(folder.file("b-3")));
}

TEST_CASE("A backup is taken up by the same model made once more, whose automatic names differ") {
  // Two outputs without names, which losses, metrics and logs go by.
  const auto make = [] {
    set_random_seed(5);
    const auto input = Input({.shape = {3}});
    const auto hidden = Dropout({.rate = 0.5})(Dense({.units = 4})(input));
    Model model({input}, {Dense({.units = 1})(hidden), Dense({.units = 1})(hidden)});
    model.compile({.optimizer = Adam({.learning_rate = 0.1}),
                   .loss = {MeanSquaredError(), MeanSquaredError()}});
    return model;
  };
  const Tensor y = normals({10, 1}, 2);
  const Dataset data = from_tensors({normals({10, 3}, 1)}, {y, y}, {.batch_size = 2});
  const TemporaryFolder folder;
  const auto fit = [&](Model& model, int last, const std::string& where) {
    return model.fit(data, {.epochs = 3, .verbose = Verbose::silent,
                            .callbacks = {CSVLogger({.filename = folder.file(where + ".csv")}),
                                          BackupAndRestore({.backup_dir = folder.file(where)}),
                                          interrupt_after(last)},
                            .validation_data = data});
  };
  Model through = make();
  const History expected = fit(through, -1, "through");
  Model first = make();
  fit(first, 7, "backup");
  Model second = make();
  const History history = fit(second, -1, "backup");
  CHECK(first.weights()[0].name != second.weights()[0].name);
  for (std::size_t i = 0; i < second.weights().size(); ++i) {
    CHECK(same_bits(second.weights()[i].value, through.weights()[i].value));
  }
  const std::string log = second.output_names()[1] + "_loss";
  CHECK(history[log] == expected[through.output_names()[1] + "_loss"]);
  const auto lines = [&](const std::string& file) {
    const std::string text = read_file(folder.file(file));
    return text.substr(text.find('\n'));
  };
  CHECK(lines("backup.csv") == lines("through.csv"));

  // Other names, given ones, are those of another model.
  Model kept = small_model(), other = small_model();
  const BackupAndRestore backup({.backup_dir = folder.file("given")});
  trained(kept, {backup, interrupt_after(7)});
  other.get_layer("d").impl()->rename("e");
  CHECK(message_of([&] { trained(other, {backup, interrupt_after(-1)}); }) ==
        folder.file("given/run.safetensors") +
        ": Functional \"m\": does not fit the model; missing: e/kernel, e/bias; extra: d/kernel, "
        "d/bias");
}

TEST_CASE("A backup from a machine with other vector instructions says so") {
  const TemporaryFolder folder;
  const BackupAndRestore backup({.backup_dir = folder.path()});
  Model model = small_model(), again = small_model();
  trained(model, {backup, interrupt_after(7)});
  const std::string file = folder.file("run.safetensors");
  const Config state = read_state(file);
  const Warnings warnings;
  trained(again, {backup, interrupt_after(1)});
  CHECK(last_warning.empty());
  write_state(file, edited(state, {"instruction_sets"}, Config()));
  CHECK(message_of([&] { trained(again, {backup}); }) ==
        file + ": was written by kindling 0.1, which alone can go on with that run; delete the "
               "file to start anew");
  write_state(file, edited(state, {"instruction_sets"}, "SSE2, OpenBLAS Atom"));
  CHECK(trained(again, {backup, interrupt_after(-1)}).epochs.size() == 3);
  CHECK(last_warning.starts_with(file + ": was written by a program that computed with \"SSE2, "
                                        "OpenBLAS Atom\", this one computes with "));
}

namespace {

// A layer in a layer.
class NestImpl : public LayerImpl {
 public:
  explicit NestImpl(const Layer& inner) : LayerImpl("Nest", ""), inner_(inner) {
    keep_layer(inner);
  }
  Tensors call(const Tensors& inputs, const Call&) override { return inner_.call(inputs); }

 private:
  Layer inner_;
};

}  // namespace

TEST_CASE("A state that could not be read again is refused before it replaces a backup") {
  const TemporaryFolder folder;
  folder.write("run.safetensors", "a good one");
  Layer inner = Dense({.units = 1});
  for (int depth = 0; depth < 250; ++depth) inner = Layer(std::make_shared<NestImpl>(inner));
  Model model(inner);
  model.compile({.loss = MeanSquaredError()});
  CHECK(message_of([&] {
          trained(model, {BackupAndRestore({.backup_dir = folder.path()})});
        }) == folder.file("run.safetensors") + ": to_json: nested deeper than 200 levels");
  CHECK(read_file(folder.file("run.safetensors")) == "a good one");
}
