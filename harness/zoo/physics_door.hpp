// The door that times and credits go through: the gates of physics, on a machine of round numbers.
#pragma once

#include <fmt/format.h>

#include "amdahl.hpp"
#include "physics.hpp"
#include "zoo/fault.hpp"
#include "zoo/made_up_machine.hpp"

namespace bitproof::zoo {

// A time that was taken for this work. A run fails on IMPOSSIBLE and on nothing less, so nothing less kills here.
inline Subject timed_work(const Work& work, double ns) {
  return [=](std::uint64_t) {
    const Judgement j = judge(work, ns, 1, kOneState, made_up_machine());
    return j.verdict == Physics::impossible ? Kill{"ceiling", j.why} : Kill{};
  };
}

// Of a clean twin more is asked: a verdict short of `possible` would pass timed_work without having been judged.
inline Subject possible_work(const Work& work, double ns) {
  return [=](std::uint64_t) {
    const Judgement j = judge(work, ns, 1, kOneState, made_up_machine());
    return j.verdict == Physics::possible ? Kill{} : Kill{"ceiling", fmt::format("{}: {}", name(j.verdict), j.why)};
  };
}

// One call of a product of 4096 x 4096 weights in two bits, rotated through more than any cache.
inline Work gemv() {
  Work work{.read_bytes = 4096.0 * 4096 / 4, .cycle_bytes = 1e9};
  work[OpKind::multiply_add] = 2.0 * 4096 * 4096;
  return work;
}

}  // namespace bitproof::zoo
