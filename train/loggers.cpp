#include <kindling/train/loggers.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <limits>

#include <fmt/ranges.h>

#include <kindling/data/records.h>
#include <kindling/io/file.h>
#include <kindling/io/json.h>
#include <kindling/layers/state_fields.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/fit_run.h>

namespace kindling {

namespace {

constexpr const char* epoch_column = "epoch";
constexpr std::string_view events_start = "events.out.tfevents.", events_end = ".v2";

// A name that no file in the folder has: several runs may start in the same second.
std::string new_events_name(const std::string& folder) {
  using namespace std::chrono;
  const auto now = system_clock::now().time_since_epoch() / seconds(1);
  static std::atomic<int> number = 0;
  while (true) {
    const std::string name =
        fmt::format("{}{}.{}.{}{}", events_start, now, getpid(), number++, events_end);
    if (!std::filesystem::exists(folder + name)) return name;
  }
}

bool is_events_name(std::string_view name) {
  if (!name.starts_with(events_start) || !name.ends_with(events_end)) return false;
  name.remove_prefix(events_start.size());
  return name.substr(0, name.size() - events_end.size()).find_first_not_of("0123456789.") ==
         name.npos;
}

}  // namespace

CSVLoggerImpl::CSVLoggerImpl(Options options) : options_(std::move(options)) {
  const std::string& separator = options_.separator;
  if (separator.size() != 1 || std::string_view("\"\r\n").find(separator[0]) != separator.npos) {
    fail("CSVLogger: separator is one character, neither a quote nor a line break, got {}",
         in_quotes(separator));
  }
}

void CSVLoggerImpl::on_train_begin(Model&) {
  file_.reset();
  columns_.clear();
  const std::string& path = options_.filename;
  GrowingFile::check(path);
  const std::string there =
      options_.append && std::filesystem::exists(path) ? read_file(path) : std::string();
  size_ = std::ssize(there);
  const LogNames logs = run().epoch_logs(*this);
  if (size_ == 0 || !logs) return;
  read_header(there);
  require_columns(*logs);
}

void CSVLoggerImpl::read_header(const std::string& text) {
  const std::size_t end = text.find('\n');
  line_end_.assign(end != text.npos && end > 0 && text[end - 1] == '\r' ? 1 : 0, '\r');
  line_end_ += '\n';
  Records(lines_of(text), options_.filename, options_.separator[0]).next(columns_);
  for (std::string& column : columns_) column = run().renamed(column);
  require_columns({epoch_column});
}

void CSVLoggerImpl::require_columns(const std::vector<std::string>& logs) const {
  for (const std::string& log : logs) {
    if (std::ranges::count(columns_, log) == 1) continue;
    fail("{}: one column for each log is needed, got {} for {} [columns {}]; CSVLogger without "
         ".append writes a new file", options_.filename.value(), std::ranges::count(columns_, log),
         in_quotes(log), fmt::format("{}", fmt::join(columns_, ", ")));
  }
}

void CSVLoggerImpl::open(const std::vector<std::string>& logs) {
  GrowingFile::check(options_.filename, size_);
  const bool fresh = size_ == 0;
  bool in_a_line = false;
  if (fresh) {
    line_end_.assign(1, '\n');
    columns_ = {epoch_column};
    columns_.insert(columns_.end(), logs.begin(), logs.end());
  } else {
    const std::string there =
        read_file(options_.filename).substr(0, static_cast<std::size_t>(size_));
    read_header(there);
    in_a_line = !there.ends_with('\n');
  }
  require_columns(columns_);
  require_columns(logs);
  file_.emplace(options_.filename, size_);
  if (in_a_line) file_->write(line_end_);
  if (fresh) write_line(columns_);
}

void CSVLoggerImpl::write_line(const std::vector<std::string>& line) {
  std::vector<std::string> columns;
  for (const std::string& column : line) {
    columns.push_back(written_column(column, options_.separator[0]));
  }
  file_->write(fmt::format("{}{}", fmt::join(columns, options_.separator), line_end_));
  size_ = file_->size();
}

void CSVLoggerImpl::on_epoch_begin(int) {
  if (file_) return;
  if (const LogNames logs = run().epoch_logs(*this)) open(*logs);
}

void CSVLoggerImpl::on_epoch_end(int epoch, Logs& logs) {
  if (!file_) {
    std::vector<std::string> names;
    for (const auto& [name, value] : logs) names.push_back(name);
    // Epochs to come may be validated where this one was not.
    for (const auto& [name, value] : Logs(logs)) {
      const std::string later = "val_" + name;
      if (!logs.contains(later) && run().validates_later(later, logs)) names.push_back(later);
    }
    open(names);
  }
  std::vector<std::string> line;
  for (const std::string& column : columns_) {
    std::string& number = line.emplace_back();
    if (column == epoch_column) {
      number = fmt::format("{}", epoch);
    } else if (logs.contains(column)) {
      number = fmt::format("{}", logs[column]);
    }
  }
  write_line(line);
}

void CSVLoggerImpl::state(Fields& f) {
  between(f, "size", size_, 0, std::numeric_limits<std::int64_t>::max());
  if (!f.reading()) return;
  file_.reset();
  GrowingFile::check(options_.filename, size_);
}

TensorBoardImpl::TensorBoardImpl(Options options) : options_(std::move(options)) {
  if (options_.update_freq && *options_.update_freq < 1) {
    fail("TensorBoard: update_freq is at least 1, got {}", *options_.update_freq);
  }
}

std::string TensorBoardImpl::path_of(const Writer& writer, const std::string& name) const {
  return fmt::format("{}/{}/{}", options_.log_dir, writer.folder, name);
}

void TensorBoardImpl::on_train_begin(Model&) {
  for (Writer* writer : {&train_, &validation_}) {
    *writer = {writer->folder};
    if (writer == &validation_ && !run().validates_later("val_loss", {})) continue;
    GrowingFile::check(path_of(*writer, new_events_name(path_of(*writer, ""))));
  }
  batches_ = 0;
}

void TensorBoardImpl::write(Writer& writer, const std::string& tag, std::int64_t step,
                            double value) {
  if (writer.name.empty()) writer.name = new_events_name(path_of(writer, ""));
  if (!writer.file) {
    writer.file = std::make_unique<EventFile>(path_of(writer, writer.name), writer.size);
  }
  writer.file->scalar(tag, step, value);
  writer.size = writer.file->size();
}

void TensorBoardImpl::on_train_batch_end(std::int64_t, const Logs& logs) {
  ++batches_;
  if (!options_.update_freq || batches_ % *options_.update_freq != 0) return;
  for (const auto& [name, value] : logs) write(train_, "batch_" + name, batches_, value);
}

void TensorBoardImpl::on_epoch_end(int epoch, Logs& logs) {
  for (const auto& [name, value] : logs) {
    if (name.starts_with("val_")) {
      write(validation_, "epoch_" + name.substr(4), epoch, value);
    } else {
      write(train_, "epoch_" + name, epoch, value);
    }
  }
}

void TensorBoardImpl::on_train_end() {
  train_.file.reset();
  validation_.file.reset();
}

void TensorBoardImpl::state(Fields& f) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  between(f, "batches", batches_, 0, most);
  for (Writer* writer : {&train_, &validation_}) {
    f.inside(writer->folder, [&](Fields& g) {
      g("name", writer->name);
      between(g, "size", writer->size, 0, writer->name.empty() ? 0 : most);
    });
    if (!f.reading() || writer->name.empty()) continue;
    writer->file.reset();
    if (!is_events_name(writer->name)) {
      fail("TensorBoard: the run that was kept has {}, which is no name of its files",
           in_quotes(writer->name));
    }
    GrowingFile::check(path_of(*writer, writer->name), writer->size);
  }
}

}  // namespace kindling
