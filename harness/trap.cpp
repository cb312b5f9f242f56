#include "trap.hpp"

#include <setjmp.h>
#include <signal.h>

#include <iterator>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace bitproof {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction before[std::size(kSignals)];

thread_local sigjmp_buf* landing = nullptr;
thread_local Crash crash;

void on_signal(int signal, siginfo_t* info, void*) {
  if (landing) {
    crash = {signal, info->si_code, info->si_addr};
    siglongjmp(*landing, 1);
  }
  // Not from a kernel under check: the instruction runs again, and faults as it would have without us.
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    if (kSignals[i] == signal) sigaction(signal, &before[i], nullptr);
  }
}

}  // namespace

Trap::Trap() {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &before[i]);
}

Trap::~Trap() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before[i], nullptr);
}

std::optional<Crash> trapped(void (*body)(void*), void* context) {
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {  // SA_NODEFER: the mask is as it was
    landing = nullptr;
    return crash;
  }
  landing = &here;
  body(context);
  landing = nullptr;
  return std::nullopt;
}

#if defined(__SSE__)
constexpr unsigned kStatusFlags = 0x3f;  // of MXCSR: what has happened, not how it is to happen
unsigned floating_point_mode() { return _mm_getcsr() & ~kStatusFlags; }
void set_floating_point_mode(unsigned mode) { _mm_setcsr(mode); }
#else
unsigned floating_point_mode() { return 0; }
void set_floating_point_mode(unsigned) {}
#endif

}  // namespace bitproof
