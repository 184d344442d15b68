// Reads a Keras file and writes it again: keras_again IN OUT, OUT a .keras or .weights.h5 file.
#include <cstdio>
#include <string>

#include <kindling/tensor/error.h>
#include <kindling/train/keras.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "keras_again IN OUT\n");
    return 2;
  }
  try {
    const kindling::Model model = kindling::load_keras(argv[1]);
    const std::string out = argv[2];
    if (out.ends_with(".keras")) model.save(out);
    else model.save_weights(out);
  } catch (const kindling::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
