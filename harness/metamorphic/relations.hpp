// The relations that many ops share, over what one op tells of itself in a Rig: one kernel with its buffers, at fixed
// addresses, for one case.
//
//   using Kernel, Input, Output             Input and Output are tuples of Tensor
//   Rig(const Kernel&, const Case&)
//   static Input inputs(const Case&)        finite contents from the fill and seed of the case
//   void load(const Input&)                 new contents at the same addresses; outputs and scratch are poisoned
//   threading::Space space() const          what tiles may be cut from
//   void call(Tile)                         the kernel
//   Output output() const                   what the output buffers hold
#pragma once

#include <initializer_list>
#include <utility>

#include "metamorphic.hpp"
#include "metamorphic/fenced.hpp"
#include "metamorphic/tensor.hpp"
#include "threading/contract.hpp"

namespace bitproof::metamorphic {

// Floats whose negatives, and sums, are as good: N(0, 1), or +-magnitude in an extreme case.
inline std::vector<float> finite_floats(const Case& c, std::uint64_t stream, std::int64_t count, float magnitude) {
  Rng rng(stream_seed(c.seed, stream));
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) {
    v = c.fill != Fill::extreme ? static_cast<float>(rng.gaussian()) : rng.next() & 1 ? magnitude : -magnitude;
  }
  return values;
}

template <class Rig>
typename Rig::Output run(Rig& rig, const typename Rig::Input& input) {
  rig.load(input);
  const threading::Space space = rig.space();
  rig.call({0, space.rows, 0, space.batch});
  return rig.output();
}

// A kernel on a case, called once: relations compare with that result.
template <class Rig>
struct Subject {
  Subject(const typename Rig::Kernel& k, const Case& given)
      : kernel(k), c(given), rig(k, c), input(Rig::inputs(c)), output(run(rig, input)) {}

  const typename Rig::Kernel& kernel;
  const Case& c;
  Rig rig;
  const typename Rig::Input input;
  const typename Rig::Output output;  // of that input
};

template <class Rig>
using Relation = Verdict (*)(Subject<Rig>&);

template <class Same = SameBits, class Output>
Verdict expect(const char* check, const char* what, const Output& got, const Output& want) {
  const std::string found = difference<Same>(got, want);
  return found.empty() ? Verdict::pass() : Verdict::failed(fmt::format("{}: {}", what, found), check);
}

// ---- repeat independence: a result is a function of the contents, not of addresses nor of what was computed before

inline constexpr const char* kRepeats = "repeat independence";

// a, but for one element of each array, which is b's.
template <class... T>
std::tuple<Tensor<T>...> with_one_of(std::tuple<Tensor<T>...> a, const std::tuple<Tensor<T>...>& b,
                                     std::uint64_t seed) {
  Rng rng(seed);
  const auto take_one = [&](auto& to, const auto& from) {
    const auto i = static_cast<std::size_t>(rng.below(from.values.size()));
    to.values[i] = from.values[i];
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (take_one(std::get<I>(a), std::get<I>(b)), ...); }
  (std::index_sequence_for<T...>());
  return a;
}

// The order matters: at the old addresses each result would be the stale one of a kernel that remembers addresses; in
// the fresh buffers `nearly` comes after `other`, so that one that remembers the last contents, but compares few of
// them, has by then forgotten the first.
template <class Rig>
Verdict repeats(Subject<Rig>& s) {
  Case other_case = s.c;
  other_case.fill = Fill::random;
  other_case.seed = stream_seed(s.c.seed, 77);
  const auto other = Rig::inputs(other_case), nearly = with_one_of(s.input, other, other_case.seed);
  Rig fresh(s.kernel, s.c);
  const auto nearly_old = run(s.rig, nearly), other_old = run(s.rig, other);
  const auto other_fresh = run(fresh, other), nearly_fresh = run(fresh, nearly);
  for (const Verdict& v :
       {expect(kRepeats, "new contents at old addresses, against the same in fresh buffers", other_old, other_fresh),
        expect(kRepeats, "one element changed, against the same in fresh buffers", nearly_old, nearly_fresh),
        expect(kRepeats, "the first contents again, with others in between", run(s.rig, s.input), s.output)}) {
    if (!v.ok()) return v;
  }
  return Verdict::pass();
}

// ---- batch as singles

// Element b of the batch on its own. An op whose elements see different things says so in Rig::alone.
template <class Rig>
std::pair<Case, typename Rig::Input> alone(const Case& c, const typename Rig::Input& input, std::int64_t b) {
  if constexpr (requires { Rig::alone(c, input, b); }) {
    return Rig::alone(c, input, b);
  } else {
    Case single = c;
    single.batch = 1;
    return {single, each(input, PickBatch{{b}})};
  }
}

template <class Rig>
Verdict batch_as_singles(Subject<Rig>& s) {
  const std::int64_t batch = s.rig.space().batch;
  for (std::int64_t b = 0; batch > 1 && b < batch; ++b) {
    const auto [single_case, input] = alone<Rig>(s.c, s.input, b);
    Rig single(s.kernel, single_case);
    Verdict v = expect("batch as singles", "an element of the batch on its own, against the same in the batch",
                       run(single, input), each(s.output, PickBatch{{b}}));
    if (!v.ok()) return v;
  }
  return Verdict::pass();
}

// ---- row ranges: one tile alone is what it is in the whole, and nothing else is written

// The first block of rows, the last, those between for one element of the batch, and all but the first third.
inline std::vector<Tile> odd_tiles(const threading::Space& space) {
  const std::int64_t blocks = (space.rows + space.row_multiple - 1) / space.row_multiple;
  const auto row = [&](std::int64_t block) { return std::min(block * space.row_multiple, space.rows); };
  const std::int64_t middle = space.batch / 2;
  std::vector<Tile> tiles = {{0, row(1), 0, space.batch},
                             {row(blocks - 1), space.rows, 0, space.batch},
                             {row(1), row(blocks - 1), middle, middle + 1},
                             {row(blocks / 3), space.rows, middle, space.batch}};
  std::erase_if(tiles, [&](const Tile& t) {
    const bool whole = t.row1 - t.row0 == space.rows && t.batch1 - t.batch0 == space.batch;
    return t.row0 >= t.row1 || t.batch0 >= t.batch1 || whole;
  });
  return tiles;
}

// Puts the tile's part of `from` over `to`.
template <class T>
void overlay(Tensor<T>& to, const Tensor<T>& from, const threading::Space& space, const Tile& tile) {
  const std::int64_t row = static_cast<std::int64_t>(to.values.size()) / (space.rows * space.batch);
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int64_t at = (b * space.rows + tile.row0) * row;
    std::copy_n(from.values.begin() + at, (tile.row1 - tile.row0) * row, to.values.begin() + at);
  }
}

template <class Rig>
Verdict row_ranges(Subject<Rig>& s) {
  const threading::Space space = s.rig.space();
  for (const Tile& tile : odd_tiles(space)) {
    s.rig.load(s.input);
    typename Rig::Output want = s.rig.output();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (overlay(std::get<I>(want), std::get<I>(s.output), space, tile), ...);
    }
    (std::make_index_sequence<std::tuple_size_v<typename Rig::Output>>());
    s.rig.call(tile);
    const std::string what = fmt::format("rows {} to {} and batch {} to {} alone, the rest untouched", tile.row0,
                                         tile.row1, tile.batch0, tile.batch1);
    if (Verdict v = expect("row ranges", what.c_str(), s.rig.output(), want); !v.ok()) return v;
  }
  return Verdict::pass();
}

// ---- permutation

template <class Rig>
Verdict permuted_batch(Subject<Rig>& s) {
  const Order order = shuffled(std::get<0>(s.output).batch, stream_seed(s.c.seed, 78));
  return expect("permutation", "the elements of the batch in another order",
                run(s.rig, each(s.input, PickBatch{order})), each(s.output, PickBatch{order}));
}

template <class Rig>
Verdict permuted_rows(Subject<Rig>& s) {
  const Order order = shuffled(std::get<0>(s.output).rows, stream_seed(s.c.seed, 79));
  return expect("permutation", "the rows in another order", run(s.rig, each(s.input, PickRows{order})),
                each(s.output, PickRows{order}));
}

// ---- negation, and linearity where it rounds nothing: both are about the first array of the output

template <class Rig, std::size_t... kInputs>
Verdict odd_in(Subject<Rig>& s) {
  return expect<SameButForTheSignOfZero>("negation", "a negated input must negate the output",
                                         run(s.rig, scaled<kInputs...>(s.input, -1)), scaled<0>(s.output, -1));
}

template <class Rig, std::size_t... kInputs>
Verdict even_in(Subject<Rig>& s) {
  return expect("negation", "inputs negated together must not change the output",
                run(s.rig, scaled<kInputs...>(s.input, -1)), s.output);
}

template <class Rig, std::size_t... kInputs>
Verdict doubled_in(Subject<Rig>& s) {
  return expect("linearity", "a doubled input must double the output", run(s.rig, scaled<kInputs...>(s.input, 2)),
                scaled<0>(s.output, 2));
}

// ---- the judgement

// Repeat independence, singles and row ranges bind every kernel; `promised`, those of an op, only its exact ones.
template <class Rig>
Verdict judge(const typename Rig::Kernel& kernel, const Case& c, std::initializer_list<Relation<Rig>> promised) {
  if (!relations_apply(c)) return Verdict::pass();
  Subject<Rig> subject(kernel, c);
  for (const Relation<Rig> relation : {repeats<Rig>, batch_as_singles<Rig>, row_ranges<Rig>}) {
    if (Verdict v = relation(subject); !v.ok()) return v;
  }
  if (kernel.info.exactness != Exactness::exact) return Verdict::pass();
  for (const Relation<Rig> relation : promised) {
    if (Verdict v = relation(subject); !v.ok()) return v;
  }
  return Verdict::pass();
}

}  // namespace bitproof::metamorphic
