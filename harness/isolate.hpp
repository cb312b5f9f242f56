// Jobs in processes of their own: one that crashes or hangs ends itself only, and none sees what another left.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bitproof {

using Job = std::function<std::string()>;

// How a job came to its end.
struct Ending {
  enum class How : std::uint8_t { said, exception, crash, hang };
  How how = How::crash;
  std::string text{};  // what it returned; what it threw; the signal; for how long it ran
};

// Forks for each job, at most `width` at a time, and tells how each ended, as it does. Throws Interrupted, when the
// jobs that still run are ended, untold; std::system_error when the system refuses a process.
//
// The caller must not have started threads (an OpenMP region counts): a child has only the one that forked.
void run_isolated(std::span<const Job> jobs, int width, std::chrono::milliseconds limit,
                  const std::function<void(std::size_t job, const Ending& ending)>& ended);

}  // namespace bitproof
