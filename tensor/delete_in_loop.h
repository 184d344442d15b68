// DeleteInLoop: the deleter of nodes that hold on to the nodes before them. For the source files.
//
// A node's destructor may drop the last handle on the node before it, and so on down a chain of any
// length; here the outermost call deletes them one after the other. That takes no memory: those
// that wait are linked through Node::next_deleted.
#pragma once

#include <utility>

namespace kindling::detail {

template <class Node>
struct DeleteInLoop {
  void operator()(Node* node) const {
    static thread_local Node* waiting = nullptr;
    static thread_local bool deleting = false;
    node->next_deleted = std::exchange(waiting, node);
    if (deleting) return;
    deleting = true;
    while (waiting != nullptr) {
      Node* next = waiting;
      waiting = next->next_deleted;
      delete next;
    }
    deleting = false;
  }
};

}  // namespace kindling::detail
