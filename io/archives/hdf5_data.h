// Datasets of an HDF5 file: checked, then read.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/hdf5_headers.h>

namespace kindling::hdf5 {

// What read_elements() will make of it. Fails unless the elements are all there, kept in this file,
// and no more than its bytes account for. `what` names the dataset in messages.
Dataset checked_dataset(const std::vector<Message>& messages, const std::string& what);

Tensor read_elements(const std::vector<Message>& messages, const std::string& what);

}  // namespace kindling::hdf5
