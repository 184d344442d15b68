// Models in files: whole ones, and their weights alone.
#include <kindling/io/archives/keras.h>
#include <kindling/io/archives/npz.h>
#include <kindling/io/file.h>
#include <kindling/io/model_folder.h>
#include <kindling/io/weights_file.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/keras.h>
#include <kindling/train/model.h>

namespace kindling {
namespace {

bool is_keras_file(const std::string& path) {
  return path.ends_with(".keras") || path.ends_with(".h5") || path.ends_with(".hdf5");
}

void check_weights_name(const std::string& path) {
  if (!has_ending_of_file(path) || path.ends_with(".weights.h5") ||
      path.ends_with(".safetensors")) {
    return;
  }
  fail("{}: weights are saved as .weights.h5 and as .safetensors; save() writes whole models, as "
       ".keras", path);
}

}  // namespace

void Model::save(const std::string& path,
                 const std::map<std::string, std::string>& files) const {
  if (!path.ends_with(".keras")) return save_model_folder(*this, path, files);
  if (!files.empty()) {
    fail("{}: a .keras archive takes no files besides the model's, got \"{}\"; a folder does", path,
         files.begin()->first);
  }
  save_keras(*this, path);
}

Model Model::load(const std::string& path) {
  return is_keras_file(path) ? load_keras(path) : Model(load_model_folder(path));
}

void Model::check_can_save(const std::string& path, bool weights_only) const {
  const bool keras = path.ends_with(".keras");
  if (weights_only) {
    check_weights_name(path);
  } else if (keras) {
    keras_archive(*this);  // fails on layers that Keras doesn't have
  } else {
    return check_can_save_model_folder(*this, path);
  }
  check_can_write_file(path);
}

void Model::save_weights(const std::string& path) const {
  check_weights_name(path);
  if (path.ends_with(".weights.h5")) return save_keras_weights(*this, path);
  kindling::save_weights(weights(), path);
}

void Model::load_weights(const std::string& path) const {
  if (is_keras_file(path)) return load_keras_weights(*this, path);
  if (path.ends_with(".npz")) return assign_weights(weights(), read_npz(path).tensors, path);
  kindling::load_weights(weights(), path);
}

}  // namespace kindling
