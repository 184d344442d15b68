// The links of a group.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/archives/hdf5_headers.h>

namespace kindling::hdf5 {

struct Link {
  std::string name;
  enum Kind { hard, soft, external, other } kind = hard;
  std::uint64_t address = nowhere;  // of a hard link's object
};

// Whether a header is a group's.
bool is_group(const std::vector<Message>& messages);

// `what` names the group in messages.
std::vector<Link> links_of(const std::vector<Message>& messages, const std::string& what);

}  // namespace kindling::hdf5
