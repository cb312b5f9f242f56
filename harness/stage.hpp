// How a call is run: straight, when timed, or with every body trapped and every tile watched, when checked. Instances
// are written once against the common interface.
#pragma once

#include "frame.hpp"
#include "team.hpp"

namespace bitproof {

class TimedStage {
 public:
  explicit TimedStage(Team& team) : team_(team) {}

  int threads() const { return team_.threads(); }
  // A phase that computes no output.
  template <class Body>
  void for_tiles(threading::Space space, Body&& body) {
    team_.for_tiles(space, body);
  }
  // The phase that computes the outputs, in units of their Layout.
  template <class Body>
  void compute(threading::Space space, Body&& body) {
    team_.for_tiles(space, body);
  }
  // From here on only read.
  void settle(Frame::Handle) {}

 private:
  Team& team_;
};

class CheckedStage {
 public:
  // by_tile: the team runs one tile after another on the calling thread, and each is watched alone.
  CheckedStage(Team& team, Frame& frame, bool by_tile) : team_(team), frame_(frame), by_tile_(by_tile) {}

  int threads() const { return team_.threads(); }
  template <class Body>
  void for_tiles(threading::Space space, Body&& body) {
    team_.for_tiles(space, [&](Tile t, int thread) { frame_.run([&] { body(t, thread); }); });
  }
  template <class Body>
  void compute(threading::Space space, Body&& body) {
    if (!by_tile_) return for_tiles(space, body);
    frame_.begin_tiles();
    team_.for_tiles(space, [&](Tile t, int thread) {
      frame_.begin_tile();
      frame_.run([&] { body(t, thread); });
      frame_.end_tile(t);
    });
    frame_.end_tiles();
  }
  void settle(Frame::Handle h) { frame_.settle(h); }

 private:
  Team& team_;
  Frame& frame_;
  bool by_tile_;
};

}  // namespace bitproof
