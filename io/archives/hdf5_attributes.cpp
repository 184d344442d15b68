#include <algorithm>
#include <limits>

#include <kindling/io/archives/hdf5_elements.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::size_t most_bytes = 1 << 26;  // of an attribute's texts

// A text up to its end, which is a zero byte or the field's.
std::string text_in(const char* begin, std::size_t size) {
  return {begin, std::find(begin, begin + size, '\0')};
}

// Texts of one length each.
Config::List fixed_texts(hid_t attribute, hid_t type, std::size_t count, const std::string& what) {
  const std::size_t size = H5Tget_size(type);
  if (size == 0 || count > most_bytes / size) {
    fail("{} has more than {} bytes", what, most_bytes);
  }
  std::vector<char> bytes(count * size);
  if (H5Aread(attribute, type, bytes.data()) < 0) fail("{} cannot be read", what);
  Config::List texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.emplace_back(text_in(bytes.data() + i * size, size));
  }
  return texts;
}

// Texts that lie elsewhere in the file, where many may be one and the same: few are read.
Config::List loose_texts(hid_t attribute, hid_t type, hid_t space, std::size_t count,
                         const std::string& what) {
  constexpr std::size_t most = 1024;
  if (count > most) fail("{} has more than {} texts of no fixed length", what, most);
  std::vector<char*> texts(count, nullptr);
  if (H5Aread(attribute, type, static_cast<void*>(texts.data())) < 0) {
    fail("{} cannot be read", what);
  }
  Config::List copies;
  for (const char* text : texts) copies.emplace_back(std::string(text != nullptr ? text : ""));
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, static_cast<void*>(texts.data()));
  return copies;
}

}  // namespace

Config read_attribute(hid_t file, const std::string& group, const std::string& name,
                      const std::string& file_name) {
  const std::string what = fmt::format("{}: attribute {} of {}", file_name, in_quotes(name),
                                       group.empty() ? "the file" : in_quotes(group));
  const char* object = group.empty() ? "/" : group.c_str();
  const htri_t exists = H5Aexists_by_name(file, object, name.c_str(), H5P_DEFAULT);
  if (exists < 0) fail("{} is damaged", what);
  if (exists == 0) return {};
  const Id attribute(H5Aopen_by_name(file, object, name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                     H5Aclose);
  const Id type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  if (!attribute.ok() || !type.ok() || !space.ok()) fail("{} is damaged", what);
  const bool single = H5Sget_simple_extent_type(space) == H5S_SCALAR;
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  if (points < 0) fail("{} is damaged", what);
  const auto count = static_cast<std::size_t>(points);
  if (count == 0) return Config::List();  // h5py's empty list, whatever its type
  if (H5Tget_class(type) == H5T_INTEGER && single) {
    std::int64_t value = 0;
    if (H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) fail("{} cannot be read", what);
    return value;
  }
  if (H5Tget_class(type) != H5T_STRING) fail("{} is neither text nor a whole number", what);
  const Config::List texts = H5Tis_variable_str(type) > 0
                                 ? loose_texts(attribute, type, space, count, what)
                                 : fixed_texts(attribute, type, count, what);
  return single ? texts[0] : Config(texts);
}

}  // namespace kindling::hdf5
