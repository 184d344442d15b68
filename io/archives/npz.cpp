#include <kindling/io/archives/npz.h>

#include <kindling/io/archives/zip.h>
#include <kindling/io/file.h>
#include <kindling/io/in_file.h>
#include <kindling/io/json.h>
#include <kindling/io/npy.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::string_view ending = ".npy";

}  // namespace

TensorFile parse_npz(std::string_view bytes, const std::string& name) {
  const ZipReader zip(bytes, name);
  TensorFile file{name, {}, {}};
  for (const ZipMember& member : zip.members()) {
    if (!member.name.ends_with(ending)) {
      fail("{}: member {} is no .npy file", name, in_quotes(member.name));
    }
    file.tensors.emplace_back(
        member.name.substr(0, member.name.size() - ending.size()),
        parse_npy(zip.read(member.name), name + ": member " + in_quotes(member.name)));
  }
  return file;
}

TensorFile read_npz(const std::string& path) {
  const MappedFile file(path);
  return in_file(path, [&] { return parse_npz(file.bytes(), path); });
}

std::string npz_bytes(const NamedTensors& tensors) {
  ZipWriter zip("npz");
  for (const auto& [name, x] : tensors) {
    if (!x.defined()) fail("npz: tensor {} is undefined", in_quotes(name));
    zip.add(name + std::string(ending), npy_bytes(x));
  }
  return zip.bytes();
}

void write_npz(const std::string& path, const NamedTensors& tensors) {
  write_file(path, npz_bytes(tensors));
}

}  // namespace kindling
