#include "run_case.hpp"

#include <fmt/format.h>

#include <cstring>

#include "inputs.hpp"
#include "rng.hpp"
#include "splits.hpp"

namespace bitproof {
namespace {

// One way to call.
struct Setting {
  const char* how;
  WorkloadOptions options;
  bool other_inputs_first = false;  // a call with other inputs in the same buffers comes before
};

struct Observation {
  Verdict verdict;
  std::vector<double> outputs;
  std::uint64_t constants = 0;
};

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

// What two settings may differ in, and what it is called when outputs depend on it. A kernel that remembers is met on
// addresses that it does not know yet, so that factor comes first; one that counts is called twice.
struct Factor {
  const char* check;
  void (*take)(Setting& to, const Setting& from);
};

constexpr Factor kFreshInputs = {
    "fresh inputs", [](Setting& to, const Setting& from) { to.other_inputs_first = from.other_inputs_first; }};
constexpr Factor kRepeat = {"repeat", [](Setting&, const Setting&) {}};

constexpr Factor kFactors[] = {
    kFreshInputs,
    kRepeat,
    kRepeat,
    {"two poisons",
     [](Setting& to, const Setting& from) { to.options.placement.poison = from.options.placement.poison; }},
    {"row stride",
     [](Setting& to, const Setting& from) { to.options.placement.row_gap = from.options.placement.row_gap; }},
    {"alignment",
     [](Setting& to, const Setting& from) {
       to.options.placement.fence = from.options.placement.fence;
       to.options.placement.offset = from.options.placement.offset;
     }},
    {"in place", [](Setting& to, const Setting& from) { to.options.aliased = from.options.aliased; }},
    {"packing", [](Setting& to, const Setting& from) { to.options.pack_parts = from.options.pack_parts; }},
    {"split independence",
     [](Setting& to, const Setting& from) {
       to.options.threading = from.options.threading;
       to.options.threads = from.options.threads;
       to.options.by_tile = from.options.by_tile;
     }},
};

const threading::Kernel& real_threads() {
  static const threading::Kernel& kernel = *find_variant<threading::Kernel>("threading/omp_static")->kernel;
  return kernel;
}

class CaseRun {
 public:
  CaseRun(const Case& c, const MakeWorkload& make) : c_(c), make_(make), base_(base_setting()) {}

  Verdict judge() {
    const auto workload = make_(base_.options);
    first_ = observe(*workload, base_);
    if (!first_.verdict.ok()) return first_.verdict;
    if (Verdict v = workload->judge(0); !v.ok()) return v.status == Status::failed ? explained(v) : v;

    if (Verdict v = compare(uneven_tiles()); !v.ok()) return v;
    if (workload->cost().ops <= kCheap) {
      if (Verdict v = compare(other_inputs_first()); !v.ok()) return v;
      if (Verdict v = compare(in_place()); !v.ok()) return v;
      if (Verdict v = workload->own_checks(); !v.ok()) return v;
    }
    return c_.every_offset ? judge_every_offset() : Verdict::pass();
  }

 private:
  static constexpr double kCheap = 1e6;  // operations; above, a case is called twice
  static constexpr int kOffsets = 64;
  static constexpr std::uint64_t kMostThreads = 5;

  // Settings depend on the case alone, so that a replay meets the same ones. Of the first two others, one has its rows
  // as a timed call has them.
  std::uint64_t pick(std::uint64_t what, std::uint64_t n) const {
    return stream_seed(c_.seed, what, c_.rows, c_.cols, c_.batch, c_.positions, c_.mode, static_cast<int>(c_.fill)) % n;
  }
  int offset(std::uint64_t what) const { return static_cast<int>(pick(what, kOffsets)); }

  static Setting base_setting() {
    return {"as one tile, buffers against the fence after", {.threading = &whole_split(), .pack_parts = 1}};
  }
  Setting uneven_tiles() const {
    return {"in uneven tiles, the last first, fences before",
            {.threading = &odd_split(),
             .threads = 2,
             .placement = {Fence::before, offset(1), kOtherPoison, pick(6, 2) == 0},
             .by_tile = true}};
  }
  // Also the shares of other thread counts, one after another.
  Setting other_inputs_first() const {
    return {"after a call on other inputs in the same buffers",
            {.threading = &odd_split(),
             .threads = 1 + static_cast<int>(pick(2, kMostThreads)),
             .placement = {Fence::after, offset(3), kOtherPoison},
             .by_tile = true,
             .pack_parts = 3},
            true};
  }
  // Every few cases on threads of their own, which cost more than most cases.
  Setting in_place() const {
    const bool alone = pick(4, 4) != 0;
    return {"in place where that is allowed, buffers against the fence before",
            {.threading = alone ? &whole_split() : &real_threads(),
             .threads = alone ? 1 : 2 + static_cast<int>(pick(5, kMostThreads - 1)),
             .placement = {Fence::before, Placement::kFlush, kPoison, pick(6, 2) == 1},
             .aliased = true}};
  }

  Observation observe(Workload& workload, const Setting& s) const {
    if (s.other_inputs_first) {
      workload.reverse_inputs();
      workload.poison();
      workload.call(0);
      workload.reverse_inputs();
    }
    workload.poison();
    workload.call(0);
    return {workload.inspect(0), workload.outputs(0), workload.constants()};
  }
  Observation observe(const Setting& s) const {
    const auto workload = make_(s.options);
    return observe(*workload, s);
  }

  // This call too behaves, and leaves what the first left.
  Verdict compare(const Setting& s) const {
    const Observation now = observe(s);
    if (!now.verdict.ok()) {
      Verdict v = now.verdict;
      v.reason += fmt::format(" (called {})", s.how);
      return v;
    }
    if (now.constants != first_.constants) {
      return Verdict::failed("the packed bytes depend on which rows were packed together, or on what was there before",
                             "packing");
    }
    if (leaves_outputs_open(c_) || same(now.outputs, first_.outputs)) return Verdict::pass();
    std::size_t i = 0;
    while (same({now.outputs[i]}, {first_.outputs[i]})) ++i;
    return Verdict::failed(
        fmt::format("output {} is {} {}, and was {} {}", i, now.outputs[i], s.how, first_.outputs[i], base_.how),
        dependence(s, "split independence"));
  }

  // On which factor alone the outputs depend.
  std::string dependence(const Setting& s, const char* otherwise) const {
    for (const Factor& factor : kFactors) {
      if (factor.check == kFreshInputs.check && !s.other_inputs_first) continue;
      Setting one = base_;
      factor.take(one, s);
      const Observation now = observe(one);
      if (!now.verdict.ok() || !same(now.outputs, first_.outputs)) return factor.check;
    }
    return otherwise;
  }

  // Wrong outputs that depend on what they must not are not the arithmetic's fault.
  Verdict explained(Verdict v) const {
    if (!leaves_outputs_open(c_)) v.check = dependence(uneven_tiles(), v.check.c_str());
    return v;
  }

  Verdict judge_every_offset() const {
    for (const Fence fence : {Fence::before, Fence::after}) {
      for (int at = 0; at < kOffsets; ++at) {
        const std::string how =
            fmt::format("at addresses from {} modulo 64, fences {}", at, fence == Fence::before ? "before" : "after");
        Setting s = base_;
        s.how = how.c_str();
        s.options.placement = {fence, at, at % 2 ? kPoison : kOtherPoison};
        if (Verdict v = compare(s); !v.ok()) return v;
      }
    }
    return Verdict::pass();
  }

  const Case& c_;
  const MakeWorkload& make_;
  const Setting base_;
  Observation first_;
};

}  // namespace

Verdict run_case(const Case& c, const MakeWorkload& make) { return CaseRun(c, make).judge(); }

}  // namespace bitproof
