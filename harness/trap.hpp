// Turns a signal that a kernel under check raises into a value. Never part of a timed run.
#pragma once

#include <optional>
#include <type_traits>

namespace bitproof {

struct Crash {
  int signal;  // SIGSEGV, SIGBUS, SIGFPE or SIGILL
  int code;    // si_code
  const void* address;
};

// While one lives, those signals of a thread that is inside trapped() end that body and nothing else; all others go
// where they went before. Nested and concurrent traps are not supported: checks run one after another.
class Trap {
 public:
  Trap();
  ~Trap();
  Trap(const Trap&) = delete;
  Trap& operator=(const Trap&) = delete;
};

// Runs body on this thread, inside the life of a Trap. It is left by siglongjmp: destructors in it do not run, which a
// kernel's contract makes harmless (it allocates nothing and holds no lock).
std::optional<Crash> trapped(void (*body)(void*), void* context);

template <class Body>
std::optional<Crash> trapped(Body&& body) {
  return trapped([](void* context) { (*static_cast<std::remove_reference_t<Body>*>(context))(); }, &body);
}

// Rounding, flush-to-zero and exception masks of this thread: what a kernel must leave as it found it.
unsigned floating_point_mode();
void set_floating_point_mode(unsigned mode);

}  // namespace bitproof
