#include <kindling/io/archives/hdf5_trees.h>

#include <functional>
#include <optional>
#include <set>

namespace kindling::hdf5 {
namespace {

// Goes over a tree without recursion, each node once, levels going down to 0. `key` reads one;
// `leaf` gets what the nodes of level 0 point to, with the key before it.
template <class Key>
void walk(Source& source, std::uint64_t tree, std::uint8_t type,
          const std::function<Key(Cursor&)>& key,
          const std::function<void(const Key&, std::uint64_t)>& leaf) {
  struct Waiting {
    std::uint64_t address;
    std::optional<std::uint8_t> level;  // that it must be of
  };
  std::vector<Waiting> waiting = {{tree, std::nullopt}};
  std::set<std::uint64_t> seen;
  while (!waiting.empty()) {
    const Waiting next = waiting.back();
    waiting.pop_back();
    Cursor node(source, next.address, "a tree");
    node.expect("TREE");
    const std::uint8_t found = node.u8(), level = node.u8();
    if (found != type || (next.level && *next.level != level) ||
        !seen.insert(next.address).second) {
      node.damaged();
    }
    const std::uint16_t count = node.u16();
    node.skip(8 + 8);  // its neighbours
    for (std::uint16_t i = 0; i < count; ++i) {
      const Key before = key(node);
      const std::uint64_t child = node.u64();
      if (level == 0) {
        leaf(before, child);
      } else {
        waiting.push_back({child, static_cast<std::uint8_t>(level - 1)});
      }
    }
  }
}

}  // namespace

std::vector<std::uint64_t> leaves_of_group(Source& source, std::uint64_t tree) {
  std::vector<std::uint64_t> leaves;
  walk<std::uint64_t>(source, tree, 0, [](Cursor& node) { return node.u64(); },
                      [&](std::uint64_t, std::uint64_t child) { leaves.push_back(child); });
  return leaves;
}

std::vector<Chunk> chunks_of(Source& source, std::uint64_t tree, std::size_t rank,
                             std::size_t most) {
  std::vector<Chunk> chunks;
  if (tree == nowhere) return chunks;
  const auto key = [rank](Cursor& node) {
    Chunk chunk;
    chunk.size = node.u32();
    chunk.left_out = node.u32();
    for (std::size_t axis = 0; axis < rank; ++axis) chunk.at.push_back(node.u64());
    node.skip(8);  // of the elements' bytes, 0
    return chunk;
  };
  walk<Chunk>(source, tree, 1, key, [&](const Chunk& chunk, std::uint64_t address) {
    if (chunks.size() == most) source.damaged("a dataset in too many parts", address);
    chunks.push_back(chunk);
    chunks.back().address = address;
  });
  return chunks;
}

}  // namespace kindling::hdf5
