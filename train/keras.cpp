#include <kindling/train/keras.h>

#include <kindling/io/archives/keras.h>
#include <kindling/io/file.h>

namespace kindling {

Model load_keras(const std::string& path, const LoadKerasOptions&) {
  return Model(read_keras(path).model);
}

void save_keras(const Model& model, const std::string& path, const SaveKerasOptions& options) {
  write_file(path, keras_bytes(model, {}, options.date_saved));
}

}  // namespace kindling
