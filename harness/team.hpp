// The threading contract with C++ callables in place of function pointers and contexts.
#pragma once

#include <atomic>
#include <bit>
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
          ctx.self->note(thread);
          (*ctx.body)(tile, thread);
        },
        &context);
  }

  // How many different thread indices have run a tile since the last reset: a witness, not a setting.
  int threads_seen() const { return std::popcount(seen_.load(std::memory_order_relaxed)); }
  void reset_threads_seen() { seen_.store(0, std::memory_order_relaxed); }

 private:
  void note(int thread) {
    const std::uint64_t bit = std::uint64_t{1} << (thread & 63);
    if (!(seen_.load(std::memory_order_relaxed) & bit)) seen_.fetch_or(bit, std::memory_order_relaxed);
  }

  const threading::Kernel& kernel_;
  int threads_;
  Dispatch* dispatch_;
  threading::Team* team_ = nullptr;
  std::atomic<std::uint64_t> seen_{0};
};

}  // namespace bitproof
