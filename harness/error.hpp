// The one way the harness refuses: one line that says what, where and what to do. Becomes exit code 2.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace bitproof {

// What a file or a command line holds may be quoted in an error: control characters would break or hide its line.
inline std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

class BadInput : public std::runtime_error {
 public:
  template <class... Args>
  explicit BadInput(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(one_line(fmt::format(format, std::forward<Args>(args)...))) {}
};

}  // namespace bitproof
