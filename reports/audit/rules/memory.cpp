// Memory follows from shapes and bits: weights from parameters, the cache from K and V of every layer and position.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// Scales, embeddings and metadata beside the weights themselves.
constexpr double kLeast = 0.97, kMost = 1.15;

void weights(const Report& report, const Claim& c, Findings& found) {
  const Model& m = report.model;
  if (!m.parameters || !m.weight_bits) return;
  const Range needed{*m.parameters * m.weight_bits->low / 8, *m.parameters * m.weight_bits->high / 8};
  const double rounding = 0.5 * c.value->step * c.unit.scale;
  const Range stated{c.range().low - rounding, c.range().high + rounding};
  const bool fits = c.value->at_most ? stated.high >= needed.low * kLeast
                                     : stated.high >= needed.low * kLeast && stated.low <= needed.high * kMost;
  if (fits) return;
  found.push_back(
      {"", &c, Verdict::wrong,
       fmt::format("{} is {} bits a weight; the format takes {} to {}: {}", c.shown(),
                   short_number(c.range().low * 8 / *m.parameters), short_number(m.weight_bits->low),
                   short_number(m.weight_bits->high), with_unit(needed, c.unit_text)),
       fmt::format("{} weights x {} to {} bits / 8 = {}", short_number(*m.parameters), short_number(m.weight_bits->low),
                   short_number(m.weight_bits->high), with_unit(needed, c.unit_text)),
       needed});
}

// Which factors a figure that is too small has left out.
std::string missing(double times, double layers, double batch, double bytes) {
  const struct {
    double factor;
    std::string what;
  } known[] = {{2, "K or V alone"},
               {layers, fmt::format("one layer of {}", layers)},
               {2 * layers, fmt::format("K or V alone, of one layer of {}", layers)},
               {batch, fmt::format("one sequence of {}", batch)},
               {bytes, "one byte a value"}};
  for (const auto& k : known) {
    if (k.factor > 1 && std::abs(times / k.factor - 1) < 0.06) return ": it is " + k.what;
  }
  return "";
}

void cache(const Report& report, const Claim& c, Findings& found) {
  const Model& m = report.model;
  const auto positions = c.tokens ? c.tokens : m.context;
  const auto values = positions ? m.cache_values(static_cast<double>(*positions)) : std::nullopt;
  if (!values || !c.value_bytes || c.scope == "layer") return;
  const auto batch = static_cast<double>(c.batch.value_or(m.batch.value_or(1)));
  const auto bytes = static_cast<double>(*c.value_bytes);
  const double needed = *values * batch * bytes;
  const Range stated = c.range();
  const double times = needed / stated.high;
  if (times < 1.06 * binary_reading(c.unit_text)) return;
  const auto memory = std::find_if(report.claims.begin(), report.claims.end(), [](const Claim& o) {
    return o.value && o.metric == "memory" && o.of == "machine memory";
  });
  const bool too_much =
      memory != report.claims.end() && needed >= memory->range().high * binary_reading(memory->unit_text);
  found.push_back(
      {"", &c, Verdict::wrong,
       fmt::format("the cache of the whole model is {}{}{}", with_unit(needed, c.unit_text),
                   missing(times, static_cast<double>(*m.layers), batch, bytes),
                   too_much ? fmt::format("; the machine has {}", memory->shown()) : ""),
       fmt::format("2 (K and V) x {} layers x {} positions x {} wide x {} bytes x {} sequences = {}", *m.layers,
                   *positions, *values / (2 * static_cast<double>(*m.layers) * static_cast<double>(*positions)), bytes,
                   batch, with_unit(needed, c.unit_text)),
       Range{needed, needed}});
}

// A pool that is said to serve the model, against the cache that it must hold.
void pool(const Report& report, const Claim& c, Findings& found) {
  const auto kv = std::find_if(report.claims.begin(), report.claims.end(),
                               [](const Claim& o) { return o.holds == "kv_cache" && o.value_bytes; });
  if (kv == report.claims.end() || c.of != "pool size" || !report.model.context) return;
  const auto values = report.model.cache_values(static_cast<double>(*report.model.context));
  if (!values) return;
  const double needed = *values * static_cast<double>(*kv->value_bytes);
  if (needed <= c.range().high * binary_reading(c.unit_text)) return;
  found.push_back(
      {"", &c, Verdict::unsupported,
       fmt::format("the cache of the whole model is {}: it does not fit this pool", with_unit(needed, c.unit_text)),
       fmt::format("{} values of K and V x {} bytes = {}", short_number(*values), *kv->value_bytes,
                   with_unit(needed, c.unit_text))});
}

}  // namespace

void memory(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value || c.metric != "memory") continue;
      if (c.holds == "weights") weights(report, c, found);
      if (c.holds == "kv_cache") cache(report, c, found);
      if (c.holds == "pool") pool(report, c, found);
    }
  }
}

}  // namespace bitproof::audit::rules
