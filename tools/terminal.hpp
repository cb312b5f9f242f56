// Progress on standard error: one line that is rewritten on a terminal, plain lines elsewhere. Results go to standard
// output, so that --json prints one object and nothing else.
#pragma once

#include <chrono>
#include <string>

namespace bitproof {

class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  ~ProgressLine();  // ends the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // fraction in [0, 1]; the time left is estimated from it. Draws at most every 0.1 s (plain lines: every 5 s).
  void update(double fraction, const std::string& detail = "");

 private:
  void draw(double fraction, const std::string& detail);

  std::string what_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_, drawn_;
};

void note(const std::string& line);  // one plain line on standard error

std::string duration(double seconds);  // "42 s", "3 min 10 s"

}  // namespace bitproof
