// What a block costs: taken and given back, and with its pages touched.
#include <fmt/format.h>

#include "error.hpp"
#include "memory_map.hpp"
#include "microbench.hpp"
#include "token_loop.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kPage = 4096;

// One variant's allocator, called directly: the clock reads of ActivationMemory would be most of what a pool costs.
class Allocator {
 public:
  explicit Allocator(const memory::Kernel& kernel) : kernel_(kernel), self_(kernel.create(kPoolBytes)) {}
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;
  ~Allocator() {
    if (self_) kernel_.destroy(self_);
  }

  // False when there was no memory.
  bool use_block(std::int64_t bytes, bool touch) {
    const auto size = static_cast<std::size_t>(bytes);
    auto* const block = self_ ? static_cast<std::byte*>(kernel_.allocate(self_, size)) : nullptr;
    if (!block) return false;
    for (std::int64_t i = 0; touch && i < bytes; i += kPage) *const_cast<volatile std::byte*>(block + i) = std::byte{1};
    kernel_.release(self_, block, size);
    return true;
  }

 private:
  const memory::Kernel& kernel_;
  void* self_;
};

Timed timed_block(const Cleared<memory::Kernel>& ticket, std::int64_t bytes, bool touch) {
  const auto allocator = std::make_shared<Allocator>(ticket.kernel());
  const auto faults = std::make_shared<std::int64_t>(page_faults());
  const auto failed = std::make_shared<bool>(false);
  return {
      .begin = [=] { *faults = page_faults(); },
      .operation = [=] { *failed |= !allocator->use_block(bytes, touch); },
      .verify = [=]() -> std::string { return *failed ? "ran out of memory" : ""; },
      .count =
          [=](std::map<std::string, double>& counters, std::int64_t operations) {
            counters["page_faults"] = static_cast<double>(page_faults() - *faults) / static_cast<double>(operations);
          },
      .cost = {},
  };
}

}  // namespace

std::vector<Group> memory_groups(const BenchmarkSpec& spec, Clearance& clearance) {
  if (spec.bytes.empty()) throw BadInput("benchmark '{}': kind memory needs bytes", spec.name);
  std::vector<Group> groups;
  for (const std::int64_t bytes : spec.bytes) {
    for (const bool touch : {false, true}) {
      Group group;
      for (const auto* v : matching<memory::Kernel>(spec.variants)) {
        const std::string text =
            fmt::format("{} bytes, allocate{} and release", bytes, touch ? ", touch every page" : "");
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
