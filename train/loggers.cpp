#include <kindling/train/loggers.h>

#include <unistd.h>

#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include <kindling/io/file.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/fit_run.h>

namespace kindling {

CSVLoggerImpl::CSVLoggerImpl(Options options) : options_(std::move(options)) {
  if (options_.separator.empty()) fail("CSVLogger: the separator is empty");
}

void CSVLoggerImpl::on_train_begin(Model&) {
  file_.reset();
  columns_.clear();
  size_ = 0;
  const std::string& path = options_.filename;
  if (!options_.append || !std::filesystem::exists(path)) return;
  const std::string there = read_file(path);
  size_ = static_cast<std::int64_t>(there.size());
  const std::string header = there.substr(0, there.find('\n'));
  for (std::size_t at = 0; at < header.size();) {
    const std::size_t end = std::min(header.find(options_.separator, at), header.size());
    if (at > 0) columns_.push_back(header.substr(at, end - at));  // the first is the epoch
    at = end + options_.separator.size();
  }
}

void CSVLoggerImpl::on_epoch_end(int epoch, Logs& logs) {
  if (!file_) file_.emplace(options_.filename, size_);
  std::string text;
  if (columns_.empty()) {
    text = "epoch";
    for (const auto& [name, value] : logs) {
      columns_.push_back(name);
      text += options_.separator + name;
    }
    // Epochs to come may be validated where this one was not.
    for (const auto& [name, value] : Logs(logs)) {
      const std::string later = "val_" + name;
      if (logs.contains(later) || !run().validates_later(later, logs)) continue;
      columns_.push_back(later);
      text += options_.separator + later;
    }
    text += '\n';
  }
  text += std::to_string(epoch);
  for (const std::string& column : columns_) {
    text += options_.separator;
    if (logs.contains(column)) text += fmt::format("{}", logs[column]);
  }
  file_->write(text + '\n');
  size_ = file_->size();
}

void CSVLoggerImpl::state(Fields& f) {
  f("size", size_);
  f("columns", columns_);
  if (f.reading()) file_.reset();
}

TensorBoardImpl::TensorBoardImpl(Options options) : options_(std::move(options)) {
  if (options_.update_freq && *options_.update_freq < 1) {
    fail("TensorBoard: update_freq is at least 1, got {}", *options_.update_freq);
  }
}

void TensorBoardImpl::on_train_begin(Model&) {
  train_ = {};
  validation_ = {};
  batches_ = 0;
}

void TensorBoardImpl::write(Writer& writer, const char* folder, const std::string& tag,
                            std::int64_t step, double value) {
  if (writer.path.empty()) {
    using namespace std::chrono;
    const auto now = system_clock::now().time_since_epoch() / seconds(1);
    writer.path = fmt::format("{}/{}/events.out.tfevents.{}.{}.v2", options_.log_dir, folder,
                              now, getpid());
  }
  if (!writer.file) writer.file = std::make_unique<EventFile>(writer.path, writer.size);
  writer.file->scalar(tag, step, value);
  writer.size = writer.file->size();
}

void TensorBoardImpl::on_train_batch_end(std::int64_t, const Logs& logs) {
  ++batches_;
  if (!options_.update_freq || batches_ % *options_.update_freq != 0) return;
  for (const auto& [name, value] : logs) write(train_, "train", "batch_" + name, batches_, value);
}

void TensorBoardImpl::on_epoch_end(int epoch, Logs& logs) {
  for (const auto& [name, value] : logs) {
    if (name.starts_with("val_")) {
      write(validation_, "validation", "epoch_" + name.substr(4), epoch, value);
    } else {
      write(train_, "train", "epoch_" + name, epoch, value);
    }
  }
}

void TensorBoardImpl::on_train_end() {
  train_.file.reset();
  validation_.file.reset();
}

void TensorBoardImpl::state(Fields& f) {
  f("batches", batches_);
  for (auto& [name, writer] : {std::pair{"train", &train_}, {"validation", &validation_}}) {
    f.inside(name, [w = writer](Fields& g) {
      g("path", w->path);
      g("size", w->size);
    });
    if (f.reading()) writer->file.reset();
  }
}

}  // namespace kindling
