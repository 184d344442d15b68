// The threads of parallel_for, for code that holds a lock while it loops.
#pragma once

#include <kindling/tensor/function_ref.h>

namespace kindling {

// Runs body() on a thread that belongs to the pool, perhaps this one, and returns when it is done.
//
// A lock that a loop's blocks may want, too, is taken in there: a loop that a thread from outside
// begins waits until the pool has room for it, and all of the pool may be waiting for that lock.
// What is set for this thread alone, such as NoGrad, need not hold in there.
void on_pool(FunctionRef<void()> body);

}  // namespace kindling
