#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace bitproof {

using Clock = std::chrono::steady_clock;

ProgressLine::ProgressLine(std::string what)
    : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), drawn_(start_) {
  if (terminal_) {
    draw(0, "");
  } else {
    note(what_ + " ...");
  }
}

ProgressLine::~ProgressLine() {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (terminal_) fmt::print(stderr, "\r\033[K{}: {}\n", what_, duration(seconds));
}

void ProgressLine::update(double fraction, const std::string& detail) {
  const auto now = Clock::now();
  if (now - drawn_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5))) return;
  drawn_ = now;
  draw(fraction, detail);
}

void ProgressLine::draw(double fraction, const std::string& detail) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  std::string line = fmt::format("{}: {:.0f} %", what_, 100 * fraction);
  if (fraction > 0.01 && fraction < 1) line += fmt::format(", about {} left", duration(elapsed / fraction - elapsed));
  if (!detail.empty()) line += "  " + detail;
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void note(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<long>(seconds);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace bitproof
