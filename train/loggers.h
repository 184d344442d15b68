// Callbacks that write logs to files: CSVLogger, TensorBoard.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kindling/io/event_file.h>
#include <kindling/train/callback.h>

#pragma GCC visibility push(default)
namespace kindling {

// One line per epoch: epoch, then the logs by name; the columns are those of the first epoch. Names
// that hold the separator or a quote stand in quotes (RFC 4180).
//
// With `append`, lines are added to a file that is there, in the order of its header and with its
// line ends; it must have a column "epoch" and one for each log. Columns without a log stay empty.
// Source: keras.callbacks.CSVLogger.
struct CSVLoggerOptions {
  Required<std::string, struct CSVLoggerOptions_filename> filename;
  std::string separator = ",";  // one character
  bool append = false;
};

class CSVLoggerImpl : public CallbackImpl {
 public:
  using Options = CSVLoggerOptions;
  explicit CSVLoggerImpl(Options options);
  void on_train_begin(Model&) override;
  void on_epoch_begin(int epoch) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  void on_train_end() override { file_.reset(); }
  void state(Fields& f) override;
  LogNames sets_logs() const override { return LogNames(std::in_place); }

 private:
  void open(const std::vector<std::string>& logs);
  void read_header(const std::string& text);
  void require_columns(const std::vector<std::string>& logs) const;
  void write_line(const std::vector<std::string>& line);

  Options options_;
  std::vector<std::string> columns_;  // "epoch" and logs
  std::string line_end_;
  std::optional<GrowingFile> file_;  // from the first epoch on
  std::int64_t size_ = 0;            // what is there of it before that
};
using CSVLogger = CallbackOf<CSVLoggerImpl>;

// Event files for TensorBoard: log_dir/train and log_dir/validation, "epoch_loss" and the other
// logs by epoch; with update_freq also "batch_loss" and the others every so many batches.
// Source: keras.callbacks.TensorBoard.
struct TensorBoardOptions {
  std::string log_dir = "logs";
  std::optional<std::int64_t> update_freq = {};  // batches; epochs alone without
};

class TensorBoardImpl : public CallbackImpl {
 public:
  using Options = TensorBoardOptions;
  explicit TensorBoardImpl(Options options);
  void on_train_begin(Model&) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  void on_train_end() override;
  void state(Fields& f) override;
  LogNames sets_logs() const override { return LogNames(std::in_place); }

 private:
  struct Writer {
    const char* folder;
    std::string name = {};   // of the file in it; empty until the first number
    std::int64_t size = 0;   // of what another run has written
    std::unique_ptr<EventFile> file = {};
  };
  std::string path_of(const Writer& writer, const std::string& name) const;
  void write(Writer& writer, const std::string& tag, std::int64_t step, double value);

  Options options_;
  Writer train_ = {"train"}, validation_ = {"validation"};
  std::int64_t batches_ = 0;
};
using TensorBoard = CallbackOf<TensorBoardImpl>;

}  // namespace kindling
#pragma GCC visibility pop
