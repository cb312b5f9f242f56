// What splitting costs by itself, tiles being empty: a session of one for_tiles (fork and join), and one of as many as
// a token of the 7B model has at batch 1, what a persistent region is for.
#include <fmt/format.h>

#include "microbench.hpp"
#include "team.hpp"

namespace bitproof {
namespace {

// A layer waits 15 times: 4 preparations, 7 products, attention, the gate, the epilogues of gate and up; the head 3.
constexpr int kRegionsPerToken = 32 * 15 + 3;

Timed timed_session(const Cleared<threading::Kernel>& ticket, int threads, int regions_each) {
  const auto team = std::make_shared<Team>(ticket.kernel(), threads);
  const auto tiles = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto regions = std::make_shared<std::int64_t>(0);
  // As many rows as threads; the batch split needs a batch, the row split rows.
  const threading::Space space{threads, 1, threads};
  return {
      .operation =
          [=] {
            *regions += regions_each;
            team->session([&] {
              for (int r = 0; r < regions_each; ++r) {
                team->for_tiles(space, [&](Tile t, int) {
                  tiles->fetch_add((t.row1 - t.row0) * (t.batch1 - t.batch0), std::memory_order_relaxed);
                });
              }
            });
          },
      .verify = [=]() -> std::string {
        const std::int64_t want = *regions * space.rows * space.batch;
        return tiles->load() == want ? "" : fmt::format("{} elements covered, {} expected", tiles->load(), want);
      },
      .count = [=](std::map<std::string, double>& counters,
                   std::int64_t) { counters["threads_seen"] = team->threads_seen(); },
      .cost = {},
  };
}

}  // namespace

std::vector<Group> threading_groups(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  Group group;
  for (const int threads : thread_counts(spec, options.cores)) {
    for (const auto* v : matching<threading::Kernel>(spec.variants)) {
      for (const auto& [c, regions] :
           {std::pair("empty region", 1), std::pair("483 empty regions: a token", kRegionsPerToken)}) {
        const BenchResult head{.id = v->id, .benchmark = spec.name, .kind = spec.kind, .c = c, .threads = threads};
        if (auto row = not_runnable(head, *v, options.cores)) {
          group.push_back(std::move(*row));
          continue;
        }
        group.push_back({head, [&clearance, threads, regions = regions, id = v->id] {
                           return timed_session(clearance.clear<threading::Kernel>(id), threads, regions);
                         }});
      }
    }
  }
  return {group};
}

}  // namespace bitproof
