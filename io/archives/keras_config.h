// Keras's config of a model, and ours: the layout of layers/functional_config.h.
//
//   Config model = graph_from_keras(parse_json(text, "config.json"), "m.keras: config.json");
//   Functional graph = functional_from_config(model["config"], ..);
//
// Read are the configs of Keras 3 and those that Keras 2 wrote into .h5 files. Written are those of
// `written_version`.
#pragma once

#include <string>
#include <utility>

#include <kindling/layers/functional.h>

namespace kindling::keras {

inline constexpr const char* written_version = "3.16.0";

// {"class_name": Functional or Sequential, "config": ours}. Fails on anything that isn't there to
// be read: all classes that are missing at once. `file` names the source, `version` is Keras's that
// wrote it.
Config graph_from_keras(const Config& model, const std::string& file,
                        const std::string& version = written_version);

}  // namespace kindling::keras
