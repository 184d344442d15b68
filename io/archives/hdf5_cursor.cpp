#include <kindling/io/archives/hdf5_cursor.h>

#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {

void Source::damaged(const std::string& what, std::uint64_t at) const {
  fail("{}: is a damaged HDF5 file, {} at byte {}", name, what, at);
}

Cursor::Cursor(Source& source, std::uint64_t at, const char* what)
    : source_(&source), at_(at), end_(source.bytes.size()), what_(what) {
  if (at > end_) damaged();
}

Cursor::Cursor(Source& source, std::uint64_t at, std::uint64_t size, const char* what)
    : Cursor(source, at, what) {
  if (size > left()) damaged();
  end_ = at + size;
}

std::string_view Cursor::take(std::uint64_t size) {
  if (size > left()) damaged();
  if (size > source_->budget) {
    fail("{}: is a damaged HDF5 file, its parts lie over each other", source_->name);
  }
  source_->budget -= size;
  const std::string_view taken = source_->bytes.substr(at_, size);
  at_ += size;
  return taken;
}

void Cursor::skip(std::uint64_t size) {
  if (size > left()) damaged();
  at_ += size;
}

std::uint64_t Cursor::number(std::size_t size) {
  const std::string_view bytes = take(size);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return value;
}

void Cursor::expect(std::string_view signature) {
  if (left() < signature.size() || take(signature.size()) != signature) damaged();
}

std::string Cursor::text() {
  const std::string_view rest = source_->bytes.substr(at_, left());
  const std::size_t end = rest.find('\0');
  const std::string found(take(end == rest.npos ? rest.size() : end));
  if (end != rest.npos) skip(1);
  return found;
}

Cursor Cursor::part(std::uint64_t size) {
  const std::uint64_t begin = at_;
  if (size > left()) damaged();
  at_ += size;
  return {*source_, begin, size, what_};
}

}  // namespace kindling::hdf5
