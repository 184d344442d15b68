// TensorBoard event files: numbers over steps, for its scalar charts.
//
//   EventFile events("logs/train/events.out.tfevents.1");
//   events.scalar("epoch_loss", epoch, loss);
//
// Source: the record format of TFRecord files, and event.proto of TensorFlow.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace kindling {

// A file that grows, flushed with each record; cut off first where a run is taken up.
class GrowingFile {
 public:
  // Keeps the first `keep` bytes of what is there; fails if there are fewer, or it can't be opened.
  GrowingFile(std::string path, std::int64_t keep);
  // Fails where the constructor would, and leaves what is there as it is.
  static void check(const std::string& path, std::int64_t keep = 0);
  void write(std::string_view bytes);
  std::int64_t size() const { return size_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;
  static File open(const std::string& path, const char* mode);

  std::string path_;
  File file_;
  std::int64_t size_ = 0;
};

class EventFile {
 public:
  explicit EventFile(const std::string& path, std::int64_t keep = 0);
  void scalar(const std::string& tag, std::int64_t step, double value);
  std::int64_t size() const { return file_.size(); }

 private:
  void record(const std::string& event);
  GrowingFile file_;
};

// CRC-32C (Castagnoli), as the records have it.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace kindling
#pragma GCC visibility pop
