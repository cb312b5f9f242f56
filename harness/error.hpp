// The one way the harness refuses: one line that says what, where and what to do. Becomes exit code 2.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace bitproof {

class BadInput : public std::runtime_error {
 public:
  template <class... Args>
  explicit BadInput(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

}  // namespace bitproof
