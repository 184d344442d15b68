#include <kindling/io/archives/h5.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <kindling/io/archives/hdf5.h>
#include <kindling/io/file.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::string_view variables = "vars";

bool is_group_of_variables(std::string_view path) {
  return path == variables || path.ends_with("/vars");
}

bool is_path(const std::string& name) {
  if (name.find('\0') != std::string::npos) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

// Fails on names that HDF5 could not keep apart.
void check_paths(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& [name, value] : tensors) {
    if (!is_path(name)) {
      fail("h5: {} is no path of a dataset; names with a / between are needed", in_quotes(name));
    }
    if (!value.defined()) fail("h5: tensor {} is undefined", in_quotes(name));
    if (!names.insert(name).second) fail("h5: two tensors are named {}", in_quotes(name));
  }
  for (const std::string& name : names) {
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      const std::string above = name.substr(0, at);
      if (names.contains(above)) {
        fail("h5: {} is a tensor, so {} can't be inside", in_quotes(above), in_quotes(name));
      }
    }
  }
}

}  // namespace

TensorFile read_h5(const std::string& path) {
  std::string bytes = read_file(path);
  std::size_t left = bytes.size() + (1 << 20);  // what the metadata may take
  const hdf5::File file(std::move(bytes), path);
  TensorFile all{path, {}, {}};
  for (const auto& [name, dataset] : file.datasets()) {
    all.tensors.emplace_back(name, file.read(name));
  }
  const auto note = [&](const std::string& group, const std::string& attribute,
                        const std::string& key) {
    const Config text = file.attribute(group, attribute);
    if (!text.is_string()) return;
    // Many groups may share one long text.
    const std::string& value = text.as_string(path);
    if (value.size() > left) fail("{}: names of groups take more bytes than the file", path);
    left -= value.size();
    all.metadata[key] = value;
  };
  for (const std::string& group : file.groups()) {
    if (is_group_of_variables(group)) note(group, "name", group);
  }
  for (const char* of_file : {"keras_version", "backend", "model_config"}) {
    note("", of_file, of_file);
  }
  return all;
}

std::string h5_bytes(const NamedTensors& tensors, const Metadata& metadata) {
  check_paths(tensors);
  hdf5::Writer file;
  for (const auto& [group, name] : metadata) {
    if (is_group_of_variables(group) && is_path(group)) file.group(group, name);
  }
  for (const auto& [name, value] : tensors) file.dataset(name, value);
  return file.bytes();
}

void write_h5(const std::string& path, const NamedTensors& tensors, const Metadata& metadata) {
  write_file(path, h5_bytes(tensors, metadata));
}

}  // namespace kindling
