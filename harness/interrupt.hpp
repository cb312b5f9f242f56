// Ctrl-C and SIGTERM: long work looks here between steps, stops, and keeps what it has measured (exit code 130).
#pragma once

#include <exception>

namespace bitproof {

void catch_interrupts();  // a second signal ends the process at once
bool interrupted();

// Thrown where stopping early would leave something that looks finished: a half-checked kernel is not cleared.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace bitproof
