#include <kindling/io/event_file.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <kindling/io/bytes.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

namespace fs = std::filesystem;

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>((value & 127) | 128);
  return bytes + static_cast<char>(value);
}

// Fields of a protocol buffer: a key, then the value by its wire type.
std::string key(int field, int wire) {
  return varint(static_cast<std::uint64_t>(field << 3 | wire));
}
std::string double_field(int field, double v) {
  return key(field, 1) + bytes_of(std::bit_cast<std::uint64_t>(v));
}
std::string float_field(int field, float v) {
  return key(field, 5) + bytes_of(std::bit_cast<std::uint32_t>(v));
}
std::string bytes_field(int field, const std::string& v) {
  return key(field, 2) + varint(v.size()) + v;
}

std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return std::rotr(crc, 15) + 0xa282ead8u;
}

double now() {
  using namespace std::chrono;
  return duration<double>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? (c >> 1) ^ 0x82f63b78u : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 255];
  return ~crc;
}

void GrowingFile::check(const std::string& path, std::int64_t keep) {
  std::error_code failed;
  if (const fs::path above = fs::path(path).parent_path(); !above.empty()) {
    fs::create_directories(above, failed);
  }
  if (keep > 0) {
    const std::uintmax_t there = fs::file_size(path, failed);
    if (failed || there < static_cast<std::uintmax_t>(keep)) {
      fail("{}: the run that is taken up had written {} bytes of it, they are not there", path,
           keep);
    }
  }
  const bool exists = fs::exists(path, failed);
  open(path, "ab");
  if (!exists) fs::remove(path, failed);
}

GrowingFile::File GrowingFile::open(const std::string& path, const char* mode) {
  errno = 0;
  File file(std::fopen(path.c_str(), mode));
  if (!file) {
    fail("{}: cannot be written, {}", path, std::generic_category().message(errno));
  }
  return file;
}

GrowingFile::GrowingFile(std::string path, std::int64_t keep) : path_(std::move(path)) {
  check(path_, keep);
  std::error_code failed;
  if (keep > 0) fs::resize_file(path_, static_cast<std::uintmax_t>(keep), failed);
  if (failed) fail("{}: cannot be written, {}", path_, failed.message());
  file_ = open(path_, keep > 0 ? "ab" : "wb");
  size_ = keep;
}

void GrowingFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() ||
      std::fflush(file_.get()) != 0) {
    fail("{}: cannot be written, {}", path_, std::generic_category().message(errno));
  }
  size_ += static_cast<std::int64_t>(bytes.size());
}

EventFile::EventFile(const std::string& path, std::int64_t keep) : file_(path, keep) {
  if (keep == 0) record(double_field(1, now()) + bytes_field(3, "brain.Event:2"));
}

void EventFile::scalar(const std::string& tag, std::int64_t step, double value) {
  const std::string number = bytes_field(1, tag) + float_field(2, static_cast<float>(value));
  record(double_field(1, now()) + key(2, 0) + varint(static_cast<std::uint64_t>(step)) +
         bytes_field(5, bytes_field(1, number)));
}

void EventFile::record(const std::string& event) {
  const std::string length = bytes_of(std::uint64_t{event.size()});
  file_.write(length + bytes_of(masked_crc(length)) + event + bytes_of(masked_crc(event)));
}

}  // namespace kindling
