#include <kindling/io/archives/zip_directory.h>

#include <algorithm>
#include <cstddef>
#include <unordered_set>

#include <kindling/io/bytes.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::string_view member_mark = "PK\3\4", record_mark = "PK\1\2", end_mark = "PK\5\6";
constexpr std::string_view zip64_mark = "PK\6\6";
constexpr std::size_t header_size = 30, record_size = 46, end_size = 22;
constexpr unsigned encrypted = 1 << 0 | 1 << 6 | 1 << 13;  // the contents, or the directory itself
constexpr int stored = 0, deflated = 8;
constexpr unsigned described_behind = 1 << 3;  // the header leaves open what the directory says
constexpr std::size_t most_behind = 24;        // bytes of such a description
constexpr std::uint32_t in_zip64 = 0xffffffff;

// The most that deflate makes of a byte, and of the first few (zlib's technical notes: 1032 to 1).
constexpr std::int64_t deflate_factor = 1032, deflate_start = 64;

// Whether it is absolute, on a drive, or goes up.
bool leads_out(std::string_view name) {
  if (name.starts_with('/') || name.starts_with('\\')) return true;
  if (name.size() > 1 && name[1] == ':') return true;
  while (true) {
    const std::size_t end = name.find_first_of("/\\");
    if (name.substr(0, end) == "..") return true;
    if (end == name.npos) return false;
    name.remove_prefix(end + 1);
  }
}

class DirectoryReader {
 public:
  DirectoryReader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::vector<ZipMember> read() {
    const std::size_t records = find_directory();
    std::vector<ZipMember> members;
    std::unordered_set<std::string> taken;
    while (at_ < end_) {
      members.push_back(read_record());
      if (!taken.insert(members.back().name).second) refuse(members.back(), "stands twice");
    }
    if (members.size() != records) {
      fail("{}: the directory has {} members, the end record says {}", name_, members.size(),
           records);
    }
    check_layout(members);
    return members;
  }

 private:
  // Sets at_ and end_ to the directory's, and returns how many members it is to have.
  std::size_t find_directory() {
    if (!bytes_.starts_with(member_mark) && !bytes_.starts_with(end_mark)) {
      fail("{}: is no zip archive, it starts with {}", name_, in_quotes(bytes_.substr(0, 4)));
    }
    end_ = bytes_.size() - std::min(bytes_.size(), end_size);
    if (bytes_.size() < end_size || !bytes_.substr(end_).starts_with(end_mark) ||
        number<std::uint16_t>(end_ + 20) != 0) {
      fail("{}: is cut short or has bytes after its end, its last {} bytes are no end record",
           name_, end_size);
    }
    const auto disk = number<std::uint16_t>(end_ + 4), first = number<std::uint16_t>(end_ + 6);
    const auto here = number<std::uint16_t>(end_ + 8), records = number<std::uint16_t>(end_ + 10);
    const std::size_t size = number<std::uint32_t>(end_ + 12);
    at_ = directory_ = number<std::uint32_t>(end_ + 16);
    if (records == 0xffff || size == in_zip64 || at_ == in_zip64 ||
        bytes_.substr(std::min(at_ + size, end_)).starts_with(zip64_mark)) {
      fail("{}: is a zip64 archive, as those beyond 4 GiB are, which is not supported", name_);
    }
    if (disk != 0 || first != 0 || here != records) {
      fail("{}: is one of several parts of an archive", name_);
    }
    if (at_ + size != end_) {
      fail("{}: the directory is bytes [{}, {}), it must end at {}, where the end record is", name_,
           at_, at_ + size, end_);
    }
    return records;
  }

  ZipMember read_record() {
    if (end_ - at_ < record_size || !bytes_.substr(at_).starts_with(record_mark)) {
      fail("{}: the directory is damaged, no record at byte {}", name_, at_);
    }
    const std::size_t name_size = number<std::uint16_t>(at_ + 28);
    const std::size_t size = record_size + name_size + number<std::uint16_t>(at_ + 30) +
                             number<std::uint16_t>(at_ + 32);
    if (end_ - at_ < size) {
      fail("{}: the directory is damaged, the record at byte {} takes {} bytes, got {}", name_, at_,
           size, end_ - at_);
    }
    ZipMember member{std::string(bytes_.substr(at_ + record_size, name_size)),
                     number<std::uint32_t>(at_ + 24),
                     number<std::uint32_t>(at_ + 20),
                     number<std::uint32_t>(at_ + 16),
                     false,
                     number<std::uint32_t>(at_ + 42),
                     0};
    if (const std::string fault = fault_of_name(member.name); !fault.empty()) {
      refuse(member, fault);
    }
    check_packing(member, number<std::uint16_t>(at_ + 8), number<std::uint16_t>(at_ + 10));
    check_header(member);
    at_ += size;
    return member;
  }

  void check_packing(ZipMember& member, unsigned flags, int method) const {
    if (flags & encrypted) refuse(member, "is encrypted");
    if (method != stored && method != deflated) {
      refuse(member, fmt::format("compression method {} is not supported, stored ({}) or deflated "
                                 "({}) is needed", method, stored, deflated));
    }
    member.deflated = method == deflated;
    if (member.size == in_zip64 || member.packed == in_zip64 || member.begin == in_zip64) {
      refuse(member, "is beyond 4 GiB (zip64), which is not supported");
    }
    if (!member.deflated && member.packed != member.size) {
      refuse(member, fmt::format("is stored, but {} bytes hold {}", member.packed, member.size));
    }
    const std::int64_t most = deflate_start + member.packed * deflate_factor;
    if (member.deflated && member.size > most) {
      refuse(member, fmt::format("says {} bytes, {} deflated bytes hold at most {}", member.size,
                                 member.packed, most));
    }
  }

  // The member's own header must be there and be the one of this name and packing.
  void check_header(ZipMember& member) const {
    const auto begin = static_cast<std::size_t>(member.begin);
    if (begin > directory_ || directory_ - begin < header_size ||
        !bytes_.substr(begin).starts_with(member_mark)) {
      refuse(member, fmt::format("no header at byte {}", begin));
    }
    const std::size_t name_size = number<std::uint16_t>(begin + 26);
    const std::size_t data =
        begin + header_size + name_size + number<std::uint16_t>(begin + 28);
    member.end = static_cast<std::int64_t>(data) + member.packed;
    if (static_cast<std::size_t>(member.end) > directory_) {
      refuse(member, fmt::format("bytes [{}, {}) reach into the directory, which begins at {}",
                                 begin, member.end, directory_));
    }
    const std::string_view there = bytes_.substr(begin + header_size, name_size);
    if (there != member.name) {
      refuse(member, fmt::format("its header names {}", in_quotes(there)));
    }
    if (number<std::uint16_t>(begin + 8) != (member.deflated ? deflated : stored) ||
        (number<std::uint16_t>(begin + 6) & encrypted) != 0) {
      refuse(member, "its header says another compression or encryption than the directory");
    }
    const auto size_differs = [&](std::size_t at, std::int64_t size) {
      const auto in_header = number<std::uint32_t>(begin + at);  // numpy writes in_zip64 always
      return in_header != size && in_header != in_zip64;
    };
    if ((number<std::uint16_t>(begin + 6) & described_behind) == 0 &&
        (number<std::uint32_t>(begin + 14) != member.crc || size_differs(18, member.packed) ||
         size_differs(22, member.size))) {
      refuse(member, "its header says another size or checksum than the directory");
    }
  }

  void check_layout(const std::vector<ZipMember>& members) const {
    std::vector<const ZipMember*> ordered;
    for (const ZipMember& member : members) ordered.push_back(&member);
    std::ranges::sort(ordered, {}, &ZipMember::begin);
    // Everything belongs to a member: what no record lists, another reader might find.
    const auto check_gap = [&](std::size_t begin, std::size_t end) {
      if (end - begin <= most_behind) return;
      fail("{}: bytes [{}, {}) belong to no member in its directory", name_, begin, end);
    };
    std::size_t end = 0;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      const ZipMember& member = *ordered[i];
      if (static_cast<std::size_t>(member.begin) < end) {
        refuse(member, fmt::format("bytes [{}, {}) lie over member {}, which ends at {}",
                                   member.begin, member.end, in_quotes(ordered[i - 1]->name), end));
      }
      check_gap(end, static_cast<std::size_t>(member.begin));
      end = static_cast<std::size_t>(member.end);
    }
    check_gap(end, directory_);
  }

  template <class Number>
  Number number(std::size_t at) const {
    return number_at<Number>(bytes_, at);
  }

  [[noreturn]] void refuse(const ZipMember& member, const std::string& why) const {
    fail("{}: member {}: {}", name_, in_quotes(member.name), why);
  }

  std::string_view bytes_;
  const std::string& name_;
  std::size_t directory_ = 0, at_ = 0, end_ = 0;  // where the directory begins, goes on, and ends
};

}  // namespace

std::string fault_of_name(std::string_view name) {
  if (name.empty()) return "a name must not be empty";
  if (name.find('\0') != name.npos) return "a name must have no zero byte";
  if (leads_out(name)) return "a name must not lead out of the archive";
  return {};
}

std::vector<ZipMember> read_zip_directory(std::string_view bytes, const std::string& name) {
  return DirectoryReader(bytes, name).read();
}

}  // namespace kindling
