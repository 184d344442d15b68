// A model as a folder: model.json (the architecture, io/functional_config.h), weights.safetensors,
// and files that belong to it, such as vocabulary.txt.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <kindling/layers/functional.h>

#pragma GCC visibility push(default)
namespace kindling {

// Writes the folder as a whole: on any error, a full disk say, what was there before stays.
// A layer of one's own is kept with the shapes it was built for, and must be registered where it is
// loaded.
void save_model_folder(const Layer& model, const std::string& folder,
                       const std::map<std::string, std::string>& files = {});

// Fails if the folder could not be saved with these files (io/file.h).
void check_can_save_model_folder(const std::string& folder, std::vector<std::string> files);

// Strict; an error names the file and lists every weight that is missing, extra or of another
// shape than model.json makes it.
Layer load_model_folder(const std::string& folder);

}  // namespace kindling
#pragma GCC visibility pop
