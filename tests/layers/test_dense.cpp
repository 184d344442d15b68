#include <kindling/layers/dense.h>
#include "tests/catch.h"
