// What stands in for io/archives/ in a build without zlib and HDF5: errors that say so.
#include <kindling/io/archives/h5.h>
#include <kindling/io/archives/keras.h>
#include <kindling/io/archives/npz.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

[[noreturn]] void left_out(const char* what) {
  fail("{}: this build reads and writes no archives; configure it with -DKINDLING_ARCHIVES=ON, "
       "which needs zlib and HDF5 (Debian: zlib1g-dev, libhdf5-dev)", what);
}

}  // namespace

KerasModel read_keras(const std::string&) { left_out("keras"); }
KerasModel parse_keras(std::string_view, const std::string&) { left_out("keras"); }
std::string keras_bytes(const Layer&, const KerasTraining&, const std::string&) {
  left_out("keras");
}
void load_keras_weights(const Layer&, const std::string&) { left_out("keras"); }
void save_keras_weights(const Layer&, const std::string&, const KerasTraining&) {
  left_out("keras");
}
Config objects_from_keras(const Config&, const std::string&) { left_out("keras"); }
Weights in_keras_order(const Layer&) { left_out("keras"); }
TensorFile read_h5(const std::string&) { left_out("h5"); }
std::string h5_bytes(const NamedTensors&, const Metadata&) { left_out("h5"); }
void write_h5(const std::string&, const NamedTensors&, const Metadata&) { left_out("h5"); }
TensorFile read_npz(const std::string&) { left_out("npz"); }
TensorFile parse_npz(std::string_view, const std::string&) { left_out("npz"); }
std::string npz_bytes(const NamedTensors&) { left_out("npz"); }
void write_npz(const std::string&, const NamedTensors&) { left_out("npz"); }

}  // namespace kindling
