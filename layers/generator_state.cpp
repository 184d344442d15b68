#include <kindling/layers/generator_state.h>

#include <bit>

#include <kindling/tensor/fail.h>

namespace kindling {

Config to_config(const Generator& generator) {
  return Config::List{std::bit_cast<std::int64_t>(generator.seed()),
                      std::bit_cast<std::int64_t>(generator.position())};
}

void from_config(const Config& config, Generator& generator, const std::string& what) {
  std::vector<std::int64_t> both;
  from_config(config, both, what);
  if (both.size() != 2) fail("{}: a generator is [seed, position], got {}", what, config.str());
  generator = Generator(std::bit_cast<std::uint64_t>(both[0]),
                        std::bit_cast<std::uint64_t>(both[1]));
}

}  // namespace kindling
