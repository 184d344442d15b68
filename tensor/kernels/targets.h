// The instruction sets that Highway compiles each kernel for; included before any of its headers.
//
// SSE4 is every x86 machine of the last fifteen years, AVX2 and AVX-512 what fast ones have, and
// Highway adds a plain fallback (on ARM: NEON). Those in between, and the later kinds of AVX-512,
// which have lower bits, cost build time and win nothing; the vectors of SVE have no size the
// compiler knows, so they can't be kept in a struct.
#pragma once

#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | (HWY_AVX3 - 1) | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
