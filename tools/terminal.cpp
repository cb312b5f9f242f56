#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

namespace bitproof {
namespace {

using Clock = std::chrono::steady_clock;

bool quiet = false;

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

ProgressLine::ProgressLine(std::string what)
    : what_(std::move(what)),
      terminal_(isatty(STDERR_FILENO) != 0),
      exceptions_(std::uncaught_exceptions()),
      start_(Clock::now()),
      drawn_(start_) {
  if (terminal_ && !quiet) rewrite(what_ + " ...");
}

ProgressLine::~ProgressLine() {
  if (quiet) return;
  if (terminal_) rewrite("");
  if (std::uncaught_exceptions() == exceptions_) note(fmt::format("{}: {}", what_, duration(elapsed_s())));
}

double ProgressLine::elapsed_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void ProgressLine::update(double fraction, const std::string& detail) {
  const auto now = Clock::now();
  if (quiet) return;
  if (now - drawn_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5))) return;
  drawn_ = now;
  std::string line = fmt::format("{}: {:.0f} %", what_, 100 * fraction);
  const double elapsed = elapsed_s();
  if (fraction > 0.01 && fraction < 1) line += fmt::format(", about {} left", duration(elapsed / fraction - elapsed));
  if (!detail.empty()) line += "  " + detail;
  if (terminal_) {
    rewrite(line);
  } else {
    note(line);
  }
}

// A line that wraps could not be rewritten.
void ProgressLine::rewrite(std::string line) const {
  line.resize(std::min(line.size(), terminal_columns() - 1));
  fmt::print(stderr, "\r\033[K{}", line);
  std::fflush(stderr);
}

void silence_progress() { quiet = true; }

void note(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

bool colour_on_output() {
  const char* const forbidden = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && !(forbidden && *forbidden) && kind && std::string_view(kind) != "dumb";
}

std::string duration(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 59.5) return fmt::format("{:.0f} s", seconds);
  const long whole = std::lround(seconds);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace bitproof
