#include <kindling/io/archives/hdf5_groups.h>

#include <set>

#include <kindling/io/archives/hdf5_trees.h>
#include <kindling/tensor/fail.h>

namespace kindling::hdf5 {
namespace {

constexpr std::size_t most_links = 1'000'000;

// The names of a group's links.
Cursor heap_at(Source& source, std::uint64_t address) {
  Cursor heap(source, address, "a group's names");
  heap.expect("HEAP");
  if (heap.u8() != 0) heap.damaged();
  heap.skip(3);
  const std::uint64_t size = heap.u64();
  heap.skip(8);  // what is free
  return {source, heap.u64(), size, "a group's names"};
}

void read_node(Source& source, std::uint64_t address, const Cursor& names,
               std::vector<Link>& links) {
  Cursor node(source, address, "a group's links");
  node.expect("SNOD");
  if (node.u8() != 1) node.damaged();
  node.skip(1);
  const std::uint16_t count = node.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    Link link;
    Cursor name = names;
    name.skip(node.u64());
    link.name = name.text();
    link.address = node.u64();
    constexpr std::uint32_t soft = 2;
    if (node.u32() == soft) link.kind = Link::soft;
    node.skip(4 + 16);
    if (links.size() == most_links) node.damaged();
    links.push_back(std::move(link));
  }
}

Link link_in(Cursor body) {
  if (body.u8() != 1) body.damaged();
  const std::uint8_t flags = body.u8();
  const std::uint8_t type = (flags & 8) != 0 ? body.u8() : 0;
  if ((flags & 4) != 0) body.skip(8);  // its number
  if ((flags & 16) != 0) body.skip(1);  // how its name is encoded
  Link link;
  link.name = body.take(body.number(std::size_t{1} << (flags & 3)));
  link.kind = type == 0    ? Link::hard
              : type == 1  ? Link::soft
              : type == 64 ? Link::external
                           : Link::other;
  if (link.kind == Link::hard) link.address = body.u64();
  return link;
}

}  // namespace

bool is_group(const std::vector<Message>& messages) {
  return find(messages, Kind::symbol_table) != nullptr ||
         find(messages, Kind::link_info) != nullptr;
}

std::vector<Link> links_of(const std::vector<Message>& messages, const std::string& what) {
  std::vector<Link> links;
  for (const Message& message : messages) {
    Cursor body = message.body;
    Source& source = body.source();
    if (message.kind == Kind::link) {
      links.push_back(link_in(body));
    } else if (message.kind == Kind::link_info) {
      body.skip(1);
      if ((body.u8() & 1) != 0) body.skip(8);
      if (body.u64() != nowhere) {
        fail("{} keeps its links as files for libver \"latest\" do; write it with h5py's default",
             what);
      }
    } else if (message.kind == Kind::symbol_table) {
      const std::uint64_t tree = body.u64();
      const Cursor names = heap_at(source, body.u64());
      for (const std::uint64_t node : leaves_of_group(source, tree)) {
        read_node(source, node, names, links);
      }
    }
  }
  std::set<std::string> seen;
  for (const Link& link : links) {
    if (link.name.empty() || link.name.find('/') != link.name.npos ||
        !seen.insert(link.name).second) {
      fail("{} has two links of one name, or one without", what);
    }
  }
  return links;
}

}  // namespace kindling::hdf5
