// Callbacks that write files a run can go on from: ModelCheckpoint, BackupAndRestore.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <kindling/train/callback.h>
#include <kindling/train/monitor.h>

#pragma GCC visibility push(default)
namespace kindling {

// When a callback saves: after each epoch, or after so many batches.
struct SaveFreq {
  SaveFreq(const char* epoch);  // "epoch"
  SaveFreq(std::int64_t batches);
  SaveFreq(int batches) : SaveFreq(std::int64_t{batches}) {}
  // Counts a batch; whether it is one after which to save.
  bool due(std::int64_t& counted) const;
  std::int64_t batches = 0;  // 0: epochs
};

// Saves the model as training goes on.
//
//   ModelCheckpoint({.filepath = "models/{epoch:02d}-{val_loss:.2f}", .keep = 3})
//
// `filepath` may hold the epoch, from 1, the batch and every log, as fmt and Python write them.
// Source: keras.callbacks.ModelCheckpoint; `keep` is ours.
struct ModelCheckpointOptions {
  // As Model::save, or Model::save_weights, takes it.
  Required<std::string, struct ModelCheckpointOptions_filepath> filepath;
  std::string monitor = "val_loss";
  bool save_best_only = false;     // only when the log has become better
  bool save_weights_only = false;
  Direction mode = Direction::automatic;
  SaveFreq save_freq = "epoch";
  std::optional<double> initial_value_threshold = {};  // what the first one must beat
  // So many stay, the latest; older ones are deleted, except folders that hold other files than a
  // model's.
  std::optional<std::int64_t> keep = {};
};

class ModelCheckpointImpl : public CallbackImpl {
 public:
  using Options = ModelCheckpointOptions;
  explicit ModelCheckpointImpl(Options options);
  void on_train_begin(Model& model) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  void state(Fields& f) override;
  LogNames sets_logs() const override { return LogNames(std::in_place); }

 private:
  // What a path is filled in with. A state holds this, and no paths: whoever edits one must not
  // choose what is deleted.
  struct Saved {
    std::int64_t epoch, batch;
    Logs logs;
  };
  friend void fields_of(Fields& f, Saved& saved);
  std::string path(const Saved& saved) const;
  void save(const Saved& now);
  void remove(const std::string& path) const;

  Options options_;
  std::optional<Monitor> monitor_;  // with save_best_only
  std::vector<Saved> saved_;        // those to be kept, oldest first
  std::int64_t batches_ = 0;
};
using ModelCheckpoint = CallbackOf<ModelCheckpointImpl>;

// Keeps the whole run in a file, and takes it up from there when the same program is started again
// after it was killed: it ends with the same bits as one that ran through. The file is deleted when
// training has ended.
//
//   model.fit(train, {.epochs = 20, .callbacks = {BackupAndRestore({.backup_dir = "backup"})}});
//
// The second run must have the same model, data and callbacks; only automatic names of layers may
// differ. On a machine with other vector instructions it ends with other bits, and says so.
// Source: keras.callbacks.BackupAndRestore.
struct BackupAndRestoreOptions {
  // Made if it isn't there.
  Required<std::string, struct BackupAndRestoreOptions_backup_dir> backup_dir;
  SaveFreq save_freq = "epoch";
  bool delete_checkpoint = true;
};

class BackupAndRestoreImpl : public CallbackImpl {
 public:
  using Options = BackupAndRestoreOptions;
  explicit BackupAndRestoreImpl(Options options);
  bool runs_last() const override { return true; }
  void on_train_begin(Model&) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  void on_train_end() override;
  void state(Fields& f) override;

 private:
  std::string file() const;
  Config kept() const;
  void restore(const Config& state);
  void save() const;

  Options options_;
  std::int64_t batches_ = 0;
};
using BackupAndRestore = CallbackOf<BackupAndRestoreImpl>;

}  // namespace kindling
#pragma GCC visibility pop
