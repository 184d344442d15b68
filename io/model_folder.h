// A model as a folder: model.json (the architecture, layers/functional_config.h),
// weights.safetensors, and files that belong to it, such as vocabulary.txt.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <kindling/io/file.h>
#include <kindling/layers/functional.h>

#pragma GCC visibility push(default)
namespace kindling {

// Whether a name ends as one of a file, "m.pt" say, which is no name for a folder.
bool has_ending_of_file(const std::string& path);

// Writes the folder as a whole: on any error, a full disk say, what was there before stays.
// A layer of one's own is kept with the shapes it was built for, and must be registered where it is
// loaded.
void save_model_folder(const Layer& model, const std::string& folder,
                       const std::map<std::string, std::string>& files = {});

// Fails if the folder could not be saved with these files (io/file.h).
void check_can_save_model_folder(const std::string& folder, std::vector<std::string> files);
void check_can_save_model_folder(const Layer& model, const std::string& folder);

// Deletes a folder that holds a saved model and nothing else; otherwise leaves it whole: false.
bool remove_model_folder(const std::string& folder);

// Strict; an error names the file and lists every weight that is missing, extra or of another
// shape than model.json makes it. Weights that were saved with another model.json are refused:
//   M/weights.safetensors: was saved with another model.json, got [812 bytes, CRC-32C 1a2b3c4d],
//     not [812 bytes, CRC-32C 4d3c2b1a]
// The second form is for a program with files of its own there (read_folder() in io/file.h).
Layer load_model_folder(const std::string& folder);
Layer load_model_folder(const FolderReader& folder);

}  // namespace kindling
#pragma GCC visibility pop
