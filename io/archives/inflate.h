// What zlib does for archives. For source files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kindling {

// Deflated bytes in zlib's frame, as in HDF5, or alone, as in zip archives.
enum class Deflated { in_zlib_frame, alone };

// Unpacks into `content`, whose size is the most that is written, and returns how many bytes came:
// more than its size if there are more, nothing if `packed` is damaged or cut short.
std::optional<std::size_t> inflate_into(std::string& content, std::string_view packed,
                                        Deflated form);

std::uint32_t crc32_of(std::string_view bytes);

}  // namespace kindling
