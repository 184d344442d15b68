// Datasets of an HDF5 file: checked, then read.
#pragma once

#include <string>
#include <string_view>

#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/hdf5_library.h>

namespace kindling::hdf5 {

// Looks at everything about a dataset but its elements; fails unless they are all there, kept in
// this file and no more than its bytes account for. `what` names it in messages.
Dataset checked_dataset(hid_t dataset, std::string_view bytes, const std::string& what);

// The elements of a checked one.
Tensor read_elements(hid_t dataset, std::string_view bytes, const std::string& what);


// A text, a list of texts or a whole number; null if the group has no attribute of that name.
Config read_attribute(hid_t file, const std::string& group, const std::string& name,
                      const std::string& file_name);

}  // namespace kindling::hdf5
