// npz: named tensors in one file, as numpy.savez and numpy.load write and read them.
//
//   write_npz("outputs.npz", {{"scores", scores}, {"mask", mask}});
//   Tensor scores = read_npz("outputs.npz").at("scores");
//
// The file is a zip archive of npy files (io/npy.h), "scores.npy" for "scores", stored or, as
// numpy.savez_compressed writes it, deflated; what is written is stored. The bound on what a
// compressed file may expand to is 64 MiB, or 200 times the file up to 4 GiB.
//
// Errors, beside those of the archive and of npy:
//   a.npz: is no zip archive, it starts with "{}"
//   a.npz: member "notes.txt" is no .npy file
//   a.npz: member "scores.npy": <f4 (2, 3) takes 24 bytes, got 20
//   a.npz: its members take 9000000000 bytes, at most 4294967296 are read
//   npz: this build reads and writes no archives; configure it with -DKINDLING_ARCHIVES=ON, which
//     needs zlib and HDF5 (Debian: zlib1g-dev, libhdf5-dev)
//
// Source: numpy.savez, its documentation.
#pragma once

#include <string>
#include <string_view>

#include <kindling/io/safetensors.h>

#pragma GCC visibility push(default)
namespace kindling {

TensorFile read_npz(const std::string& path);  // without metadata, which npz has none of

// The same from a file's bytes; `name` is what messages start with.
TensorFile parse_npz(std::string_view bytes, const std::string& name);

// A file's bytes: the same for the same tensors, in their order. Fails on two tensors of one name,
// on undefined ones, and on names that lead out of a folder ("../x", "/x").
std::string npz_bytes(const NamedTensors& tensors);

// The same into a file, which is replaced in one step (io/file.h).
void write_npz(const std::string& path, const NamedTensors& tensors);

}  // namespace kindling
#pragma GCC visibility pop
