#include "reports/audit/run_json.hpp"

#include <algorithm>
#include <cmath>

#include "registry.hpp"

namespace bitproof::audit {
namespace {

const Json kNothing;

}  // namespace

const Json& member(const Json& object, const std::string& key) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::optional<double> finite(const Json& object, const std::string& key) {
  const Json& j = member(object, key);
  if (!j.is_number()) return std::nullopt;
  const double value = j.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string word(const Json& object, const std::string& key) {
  const Json& j = member(object, key);
  return j.is_string() ? j.get<std::string>() : j.dump();
}

std::optional<std::int64_t> at_least_one(const Json& object, const std::string& key) {
  const auto value = finite(object, key);
  return value && *value >= 1 && *value < 1e12 ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

std::int64_t samples_of(const Json& estimate) {
  const Json& samples = member(estimate, "samples");
  return samples.is_array() ? std::ssize(samples) : at_least_one(estimate, "n").value_or(0);
}

bool looks_products_up(const std::string& id) {
  const auto known = std::ranges::find(all_variants(), id, &Variant::id);
  return known != all_variants().end() ? known->info->techniques.has(Technique::tmac)
                                       : id.starts_with("ternary_matmul/tmac");
}

std::set<std::string> states_of(const Json& measured) {
  std::set<std::string> states;
  for (const char* key : {"samples", "sample_states"}) {
    each(member(measured, key), [&](const Json& s, std::size_t) {
      if (member(s, "state").is_string()) states.insert(word(s, "state"));
    });
  }
  if (states.empty() && member(measured, "state").is_string()) states.insert(word(measured, "state"));
  return states;
}

Json as_run(const Json& document) {
  const bool attribution = member(document, "schema").is_null() && member(document, "techniques").is_array() &&
                           member(document, "cells_total").is_number();
  if (!attribution) return document;
  Json arms = Json::array();
  each(member(document, "cells"), [&](const Json& cell, std::size_t) {
    Json arm = cell;
    each(member(document, "profiles"), [&](const Json& profile, std::size_t) {
      if (arm.is_object() && profile.is_object() && word(profile, "recipe") == word(arm, "recipe")) arm.update(profile);
    });
    arms.push_back(std::move(arm));
  });
  return {{"model", {{"layers", member(document, "layers")}}},
          {"ceilings", member(document, "ceilings")},
          {"arms", std::move(arms)},
          {"attribution", document}};
}

}  // namespace bitproof::audit
