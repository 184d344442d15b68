// Doesn't compile: a required option is left out. The test looks for its name in the error.
#include <kindling/layers/dense.h>

int main() { return kindling::Dense({.activation = kindling::relu}).built() ? 1 : 0; }
