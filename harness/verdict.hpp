// What a check can say of a variant.
#pragma once

#include <cstdint>
#include <string>

namespace bitproof {

enum class Status : std::uint8_t {
  pass,
  failed,      // outputs violate the gate, or the run did something it must not
  mistrusted,  // the case proves nothing (outputs too uniform): counted as a failure
  fallback,    // another implementation ran than the one named: counted as a failure
  skipped,     // this machine cannot run it: counted and named
};

inline constexpr const char* kStatusNames[] = {"PASS", "FAILED", "MISTRUSTED", "FALLBACK", "SKIPPED"};
inline const char* name(Status s) { return kStatusNames[static_cast<int>(s)]; }

struct Verdict {
  Status status = Status::pass;
  std::string reason{};  // empty on pass
  std::string check{};   // which check decided: "oracle", "guard pages" ...; empty on pass and when skipped

  bool ok() const { return status == Status::pass; }
  static Verdict pass() { return {}; }
  static Verdict failed(std::string why, std::string check = "oracle") {
    return {Status::failed, std::move(why), std::move(check)};
  }
  static Verdict mistrusted(std::string why, std::string check = "trivial outputs") {
    return {Status::mistrusted, std::move(why), std::move(check)};
  }
};

}  // namespace bitproof
