#include <kindling/io/safetensors.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_set>
#include <vector>

#include <kindling/io/bytes.h>
#include <kindling/io/elements.h>
#include <kindling/io/file.h>
#include <kindling/io/in_file.h>
#include <kindling/io/json.h>
#include <kindling/layers/config_value.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::uint64_t max_header = 100'000'000;
constexpr std::size_t length_size = sizeof(std::uint64_t);
constexpr const char* metadata_key = "__metadata__";

const ElementKind& kind_of(DType dtype) {
  return *std::ranges::find_if(element_kinds(), [&](const ElementKind& kind) {
    return kind.is_ours && kind.dtype == dtype;
  });
}

// What the header says of one tensor.
struct Entry {
  const std::string* name;
  const ElementKind* kind;
  Shape shape;
  std::int64_t begin, end;  // where its bytes are in the data
};

class Parser {
 public:
  Parser(std::string_view bytes, const std::string& name) : data_(bytes), name_(name) {}

  TensorFile parse() {
    const Config header = parse_json(take_header(), name_ + ": header");
    TensorFile file{name_, {}, {}};
    std::vector<Entry> entries;
    for (const auto& [key, value] : header.as_map(name_)) {
      if (key == metadata_key) {
        file.metadata = read_metadata(value);
      } else {
        entries.push_back(read_entry(key, value));
      }
    }
    check_layout(entries);
    for (const Entry& entry : entries) file.tensors.emplace_back(*entry.name, load(entry));
    say_what_is_converted(entries);
    return file;
  }

 private:
  // The header's text; what stays in data_ is the data.
  std::string_view take_header() {
    if (data_.size() < length_size) {
      fail("{}: is cut short, the length of the header is {} bytes, got {}", name_, length_size,
           data_.size());
    }
    const auto length = number_at<std::uint64_t>(data_, 0);
    data_.remove_prefix(length_size);
    if (length > max_header) {
      fail("{}: the header is at most {} bytes, got {}", name_, max_header, length);
    }
    if (length > data_.size()) {
      fail("{}: is cut short, the header is {} bytes, got {}", name_, length, data_.size());
    }
    const std::string_view header = data_.substr(0, length);
    data_.remove_prefix(length);
    if (!header.starts_with('{')) {
      fail("{}: the header must start with '{{', got {}", name_, in_quotes(header.substr(0, 1)));
    }
    return header;
  }

  Metadata read_metadata(const Config& config) const {
    if (!config.is_map()) {
      fail("{}: {} must be an object, got {}", name_, metadata_key, config.str());
    }
    Metadata metadata;
    for (const auto& [key, value] : config.as_map(name_)) {
      if (!value.is_string()) {
        fail("{}: {} has texts only, got {} at {}", name_, metadata_key, value.str(),
             in_quotes(key));
      }
      metadata.emplace(key, value.as_string(name_));
    }
    return metadata;
  }

  Entry read_entry(const std::string& name, const Config& config) const {
    if (!config.is_map()) {
      refuse(name, "an object with dtype, shape and data_offsets is needed, got " + config.str());
    }
    Entry entry{&name, &read_kind(name, config["dtype"]), read_shape(name, config["shape"]), 0, 0};

    std::vector<std::int64_t> offsets;
    if (!whole_numbers(config["data_offsets"], offsets) || offsets.size() != 2 ||
        offsets[1] < offsets[0]) {
      refuse(name, "data_offsets must be [begin, end] with 0 <= begin <= end, got " +
                       config["data_offsets"].str());
    }
    entry.begin = offsets[0];
    entry.end = offsets[1];

    const std::optional<std::int64_t> bytes = size_in_bytes(entry.shape, entry.kind->bytes);
    if (!bytes) {
      refuse(name, fmt::format("{} {} has more bytes than 64 bits count", entry.kind->safetensors,
                               entry.shape.str()));
    }
    if (*bytes != entry.end - entry.begin) {
      refuse(name, fmt::format("{} {} takes {} bytes, got data_offsets [{}, {}]",
                               entry.kind->safetensors, entry.shape.str(), *bytes, entry.begin,
                               entry.end));
    }
    return entry;
  }

  const ElementKind& read_kind(const std::string& name, const Config& config) const {
    if (!config.is_string()) refuse(name, "dtype must be a text, got " + config.str());
    const std::string& word = config.as_string(name);
    const std::span<const ElementKind> kinds = element_kinds();
    const auto found = std::ranges::find(kinds, word, &ElementKind::safetensors);
    if (found == kinds.end()) {
      std::vector<std::string_view> words;
      for (const ElementKind& kind : kinds) words.push_back(kind.safetensors);
      refuse(name, fmt::format("dtype {} is not supported, one of {} is needed", in_quotes(word),
                               fmt::join(words, ", ")));
    }
    return *found;
  }

  Shape read_shape(const std::string& name, const Config& config) const {
    std::vector<std::int64_t> sizes;
    if (!whole_numbers(config, sizes)) {
      refuse(name, "shape must be a list of whole numbers, at least 0, got " + config.str());
    }
    if (sizes.size() > Shape::max_rank) {
      refuse(name, fmt::format("at most {} axes are supported, got {}", +Shape::max_rank,
                               sizes.size()));
    }
    return Shape(sizes);
  }

  // Takes the numbers of a list; false if it is none, or has anything but whole numbers from 0.
  static bool whole_numbers(const Config& config, std::vector<std::int64_t>& numbers) {
    if (!config.is_list()) return false;
    for (const Config& item : config.as_list("")) {
      const auto* number = std::get_if<std::int64_t>(&item.value());
      if (number == nullptr || *number < 0) return false;
      numbers.push_back(*number);
    }
    return true;
  }

  // The tensors' bytes follow one another from the first byte of the data to the last. Before this
  // is known, no memory is taken for what the header promises.
  void check_layout(std::vector<Entry> entries) const {
    std::ranges::sort(entries, {}, [](const Entry& e) { return std::tuple(e.begin, e.end); });
    std::int64_t reached = 0;
    const std::string* last = nullptr;
    for (const Entry& entry : entries) {
      if (entry.begin > reached) {
        refuse(*entry.name, fmt::format("begins at byte {} of the data, after a gap from byte {}",
                                        entry.begin, reached));
      }
      if (entry.begin < reached) {
        refuse(*entry.name,
               fmt::format("begins at byte {} of the data, inside tensor {}, which ends at {}",
                           entry.begin, in_quotes(*last), reached));
      }
      reached = entry.end;
      last = entry.name;
    }
    const auto size = static_cast<std::int64_t>(data_.size());
    if (reached > size) {
      fail("{}: is cut short, tensor {} ends at byte {} of the data, got {} bytes", name_,
           in_quotes(*last), reached, size);
    }
    if (reached < size) {
      fail("{}: the tensors end at byte {} of the data, got {} bytes", name_, reached, size);
    }
  }

  Tensor load(const Entry& entry) const {
    const std::string_view bytes =
        data_.substr(static_cast<std::size_t>(entry.begin),
                     static_cast<std::size_t>(entry.end - entry.begin));
    return tensor_of(*entry.kind, entry.shape, bytes, false,
                     name_ + ": tensor " + in_quotes(*entry.name));
  }

  // Says which tensors are not what the file has.
  void say_what_is_converted(const std::vector<Entry>& entries) const {
    std::vector<std::string> words;
    for (const ElementKind& kind : element_kinds()) {
      const bool there = std::ranges::find(entries, &kind, &Entry::kind) != entries.end();
      if (kind.is_ours || !there) continue;
      words.push_back(fmt::format("{} as {}", kind.safetensors, kindling::name(kind.dtype)));
    }
    if (!words.empty()) warn(fmt::format("{}: reads {}", name_, fmt::join(words, ", ")));
  }

  [[noreturn]] void refuse(const std::string& tensor, const std::string& why) const {
    fail("{}: tensor {}: {}", name_, in_quotes(tensor), why);
  }

  std::string_view data_;
  const std::string& name_;
};

}  // namespace

bool TensorFile::contains(const std::string& tensor) const {
  return std::ranges::find(tensors, tensor, &NamedTensors::value_type::first) != tensors.end();
}

const Tensor& TensorFile::at(const std::string& tensor) const {
  const auto found = std::ranges::find(tensors, tensor, &NamedTensors::value_type::first);
  if (found == tensors.end()) fail("{}: has no tensor {}", name, in_quotes(tensor));
  return found->second;
}

TensorFile parse_safetensors(std::string_view bytes, const std::string& name) {
  return Parser(bytes, name).parse();
}

TensorFile read_safetensors(const std::string& path) {
  const MappedFile file(path);
  return in_file(path, [&] { return parse_safetensors(file.bytes(), path); });
}

std::string safetensors_bytes(const NamedTensors& tensors, Metadata metadata) {
  metadata.try_emplace("format", "pt");
  Config::Map header{{metadata_key, Config::Map(metadata.begin(), metadata.end())}};

  NamedTensors ordered = tensors;
  std::ranges::stable_sort(ordered, std::greater(), [](const auto& named) {
    return kind_of(named.second.dtype()).bytes;
  });
  std::unordered_set<std::string> taken{metadata_key};
  std::int64_t end = 0;
  for (const auto& [name, x] : ordered) {
    if (!x.defined()) fail("safetensors: tensor {} is undefined", in_quotes(name));
    if (!taken.insert(name).second) fail("safetensors: the name {} is taken", in_quotes(name));
    const ElementKind& kind = kind_of(x.dtype());
    const std::int64_t begin = end;
    end += x.elements() * kind.bytes;
    const Config::List sizes(x.shape().begin(), x.shape().end());
    header.emplace_back(name, Config::Map{{"dtype", std::string(kind.safetensors)},
                                          {"shape", sizes},
                                          {"data_offsets", Config::List{begin, end}}});
  }

  std::string text = to_json(header, -1);
  text.append((length_size - text.size() % length_size) % length_size, ' ');  // data is aligned
  const std::uint64_t length = text.size();
  if (length > max_header) {
    fail("safetensors: the header is at most {} bytes, got {}", max_header, length);
  }

  std::string bytes;
  bytes.reserve(length_size + text.size() + static_cast<std::size_t>(end));
  bytes += bytes_of(length);
  bytes += text;
  for (const auto& [name, x] : ordered) bytes += bytes_of(x);
  return bytes;
}

void write_safetensors(const std::string& path, const NamedTensors& tensors, Metadata metadata) {
  write_file(path, safetensors_bytes(tensors, std::move(metadata)));
}

}  // namespace kindling
