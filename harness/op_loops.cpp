#include "op_loops.hpp"

#include "registry.hpp"

namespace bitproof {
namespace {

// Chains: the longest latency here is that of vpdpbusd, 5 cycles, times two a cycle. Scalars have fewer registers, and
// their chain is an addition of one cycle.
constexpr int kChains = 12;
constexpr int kScalarChains = 6;

// Assembly, because a compiler would take a product of constants out of the loop. Operands: %0 the chain's sum, %1 a
// temporary, %2 and %3 the factors.
#define BITPROOF_OP_LOOP(name, isa, chains, Reg, where, text)                               \
  __attribute__((target(isa))) void name(std::int64_t steps) {                              \
    Reg a{}, b{}, t{}, sums[chains]{};                                                      \
    for (; steps > 0; --steps) {                                                            \
      _Pragma("GCC unroll 12") for (int c = 0; c < chains; ++c) {                           \
        asm volatile(text : "+" where(sums[c]), "=&" where(t) : where(a), where(b) : "cc"); \
      }                                                                                     \
    }                                                                                       \
  }

using Scalar = std::uint64_t;
using Xmm = float __attribute__((vector_size(16)));
using Ymm = long long __attribute__((vector_size(32)));
using Zmm = long long __attribute__((vector_size(64)));

BITPROOF_OP_LOOP(int_scalar, "sse2", kScalarChains, Scalar, "r", "movl %k2, %k1\n\timull %k3, %k1\n\taddl %k1, %k0")
BITPROOF_OP_LOOP(int_avx2, "avx2", kChains, Ymm, "x", "vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0")
BITPROOF_OP_LOOP(int_avxvnni, "avxvnni", kChains, Ymm, "x", "%{vex%} vpdpbusd %3, %2, %0")
BITPROOF_OP_LOOP(int_avx512, "avx512bw", kChains, Zmm, "v", "vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0")
BITPROOF_OP_LOOP(int_avx512vnni, "avx512vnni", kChains, Zmm, "v", "vpdpbusd %3, %2, %0")

BITPROOF_OP_LOOP(look_up_avx2, "avx2", kChains, Ymm, "x", "vpshufb %3, %2, %1\n\tvpaddb %1, %0, %0")
BITPROOF_OP_LOOP(look_up_avx512, "avx512bw", kChains, Zmm, "v", "vpshufb %3, %2, %1\n\tvpaddb %1, %0, %0")
BITPROOF_OP_LOOP(look_up_avx512vbmi, "avx512vbmi", kChains, Zmm, "v", "vpermb %3, %2, %1\n\tvpaddb %1, %0, %0")

BITPROOF_OP_LOOP(float_scalar, "sse2", kChains, Xmm, "x", "movaps %2, %1\n\tmulss %3, %1\n\taddss %1, %0")
BITPROOF_OP_LOOP(float_avx2, "avx2,fma", kChains, Ymm, "x", "vfmadd231ps %3, %2, %0")
BITPROOF_OP_LOOP(float_avx512, "avx512f", kChains, Zmm, "v", "vfmadd231ps %3, %2, %0")
#undef BITPROOF_OP_LOOP

template <class... F>
constexpr Features features(F... f) {
  return (Features{0} | ... | static_cast<Features>(f));
}

constexpr Features kAvx2 = features(Feature::avx2, Feature::fma);
constexpr Features kAvx512 = kAvx2 | features(Feature::avx512f, Feature::avx512bw);

// A row with `lanes` results an instruction; each multiply-add into a lane of vpmaddubsw has two products, of vpdpbusd
// four.
constexpr double lane_ops(int chains, int lanes, int ops_a_lane) { return 1.0 * chains * lanes * ops_a_lane; }

constexpr OpLoop kLoops[] = {
    {OpKind::multiply_add, "scalar", "imul + add", 0, lane_ops(kScalarChains, 1, 2), int_scalar},
    {OpKind::multiply_add, "avx2", "vpmaddubsw + vpaddw ymm", kAvx2, lane_ops(kChains, 16, 4), int_avx2},
    {OpKind::multiply_add, "avxvnni", "vpdpbusd ymm", kAvx2 | features(Feature::avxvnni), lane_ops(kChains, 8, 8),
     int_avxvnni},
    {OpKind::multiply_add, "avx512", "vpmaddubsw + vpaddw zmm", kAvx512, lane_ops(kChains, 32, 4), int_avx512},
    {OpKind::multiply_add, "avx512vnni", "vpdpbusd zmm", kAvx512 | features(Feature::avx512vnni),
     lane_ops(kChains, 16, 8), int_avx512vnni},
    {OpKind::look_up, "avx2", "vpshufb + vpaddb ymm", kAvx2, lane_ops(kChains, 32, 1), look_up_avx2},
    {OpKind::look_up, "avx512", "vpshufb + vpaddb zmm", kAvx512, lane_ops(kChains, 64, 1), look_up_avx512},
    {OpKind::look_up, "avx512vbmi", "vpermb + vpaddb zmm", kAvx512 | features(Feature::avx512vbmi),
     lane_ops(kChains, 64, 1), look_up_avx512vbmi},
    {OpKind::float_multiply_add, "scalar", "mulss + addss", 0, lane_ops(kChains, 1, 2), float_scalar},
    {OpKind::float_multiply_add, "avx2", "vfmadd231ps ymm", kAvx2, lane_ops(kChains, 8, 2), float_avx2},
    {OpKind::float_multiply_add, "avx512", "vfmadd231ps zmm", kAvx512, lane_ops(kChains, 16, 2), float_avx512},
};

}  // namespace

const char* name(OpKind kind) {
  constexpr const char* kNames[kOpKindCount] = {"int8 multiply-add", "byte look-up", "float multiply-add"};
  return kNames[static_cast<int>(kind)];
}

bool OpLoop::runnable() const { return (needs & ~machine_features()) == 0; }

std::span<const OpLoop> op_loops() { return kLoops; }

}  // namespace bitproof
