// The one way the harness refuses: one line that says what, where and what to do. Becomes exit code 2.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace bitproof {

// Text from a file or a command line as one line that no terminal obeys: control characters, the 8-bit ones
// (U+0080-9F) too, become spaces.
inline std::string one_line(std::string text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0xff; };
    if (byte(at) < 0x20 || byte(at) == 0x7f) text[at] = ' ';
    if (byte(at) == 0xc2 && byte(at + 1) < 0xa0) text.replace(at, 2, " ");
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
