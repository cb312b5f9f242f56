// Results as JSON: the one form that every report is made from. Times in ns, sizes in bytes, rates in GB/s (1e9),
// fractions 0..1. What is missing is null with a sibling *_why, never 0. Each object that holds numbers says in
// `provenance` whether they were measured, derived (and how) or claimed.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "arm.hpp"
#include "ceiling_table.hpp"
#include "check.hpp"
#include "machine.hpp"
#include "physics.hpp"
#include "placement.hpp"
#include "registry.hpp"

namespace bitproof {

using Json = nlohmann::ordered_json;

inline constexpr const char* kSchema = "bitproof-run/1";

// A value or null with a reason: object[key], object[key + "_why"].
inline void put(Json& object, const std::string& key, const std::optional<double>& value, const std::string& why) {
  if (value) {
    object[key] = *value;
  } else {
    object[key] = nullptr;
    object[key + "_why"] = why;
  }
}

Json to_json(const Census& c);  // of the functions that do an op's work, by disassembly
Json to_json(const Variant& v);
Json to_json(const CheckSummary& s);
Json to_json(const Estimate& e);  // with its samples
Json to_json(const Machine& m);
Json to_json(const Load& l);

Json to_json(const CeilingTable& t);

Json to_json(const Judgement& j);  // derived: the verdict of the physics gate, and what it rests on

// One arm, with its samples, profile, ledger and witnesses; the ceiling it is held against by thread count and state.
Json to_json(const Arm& arm, const CeilingTable& ceilings, std::int64_t depth);

}  // namespace bitproof
