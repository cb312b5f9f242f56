// The functions of a kernel that its claims are about.
#pragma once

#include <vector>

namespace bitproof {

struct EntryPoints {
  std::vector<const void*> work;  // what the op is: the matrix product, the tiles, the blocks
  std::vector<const void*> rest;  // timed or set up with it; pack, which runs once a model, is no part of any claim

  friend bool operator==(const EntryPoints&, const EntryPoints&) = default;
  friend auto operator<=>(const EntryPoints&, const EntryPoints&) = default;
};

template <class Kernel>
EntryPoints entry_points(const Kernel& k) {
  const auto code = [](auto* f) { return reinterpret_cast<const void*>(f); };
  if constexpr (requires { k.multiply; }) {
    return {{code(k.multiply)}, {code(k.prepare)}};
  } else if constexpr (requires { k.greedy; }) {
    return {{code(k.greedy)}, {}};
  } else if constexpr (requires { k.for_tiles; }) {
    return {{code(k.for_tiles)}, {code(k.session)}};
  } else if constexpr (requires { k.append; }) {
    return {{code(k.append), code(k.view)}, {}};
  } else if constexpr (requires { k.allocate; }) {
    return {{code(k.allocate), code(k.release)}, {code(k.create)}};
  } else if constexpr (requires { k.merge; }) {
    if (k.merge) return {{code(k.run), code(k.merge)}, {}};
    return {{code(k.run)}, {}};
  } else {
    return {{code(k.run)}, {}};
  }
}

}  // namespace bitproof
