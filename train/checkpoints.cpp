#include <kindling/train/checkpoints.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/args.h>
#include <fmt/format.h>

#include <kindling/io/file.h>
#include <kindling/io/json.h>
#include <kindling/io/model_folder.h>
#include <kindling/io/state_file.h>
#include <kindling/layers/state_fields.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/instruction_sets.h>
#include <kindling/train/fit_run.h>

namespace kindling {
namespace {

namespace fs = std::filesystem;

// The path with its places filled in: {epoch}, {batch}, {val_loss:.3f}.
std::string filled(const std::string& path, std::int64_t epoch, std::int64_t batch,
                   const Logs& logs) {
  fmt::dynamic_format_arg_store<fmt::format_context> values;
  values.push_back(fmt::arg("epoch", epoch));
  values.push_back(fmt::arg("batch", batch));
  for (const auto& [name, value] : logs) values.push_back(fmt::arg(name.c_str(), value));
  try {
    return fmt::vformat(path, values);
  } catch (const fmt::format_error& error) {
    fail("ModelCheckpoint: filepath \"{}\" does not fit, {}; there are epoch, batch, {}", path,
         error.what(), logs.names());
  }
}

void make_folders(const fs::path& path) {
  std::error_code failed;
  if (!path.empty()) fs::create_directories(path, failed);
  if (failed) fail("{}: cannot be made, {}", path.string(), failed.message());
}

// Makes the folders of a path that are not there, and takes them away again.
class FoldersForNow {
 public:
  explicit FoldersForNow(const fs::path& path) {
    std::error_code unknown;
    for (fs::path at = path; !at.empty() && !fs::exists(at, unknown); at = at.parent_path()) {
      made_.push_back(at);
    }
    make_folders(path);
  }
  ~FoldersForNow() {
    std::error_code failed;
    for (const fs::path& each : made_) fs::remove(each, failed);  // it stays if it isn't empty
  }
  FoldersForNow(const FoldersForNow&) = delete;
  FoldersForNow& operator=(const FoldersForNow&) = delete;

 private:
  std::vector<fs::path> made_;  // the deepest first
};

void check_freq(const char* who, const SaveFreq& freq) {
  if (freq.batches < 0) {
    fail("{}: save_freq is \"epoch\" or a number of batches, at least 1", who);
  }
}

}  // namespace

SaveFreq::SaveFreq(const char* epoch) : batches(std::string_view(epoch) == "epoch" ? 0 : -1) {}
SaveFreq::SaveFreq(std::int64_t n) : batches(n > 0 ? n : -1) {}

bool SaveFreq::due(std::int64_t& counted) const {
  if (batches == 0 || ++counted < batches) return false;
  counted = 0;
  return true;
}

ModelCheckpointImpl::ModelCheckpointImpl(Options options) : options_(std::move(options)) {
  check_freq("ModelCheckpoint", options_.save_freq);
  if (options_.keep && *options_.keep < 1) {
    fail("ModelCheckpoint: keep is at least 1, got {}", *options_.keep);
  }
  if (options_.save_best_only) {
    monitor_.emplace("ModelCheckpoint", options_.monitor, options_.mode, 0,
                     options_.initial_value_threshold);
  }
}

std::string ModelCheckpointImpl::path(const Saved& saved) const {
  return filled(options_.filepath, saved.epoch, saved.batch, saved.logs);
}

void ModelCheckpointImpl::on_train_begin(Model& model) {
  const bool epochs = options_.save_freq.batches == 0;
  const LogNames names = epochs ? run().epoch_logs(*this) : run().batch_logs();
  if (monitor_) monitor_->check(names);
  if (!names) return;
  Saved first{run().epoch() + 1, epochs ? 0 : 1, {}};
  for (const std::string& name : *names) first.logs.set(name, 0);
  const fs::path example = path(first);
  const std::string& pattern = options_.filepath;
  make_folders(fs::path(pattern.substr(0, pattern.find('{'))).parent_path());
  // Those whose names are filled in are made for good when their time has come.
  const FoldersForNow folders(example.parent_path());
  model.check_can_save(example.string(), options_.save_weights_only);
}

void ModelCheckpointImpl::on_epoch_end(int epoch, Logs& logs) {
  if (options_.save_freq.batches == 0) save({epoch + 1, run().batch(), logs});
}

void ModelCheckpointImpl::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  if (options_.save_freq.due(batches_)) save({run().epoch() + 1, batch + 1, logs});
}

void ModelCheckpointImpl::save(const Saved& now) {
  const bool waits = monitor_ && run().validates_later(options_.monitor, now.logs);
  if (waits || (monitor_ && !monitor_->better(now.logs))) return;
  const std::string target = path(now);
  make_folders(fs::path(target).parent_path());
  if (options_.save_weights_only) {
    run().model().save_weights(target);
  } else {
    run().model().save(target);
  }
  if (!options_.keep) return;
  std::erase_if(saved_, [&](const Saved& before) { return path(before) == target; });
  saved_.push_back(now);
  for (; std::ssize(saved_) > *options_.keep; saved_.erase(saved_.begin())) {
    remove(path(saved_.front()));
  }
}

// Deletes what save() wrote, and nothing else.
void ModelCheckpointImpl::remove(const std::string& path) const {
  std::error_code failed;
  const fs::file_status there = fs::symlink_status(path, failed);
  if (!fs::exists(there)) return;
  const bool is_file = options_.save_weights_only || path.ends_with(".keras");
  const bool removed = is_file ? fs::is_regular_file(there) && fs::remove(path, failed)
                               : fs::is_directory(there) && remove_model_folder(path);
  if (removed) return;
  warn(fmt::format("ModelCheckpoint: {} would be deleted, as keep is {}, but holds more than was "
                   "saved; it stays", path, *options_.keep));
}

void fields_of(Fields& f, ModelCheckpointImpl::Saved& saved) {
  between(f, "epoch", saved.epoch, 1, std::numeric_limits<int>::max());
  between(f, "batch", saved.batch, 0, std::numeric_limits<std::int64_t>::max());
  f("logs", saved.logs);
}

void ModelCheckpointImpl::state(Fields& f) {
  between(f, "batches", batches_, 0, options_.save_freq.batches);
  f("saved", saved_);
  if (monitor_) monitor_->state(f);
  if (!f.reading()) return;
  if (std::ssize(saved_) > options_.keep.value_or(0)) {
    fail("ModelCheckpoint: the run that was kept has {} saved models to delete in time, keep is {}",
         saved_.size(), options_.keep.value_or(0));
  }
  for (const Saved& saved : saved_) {
    if (saved.epoch > run().epoch() + 1) {
      fail("ModelCheckpoint: the run that was kept was in epoch {}, and had saved epoch {}",
           run().epoch() + 1, saved.epoch);
    }
    path(saved);  // fails if the logs in it are missing
  }
}

BackupAndRestoreImpl::BackupAndRestoreImpl(Options options) : options_(std::move(options)) {
  check_freq("BackupAndRestore", options_.save_freq);
}

std::string BackupAndRestoreImpl::file() const {
  return options_.backup_dir.operator const std::string&() + "/run.safetensors";
}

Config BackupAndRestoreImpl::kept() const {
  Config state{Config::Map()};
  Fields fields(state);
  std::string instructions = instruction_sets();
  fields("instruction_sets", instructions);
  run().state(fields);
  return state;
}

void BackupAndRestoreImpl::restore(const Config& state) {
  if (state["instruction_sets"].is_null()) {
    fail("{}: was written by kindling 0.1, which alone can go on with that run; delete the file to "
         "start anew", file());
  }
  Fields fields(state, file());
  const std::string here = instruction_sets();
  std::string there;
  fields("instruction_sets", there);
  run().state(fields);
  fields.finish();
  if (there == here) return;
  warn(fmt::format("{}: was written by a program that computed with {}, this one computes with {}; "
                   "the run goes on, and ends with other bits than it would have there", file(),
                   in_quotes(there), in_quotes(here)));
}

void BackupAndRestoreImpl::on_train_begin(Model&) {
  make_folders(std::string(options_.backup_dir));
  check_can_write_file(file());
  const Config now = kept();
  check_state(file(), now);
  if (!fs::exists(file())) return;
  const Config before = read_state(file());
  try {
    errors_at(file(), [&] { restore(before); });
  } catch (...) {  // nothing of it, then
    restore(now);
    throw;
  }
}

void BackupAndRestoreImpl::save() const { write_state(file(), kept()); }

void BackupAndRestoreImpl::on_epoch_end(int, Logs&) {
  batches_ = 0;
  save();
}

void BackupAndRestoreImpl::on_train_batch_end(std::int64_t, const Logs&) {
  if (options_.save_freq.due(batches_) || run().interrupted()) save();
}

void BackupAndRestoreImpl::state(Fields& f) {
  between(f, "batches", batches_, 0, options_.save_freq.batches);
}

void BackupAndRestoreImpl::on_train_end() {
  std::error_code failed;
  if (!options_.delete_checkpoint || run().interrupted()) return;
  fs::remove(file(), failed);
  if (failed) fail("{}: cannot be removed, {}", file(), failed.message());
}

}  // namespace kindling
