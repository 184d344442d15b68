// Masks that only we know of, written as Keras's call arguments.
#pragma once

#include <kindling/io/archives/keras_graph.h>

namespace kindling::keras {

// Keras has nothing like WithMask, which gives a tensor a mask for whatever comes after. Here it is
// taken out, and each call that looks at masks is given them instead. So are recurrent layers that
// are given states, which don't look at the masks that tensors carry in Keras, and whatever comes
// after a recurrent layer or TimeDistributed, which pass no masks on after 3.15, or after a tensor
// that MultiHeadAttention took the mask from. Fails where masks would be looked at in a place that
// no argument reaches. A chain that is to stay a Sequential has no arguments: `sequential`.
void make_masks_explicit(Graph& graph, bool sequential);

}  // namespace kindling::keras
