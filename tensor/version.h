// The version of kindling that these headers are of, as semver.org has it; before 1.0, another
// minor version may be another interface. CMakeLists.txt has the same.
#pragma once

#pragma GCC visibility push(default)
namespace kindling {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr const char* version_string = "0.1.0";

}  // namespace kindling
#pragma GCC visibility pop
