// Claimed beside measured: what a claim's own command of bitproof measures on this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/audit/audit.hpp"
#include "reports/json.hpp"

namespace bitproof::audit {

// The words after "bitproof", and --json. No shell reads them, and the sub-command is one that only measures: a claims
// file is somebody else's. Throws BadInput.
std::vector<std::string> arguments_of(const std::string& command);

// Throws BadInput for a path that number_at could not follow in any document.
void require_path(const std::string& path);

// The number at "results[case=rows=64].gop_per_s": keys and, in lists, the first object that has a key of that value.
// Nothing where it is null, no number or not there.
std::optional<double> number_at(const Json& printed, const std::string& path);

struct Reproduced {
  const Claim* claim;
  std::optional<double> value{};  // in the bases of the claim's unit
  std::string why{};              // it has no value
  double seconds = 0;             // of the command
};

// What one command has to say of a claim that names it: the number, or why there is none. `exit_code` 1 is a failed
// gate, which leaves no number of anything but a check; `words` is the last line that it wrote to standard error.
Reproduced reproduced(const Claim& claim, const Json& printed, int exit_code, const std::string& words);

std::string reproduction_text(const Docket& docket, const std::vector<Reproduced>& all, const std::string& here);
// reproduced: [{id, claimed, measured, measured_why, measured_over_claimed, command, seconds, claimed_on, same_cpu}],
// machine.
Json reproduction_json(const Docket& docket, const std::vector<Reproduced>& all, const std::string& here);

}  // namespace bitproof::audit
