// Progress on standard error: one line that is rewritten on a terminal, plain lines elsewhere. Results go to standard
// output, so that --json prints one object and nothing else.
#pragma once

#include <chrono>
#include <string>

namespace bitproof {

class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  // Ends with the time it took; without a trace when an exception passes, so that bad input is one line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // fraction in [0, 1]; the time left is estimated from it. Draws at most every 0.1 s (plain lines: every 5 s).
  void update(double fraction, const std::string& detail = "");

 private:
  double elapsed_s() const;
  void rewrite(std::string line) const;

  std::string what_;
  bool terminal_;
  int exceptions_;  // in flight when this began
  std::chrono::steady_clock::time_point start_, drawn_;
};

void silence_progress();  // --quiet: progress lines are not drawn; errors and what failed still are

void note(const std::string& line);  // one plain line on standard error

// Standard output is a terminal that knows colours, and NO_COLOR (no-color.org) does not forbid them.
bool colour_on_output();

std::string duration(double seconds);  // "0.4 s", "42 s", "3 min 10 s"

}  // namespace bitproof
