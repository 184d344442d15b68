// Every differentiable operation.
#pragma once

#include <kindling/autograd/activations.h>
#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/matmul.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>
