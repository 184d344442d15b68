#include <kindling/io/archives/zip.h>

#include <algorithm>

#include <kindling/io/archives/inflate.h>
#include <kindling/io/bytes.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/utf8.h>

namespace kindling {
namespace {

// What fits an archive without zip64, the form for large ones, which is not read either.
constexpr std::size_t max_size = 0xfffffffe, max_members = 0xfffe, max_name = 0xffff;
constexpr std::size_t overhead = 76;  // of a member: its header and its record

void check_limits(std::string_view bytes, const std::vector<ZipMember>& members,
                  const ZipLimits& limits, const std::string& name) {
  std::int64_t size = 0;  // of at most 65,534 times 4 GiB
  for (const ZipMember& member : members) size += member.size;
  if (size > limits.size) {
    fail("{}: its members take {} bytes, at most {} are read", name, size, limits.size);
  }
  const auto archive = static_cast<std::int64_t>(bytes.size());
  if (size > limits.any_ratio && size > limits.ratio * archive) {
    fail("{}: its members take {} bytes, {} times what the archive does; beyond {} bytes, at most "
         "{} times are read", name, size, size / archive, limits.any_ratio, limits.ratio);
  }
}

}  // namespace

ZipReader::ZipReader(std::string_view bytes, std::string name, const ZipLimits& limits)
    : name_(std::move(name)) {
  open(bytes, limits);
}

ZipReader::ZipReader(std::string&& bytes, std::string name, const ZipLimits& limits)
    : owned_(std::move(bytes)), name_(std::move(name)) {
  open(owned_, limits);
}

void ZipReader::open(std::string_view bytes, const ZipLimits& limits) {
  bytes_ = bytes;
  members_ = read_zip_directory(bytes, name_);
  check_limits(bytes, members_, limits, name_);
  for (std::size_t i = 0; i < members_.size(); ++i) places_.emplace(members_[i].name, i);
}

bool ZipReader::contains(const std::string& member) const {
  return places_.contains(member);
}

void ZipReader::no_member(const std::string& name) const {
  constexpr std::size_t shown = 20;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(members_.size(), shown); ++i) {
    names.push_back(in_quotes(members_[i].name));
  }
  if (names.empty()) names.push_back("none");
  if (members_.size() > shown) names.push_back("..");
  fail("{}: has no member {}, it has {}", name_, in_quotes(name), fmt::join(names, ", "));
}

std::string ZipReader::read(const std::string& name) const {
  const auto place = places_.find(name);
  if (place == places_.end()) no_member(name);
  const ZipMember& member = members_[place->second];
  const auto damaged = [&](const std::string& why) {
    fail("{}: member {}: is damaged, {}", name_, in_quotes(name), why);
  };
  const auto size = static_cast<std::size_t>(member.size);
  const auto packed_size = static_cast<std::size_t>(member.packed);
  const std::string_view packed =
      bytes_.substr(static_cast<std::size_t>(member.end) - packed_size, packed_size);
  std::string content;
  if (member.deflated) {
    content.resize(size);
    const std::optional<std::size_t> unpacked = inflate_into(content, packed, Deflated::alone);
    if (!unpacked) damaged("its bytes can't be unpacked");
    if (*unpacked != size) {
      damaged(fmt::format("it says {} bytes, got {}", size,
                          *unpacked > size ? "more" : std::to_string(*unpacked)));
    }
  } else {
    content = packed;
  }
  if (const std::uint32_t crc = crc32_of(content); crc != member.crc) {
    damaged(fmt::format("it says checksum {:#010x}, got {:#010x}", member.crc, crc));
  }
  return content;
}

void ZipWriter::add(const std::string& member, std::string content) {
  const auto refuse = [&](const std::string& why) {
    fail("{}: member {}: {}", name_, in_quotes(member), why);
  };
  if (const std::string fault = fault_of_name(member); !fault.empty()) refuse(fault);
  if (find_invalid_utf8(member) != member.npos) refuse("a name must be UTF-8");
  if (member.size() > max_name) {
    refuse(fmt::format("a name has at most {} bytes, got {}", max_name, member.size()));
  }
  if (!names_.insert(member).second) refuse("stands twice");
  size_ += content.size() + 2 * member.size() + overhead;
  if (size_ > max_size) refuse("is beyond 4 GiB, which a zip archive is not written with");
  if (members_.size() == max_members) {
    refuse(fmt::format("an archive has at most {} members", max_members));
  }
  members_.emplace_back(member, std::move(content));
}

std::string ZipWriter::bytes() const {
  using U16 = std::uint16_t;
  using U32 = std::uint32_t;
  constexpr U16 version = 10, made_on_unix = 3 << 8 | 63, named_in_utf8 = 1 << 11;
  constexpr U16 first_day = 1 << 5 | 1;           // 1980-01-01 as DOS counts
  constexpr U32 owner_only = U32{0600} << 16;     // the mode of a unix file
  const std::string none = bytes_of(U16{0});      // stored; midnight; no extra field; no comment
  std::string bytes, directory;
  bytes.reserve(size_);
  for (const auto& [member, content] : members_) {
    const bool ascii = std::ranges::all_of(member, [](char c) { return (c & 0x80) == 0; });
    const std::string size = bytes_of(static_cast<U32>(content.size()));
    const std::string common =
        bytes_of(version) + bytes_of(ascii ? U16{0} : named_in_utf8) + none + none +
        bytes_of(first_day) + bytes_of(crc32_of(content)) + size + size +
        bytes_of(static_cast<U16>(member.size())) + none;
    directory += "PK\1\2" + bytes_of(made_on_unix) + common + none + none + none +
                 bytes_of(owner_only) + bytes_of(static_cast<U32>(bytes.size())) + member;
    bytes += "PK\3\4" + common + member;
    bytes += content;
  }
  const std::string count = bytes_of(static_cast<U16>(members_.size()));
  const std::string begin = bytes_of(static_cast<U32>(bytes.size()));
  bytes += directory;
  bytes += "PK\5\6" + none + none + count + count +
         bytes_of(static_cast<U32>(directory.size())) + begin + none;
  return bytes;
}

}  // namespace kindling
