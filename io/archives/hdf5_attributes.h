// Attributes of an HDF5 file's groups.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/archives/hdf5_headers.h>
#include <kindling/layers/config.h>

namespace kindling::hdf5 {

// A text, a list of texts or a whole number; null if there is none of that name. `what` names it in
// messages.
Config attribute_in(const std::vector<Message>& messages, const std::string& name,
                    const std::string& what);

// The texts of a list, or of its parts NAME0, NAME1 ..; none if it isn't there.
std::vector<std::string> texts_in(const std::vector<Message>& messages, const std::string& name,
                                  const std::string& what);

}  // namespace kindling::hdf5
