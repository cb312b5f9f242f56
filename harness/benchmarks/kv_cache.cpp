// The cache of the 7B shape: appending one position in every layer, and attention reading all positions of one layer.
#include "reference/kv_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ledger.hpp"
#include "loop_trial.hpp"
#include "memory_map.hpp"
#include "microbench.hpp"
#include "reference/attention.hpp"
#include "rng.hpp"
#include "synthetic_model.hpp"

namespace bitproof {
namespace {

// A cache of one sequence, filled to its capacity, with as many layers as make reads cold.
struct FilledCache {
  FilledCache(const kv_cache::Kernel& given, std::int64_t positions, std::int64_t layers)
      : kernel(given),
        model(model_by_name("7b")),
        shape{layers, model.kv_heads, model.head_dim, positions, 1},
        storage(given.storage_bytes(shape), kModelPages),
        row(static_cast<std::size_t>(model.kv_width())),
        rows(kDistinct * row.size()) {
    Rng rng(1);
    for (float& v : row) v = static_cast<float>(rng.gaussian());
    for (float& v : rows) v = static_cast<float>(rng.gaussian());
    for (std::int64_t l = 0; l < layers; ++l) {
      for (std::int64_t p = 0; p < positions; ++p) append(l, p, given_at(l, p).data());
    }
  }
  bool append(std::int64_t layer, std::int64_t position, const float* kv) {
    return kernel.append(shape, storage.data(), layer, 0, position, 1, kv, kv);
  }
  // Keys and values of a position of the filled cache.
  std::span<const float> given_at(std::int64_t layer, std::int64_t position) const {
    const auto at = static_cast<std::size_t>((layer + position) % kDistinct) * row.size();
    return std::span(rows).subspan(at, row.size());
  }

  const kv_cache::Kernel& kernel;
  ModelShape model;
  kv_cache::Shape shape;
  Mapping storage;
  std::vector<float> row;  // what the append benchmark stores

 private:
  static constexpr std::int64_t kDistinct = 7;  // rows, dealt in turn: any that was left out or read twice shows
  std::vector<float> rows;
};

// A ring goes on past its end; a straight cache begins again at 0, as for a new sequence. Each position's values are
// its number, so that what was stored where can be seen.
Timed timed_append(const Cleared<kv_cache::Kernel>& ticket, std::int64_t capacity) {
  const std::int64_t layers = model_by_name("7b").layers;
  const auto cache = std::make_shared<FilledCache>(ticket.kernel(), capacity, layers);
  const auto position = std::make_shared<std::int64_t>(0);
  const auto refused = std::make_shared<bool>(false);
  const bool ring = goes_past_its_end(ticket.kernel());
  const double written = static_cast<double>(layers) * kv_position_bytes(cache->model, ticket.kernel().element);
  return {
      .begin = {},
      .operation =
          [=] {
            if (!ring && *position == capacity) *position = 0;
            cache->row[0] = static_cast<float>(*position);
            for (std::int64_t l = 0; l < layers; ++l) *refused |= !cache->append(l, *position, cache->row.data());
            ++*position;
          },
      .verify = [=]() -> std::string {
        if (*refused) return "an append was refused";
        const std::int64_t last_layer = ticket.kernel().keeps_past ? layers - 1 : 0;
        const kv_cache::View view = cache->kernel.view(cache->shape, cache->storage.data(), last_layer, 0, *position);
        const kv_cache::Segment& s = view.segment[view.segment[1].count > 0];
        const std::int64_t head_dim = cache->model.head_dim, last = s.count - 1;
        std::vector<float> newest;
        reference::append_row(newest, ticket.kernel().element, s.k, last * head_dim, head_dim, s.k_scale, last);
        const std::vector<float> given(cache->row.begin(), cache->row.begin() + head_dim);
        return newest == reference::as_kept(ticket.kernel().element, head_dim, given)
                   ? ""
                   : fmt::format("position {} does not hold what was stored", *position - 1);
      },
      .count = {},
      .cost = {0, written},  // the row is in L1
      .work = {.written_bytes = written},
  };
}

constexpr float kScale = 0.0883883f;  // 1 / sqrt(128)

Timed timed_read(const Cleared<kv_cache::Kernel>& ticket, const Cleared<attention::Kernel>& attend,
                 std::int64_t positions, std::size_t llc_bytes) {
  const ModelShape m = model_by_name("7b");
  const auto layer_bytes =
      static_cast<std::size_t>(static_cast<double>(positions) * kv_position_bytes(m, ticket.kernel().element));
  // A cache that keeps no past has one layer.
  const std::int64_t layers =
      ticket.kernel().keeps_past ? static_cast<std::int64_t>(4 * llc_bytes / layer_bytes + 2) : 1;
  const auto cache = std::make_shared<FilledCache>(ticket.kernel(), positions, layers);
  const auto q = std::make_shared<std::vector<float>>(static_cast<std::size_t>(m.q_width()));
  Rng rng(2);
  for (float& x : *q) x = static_cast<float>(rng.gaussian());
  const auto out = std::make_shared<std::vector<float>>(q->size());
  const auto scratch =
      std::make_shared<Mapping>(attend.kernel().scratch_bytes(positions, m.head_dim) + 64, Pages::small);
  const auto layer = std::make_shared<std::int64_t>(0);
  const attention::Kernel& kernel = attend.kernel();
  const Cost cost{4.0 * static_cast<double>(m.q_width() * positions), static_cast<double>(layer_bytes)};
  Work work{.read_bytes = cost.bytes, .cycle_bytes = cost.bytes * static_cast<double>(layers)};
  work[OpKind::float_multiply_add] = cost.ops;
  return {
      .begin = [=] { std::ranges::fill(*out, std::numeric_limits<float>::quiet_NaN()); },
      .operation =
          [=, &kernel] {
            const attention::Call call{
                m.heads,       m.kv_heads,
                m.head_dim,    kScale,
                q->data(),     m.q_width(),
                positions - 1, cache->kernel.view(cache->shape, cache->storage.data(), *layer, 0, positions),
                out->data(),   m.q_width()};
            kernel.run(call, {0, m.heads, 0, 1}, scratch->data());
            *layer = *layer + 1 == layers ? 0 : *layer + 1;
          },
      .verify = [=]() -> std::string {
        const std::int64_t read = (*layer + layers - 1) % layers;  // the layer read last
        std::vector<float> given;
        for (std::int64_t p = 0; p < positions; ++p) {
          const std::span<const float> kv = cache->given_at(read, p);
          given.insert(given.end(), kv.begin(), kv.end());
        }
        const std::vector<float> kept = reference::as_kept(ticket.kernel().element, m.head_dim, given);
        const reference::Bounded truth =
            reference::attention({m.heads, m.kv_heads, m.head_dim, kScale, positions}, *q, positions - 1, kept, kept);
        const auto bad = reference::first_violation(*out, truth);
        return bad ? fmt::format("output {} is {}, the oracle says {} +- {:.3g}", bad->index, bad->got, bad->want,
                                 bad->bound)
                   : "";
      },
      .count = {},
      .cost = cost,
      .work = work,
  };
}

}  // namespace

std::vector<Group> kv_cache_groups(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  std::vector<Group> groups;
  const std::string floats = recipe_names(Techniques{}.with(Technique::simd)).at("attention");
  const auto reader = [&](kv_cache::Element element) {
    return floats + (element == kv_cache::Element::f16 ? ":f16" : element == kv_cache::Element::q8 ? ":q8" : "");
  };
  for (const Case& c : spec.cases) {
    Group group;
    for (const auto* v : matching<kv_cache::Kernel>(spec.variants)) {
      const std::int64_t positions = c.positions;
      const std::string attend = reader(v->kernel->element);
      group.push_back({{.id = v->id,
                        .benchmark = spec.name,
                        .kind = spec.kind,
                        .c = fmt::format("append a position to 32 layers of {}", positions)},
                       [&clearance, positions, id = v->id] {
                         return timed_append(clearance.clear<kv_cache::Kernel>(id), positions);
                       }});
      group.push_back({{.id = v->id,
                        .benchmark = spec.name,
                        .kind = spec.kind,
                        .c = fmt::format("read {} positions of a layer by {}", positions, attend),
                        .cold = v->kernel->keeps_past},
                       [&clearance, &options, positions, attend, id = v->id] {
                         return timed_read(clearance.clear<kv_cache::Kernel>(id),
                                           clearance.clear<attention::Kernel>(attend), positions, options.llc_bytes);
                       }});
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace bitproof
