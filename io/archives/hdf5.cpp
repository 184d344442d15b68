#include <kindling/io/archives/hdf5.h>

#include <algorithm>
#include <set>
#include <utility>

#include <kindling/io/archives/hdf5_attributes.h>
#include <kindling/io/archives/hdf5_data.h>
#include <kindling/io/archives/hdf5_groups.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::int64_t any_size = 1 << 26;  // bytes of all datasets, whatever the file's

const char* text_of(Link::Kind kind) {
  return kind == Link::soft ? "a soft" : kind == Link::external ? "an external" : "another kind of";
}

std::string in_messages(const std::string& file, const std::string& group,
                        const std::string& attribute) {
  return fmt::format("{}: attribute {} of {}", file, in_quotes(attribute),
                     group.empty() ? "the file" : in_quotes(group));
}

}  // namespace

std::string path_in(const std::string& group, const std::string& name) {
  return group.empty() ? name : group + "/" + name;
}

File::File(std::string bytes, std::string name)
    : name_(std::move(name)), bytes_(std::make_unique<const std::string>(std::move(bytes))) {
  struct Waiting {
    std::string path;
    std::uint64_t address;
    std::size_t depth;
  };
  Source all = source();
  std::vector<Waiting> waiting = {{"", root_address(all), 0}};
  std::set<std::uint64_t> seen;
  // A long name stands once in the file, and in the path of all that is inside.
  const std::size_t most_in_paths = bytes_->size() + (1 << 20);
  std::size_t in_paths = 0;
  while (!waiting.empty()) {
    const Waiting next = std::move(waiting.back());
    waiting.pop_back();
    const std::string what = name_ + ": " + (next.path.empty() ? "its root" : in_quotes(next.path));
    if (!seen.insert(next.address).second) {
      fail("{} is linked more than once; every group and dataset must have one name", what);
    }
    if (seen.size() > most_objects) {
      fail("{}: at most {} groups and datasets are read", name_, most_objects);
    }
    objects_[next.path] = next.address;
    const std::vector<Message> messages = messages_at(all, next.address);
    if (!is_group(messages)) {
      if (find(messages, Kind::dataspace) == nullptr &&
          find(messages, Kind::datatype) != nullptr) {
        fail("{} is a named type; groups and datasets are read", what);
      }
      datasets_.emplace(next.path, checked_dataset(messages, what));
      continue;
    }
    groups_.push_back(next.path);
    if (next.depth == most_depth) {
      fail("{}: groups are nested deeper than {} levels", name_, most_depth);
    }
    for (const Link& link : links_of(messages, what)) {
      const std::string path = path_in(next.path, link.name);
      if (link.kind != Link::hard) {
        fail("{}: {} is {} link; only hard links are read", name_, in_quotes(path),
             text_of(link.kind));
      }
      in_paths += path.size();
      if (in_paths > most_in_paths) {
        fail("{}: the paths of its groups and datasets take more than {} bytes", name_,
             most_in_paths);
      }
      waiting.push_back({path, link.address, next.depth + 1});
    }
  }
  std::ranges::sort(groups_);
  check_size();
}

// Datasets may share bytes, so that each is no more than the file accounts for, and all are.
void File::check_size() const {
  std::int64_t bytes = 0;  // of at most a million, each of which was checked
  for (const auto& [path, dataset] : datasets_) {
    if (!dataset.readable) continue;
    bytes += dataset.shape.elements() * itemsize(dataset.dtype);
  }
  const std::int64_t length = std::ssize(*bytes_);
  if (bytes > any_size && bytes / most_expansion > length) {
    fail("{}: its datasets take {} bytes together, more than {} times the {} of the file", name_,
         bytes, most_expansion, length);
  }
}

// All that is looked at in one go.
Source File::source() const {
  constexpr std::uint64_t times = 8, more = 1 << 20;
  return {*bytes_, name_, times * bytes_->size() + more};
}

std::int64_t File::elements() const {
  const std::int64_t most = std::ssize(*bytes_) * most_expansion;
  std::int64_t left = most;
  for (const auto& [path, dataset] : datasets_) left -= std::min(left, dataset.shape.elements());
  return most - left;
}

bool File::has_group(const std::string& path) const {
  return std::ranges::binary_search(groups_, path);
}

Tensor File::read(const std::string& path) const {
  const std::string what = name_ + ": " + in_quotes(path);
  if (!datasets_.contains(path)) fail("{} is not there", what);
  Source all = source();
  return read_elements(messages_at(all, objects_.at(path)), what);
}

Config File::attribute(const std::string& group, const std::string& name) const {
  const auto at = objects_.find(group);
  if (at == objects_.end()) return {};
  Source all = source();
  return attribute_in(messages_at(all, at->second), name,
                      in_messages(name_, group, name));
}

std::vector<std::string> File::texts(const std::string& group, const std::string& name) const {
  const auto at = objects_.find(group);
  if (at == objects_.end()) return {};
  Source all = source();
  return texts_in(messages_at(all, at->second), name, in_messages(name_, group, name));
}

}  // namespace kindling::hdf5
