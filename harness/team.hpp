// The threading contract with C++ callables in place of function pointers and contexts.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "dispatch.hpp"
#include "threading/contract.hpp"

namespace bitproof {

class Team {
 public:
  // dispatch: where the calls of for_tiles are recorded, if anywhere.
  Team(const threading::Kernel& kernel, int threads, Dispatch* dispatch = nullptr)
      : kernel_(kernel), threads_(threads), dispatch_(dispatch) {}

  int threads() const { return threads_; }

  // body() runs once on the calling thread; for_tiles may be used inside it. body must not throw.
  template <class Body>
  void session(Body&& body) {
    struct Context {
      Team* self;
      std::remove_reference_t<Body>* body;
    } context{this, &body};
    kernel_.session(
        threads_,
        [](void* c, threading::Team* team) {
          auto& ctx = *static_cast<Context*>(c);
          ctx.self->team_ = team;
          (*ctx.body)();
        },
        &context);
    team_ = nullptr;
  }

  // body(Tile, int thread), for disjoint tiles that cover the space.
  template <class Body>
  void for_tiles(threading::Space space, Body&& body) {
    struct Context {
      Team* self;
      std::remove_reference_t<Body>* body;
    } context{this, &body};
    const auto run = dispatch_ ? (*dispatch_)(SlotOp::threading, kernel_.for_tiles) : kernel_.for_tiles;
    run(
        team_, space,
        [](void* c, Tile tile, int thread) {
          auto& ctx = *static_cast<Context*>(c);
          ctx.self->note();
          (*ctx.body)(tile, thread);
        },
        &context);
  }

  // How many threads of the operating system have run a tile since the last reset, whatever indices they were handed: a
  // witness, not a setting. At most kMostSeen are told apart.
  int threads_seen() const {
    return static_cast<int>(std::count_if(seen_.begin(), seen_.end(), [](const auto& id) { return id != 0; }));
  }
  void reset_threads_seen() {
    for (auto& id : seen_) id.store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr int kMostSeen = 64;

  static pid_t os_thread() {
    thread_local const pid_t id = gettid();
    return id;
  }

  void note() {
    const pid_t self = os_thread();
    for (auto& id : seen_) {
      pid_t known = id.load(std::memory_order_relaxed);
      if (known == 0 && id.compare_exchange_strong(known, self, std::memory_order_relaxed)) return;
      if (known == self) return;
    }
  }

  const threading::Kernel& kernel_;
  int threads_;
  Dispatch* dispatch_;
  threading::Team* team_ = nullptr;
  std::array<std::atomic<pid_t>, kMostSeen> seen_{};
};

}  // namespace bitproof
