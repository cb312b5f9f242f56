// Subjects in processes of their own: one that crashes or hangs ends itself only, and none sees what another left.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "zoo/fault.hpp"

namespace bitproof::zoo {

using Job = std::function<Kill()>;

// Forks for each job, at most `width` at a time, and returns what each said, in their order. A job that ended by a
// signal was killed by "crash", one past the limit by "hang", one that threw by "exception": each would have stopped a
// real run too, and visibly. Throws Interrupted; std::system_error when the system refuses a process.
//
// The caller must not have started threads (an OpenMP region counts): a child has only the one that forked.
std::vector<Kill> run_isolated(std::span<const Job> jobs, int width, std::chrono::milliseconds limit,
                               const std::function<void(std::size_t done)>& progress = {});

}  // namespace bitproof::zoo
