// What a block costs: taken and given back, and with its pages touched.
#include <sys/resource.h>

#include <fmt/format.h>

#include "activations.hpp"
#include "microbench.hpp"
#include "token_loop.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kPage = 4096;

std::int64_t page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

Timed timed_block(const Cleared<memory::Kernel>& ticket, std::int64_t bytes, bool touch) {
  const auto memory = std::make_shared<ActivationMemory>(ticket.kernel(), kPoolBytes);
  const auto faults = std::make_shared<std::int64_t>(page_faults());
  const auto failed = std::make_shared<bool>(false);
  return {
      .operation =
          [=] {
            const Block<std::byte> block(*memory, bytes);
            if (!block.data()) {
              *failed = true;
              return;
            }
            for (std::int64_t i = 0; touch && i < bytes; i += kPage) {
              *const_cast<volatile std::byte*>(block.data() + i) = std::byte{1};
            }
          },
      .verify = [=]() -> std::string { return *failed ? "ran out of memory" : ""; },
      .count =
          [=](std::map<std::string, double>& counters, std::int64_t operations) {
            const std::int64_t now = page_faults();
            counters["page_faults"] = static_cast<double>(now - *faults) / static_cast<double>(operations);
            *faults = now;
          },
      .cost = {},
  };
}

}  // namespace

std::vector<Group> memory_groups(const BenchmarkSpec& spec, Clearance& clearance) {
  std::vector<Group> groups;
  for (const std::int64_t bytes : spec.bytes) {
    for (const bool touch : {false, true}) {
      Group group;
      for (const auto* v : matching<memory::Kernel>(spec.variants)) {
        const std::string text = fmt::format("{} bytes, allocate{} and release", bytes, touch ? ", touch every page" : "");
        group.push_back({{.id = v->id, .benchmark = spec.name, .kind = spec.kind, .c = text},
                         [&clearance, bytes, touch, id = v->id] {
                           return timed_block(clearance.clear<memory::Kernel>(id), bytes, touch);
                         }});
      }
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

}  // namespace bitproof
