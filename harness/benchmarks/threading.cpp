// What a parallel region costs by itself: fork, an empty tile a thread, join.
#include <fmt/format.h>

#include "microbench.hpp"
#include "team.hpp"

namespace bitproof {
namespace {

Timed timed_region(const Cleared<threading::Kernel>& ticket, int threads) {
  const auto team = std::make_shared<Team>(ticket.kernel(), threads);
  const auto tiles = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto regions = std::make_shared<std::int64_t>(0);
  // As many rows as threads; the batch split needs a batch, the row split rows.
  const threading::Space space{threads, 1, threads};
  return {
      .operation =
          [=] {
            ++*regions;
            team->session([&] {
              team->for_tiles(space, [&](Tile t, int) {
                tiles->fetch_add((t.row1 - t.row0) * (t.batch1 - t.batch0), std::memory_order_relaxed);
              });
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
      const BenchResult head{.id = v->id, .benchmark = spec.name, .kind = spec.kind, .c = "empty region", .threads = threads};
      if (auto row = not_runnable(head, *v, options.cores)) {
        group.push_back(std::move(*row));
        continue;
      }
      group.push_back({head, [&clearance, threads, id = v->id] {
                         return timed_region(clearance.clear<threading::Kernel>(id), threads);
                       }});
    }
  }
  return {group};
}

}  // namespace bitproof
