#include <kindling/train/checkpoints.h>

#include <algorithm>
#include <filesystem>

#include <fmt/args.h>
#include <fmt/format.h>

#include <kindling/io/state_file.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/fit_run.h>

namespace kindling {
namespace {

// The path with its places filled in: {epoch}, {batch}, {val_loss:.3f}.
std::string filled(const std::string& path, int epoch, std::int64_t batch, const Logs& logs) {
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

void make_folders(const std::filesystem::path& path) {
  std::error_code failed;
  if (!path.empty()) std::filesystem::create_directories(path, failed);
  if (failed) fail("{}: cannot be made, {}", path.string(), failed.message());
}

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

void ModelCheckpointImpl::on_epoch_end(int epoch, Logs& logs) {
  if (options_.save_freq.batches == 0) save(epoch, run().batch(), logs);
}

void ModelCheckpointImpl::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  if (options_.save_freq.due(batches_)) save(run().epoch(), batch + 1, logs);
}

void ModelCheckpointImpl::save(int epoch, std::int64_t batch, const Logs& logs) {
  const bool waits = monitor_ && run().validates_later(options_.monitor, logs);
  if (waits || (monitor_ && !monitor_->better(logs))) return;
  const std::string path = filled(options_.filepath, epoch + 1, batch, logs);
  make_folders(std::filesystem::path(path).parent_path());
  if (options_.save_weights_only) {
    run().model().save_weights(path);
  } else {
    run().model().save(path);
  }
  std::erase(saved_, path);
  saved_.push_back(path);
  while (options_.keep && std::ssize(saved_) > *options_.keep) {
    std::error_code gone_already;
    std::filesystem::remove_all(saved_.front(), gone_already);
    saved_.erase(saved_.begin());
  }
}

void ModelCheckpointImpl::state(Fields& f) {
  f("batches", batches_);
  f("saved", saved_);
  if (monitor_) monitor_->state(f);
}

BackupAndRestoreImpl::BackupAndRestoreImpl(Options options) : options_(std::move(options)) {
  check_freq("BackupAndRestore", options_.save_freq);
}

std::string BackupAndRestoreImpl::file() const {
  return options_.backup_dir.operator const std::string&() + "/run.safetensors";
}

void BackupAndRestoreImpl::on_train_begin(Model&) {
  make_folders(std::string(options_.backup_dir));
  if (!std::filesystem::exists(file())) return;
  const Config state = read_state(file());
  Fields fields(state, file());
  run().state(fields);
}

void BackupAndRestoreImpl::save() {
  Config state{Config::Map()};
  Fields fields(state);
  run().state(fields);
  write_state(file(), state);
}

void BackupAndRestoreImpl::on_epoch_end(int, Logs&) {
  batches_ = 0;
  save();
}

void BackupAndRestoreImpl::on_train_batch_end(std::int64_t, const Logs&) {
  if (options_.save_freq.due(batches_) || run().interrupted()) save();
}

void BackupAndRestoreImpl::on_train_end() {
  std::error_code failed;
  if (!options_.delete_checkpoint || run().interrupted()) return;
  std::filesystem::remove(file(), failed);
  if (failed) fail("{}: cannot be removed, {}", file(), failed.message());
}

}  // namespace kindling
