// Is a claims file a true and complete copy of its report?
#pragma once

#include <string>
#include <vector>

#include "reports/audit/claims.hpp"

namespace bitproof::audit {

// One line for each quote that its line does not hold, and for each line with figures that no claim quotes or repeats.
// Ordinals at the beginning of a line ("1.", "2)") are no figures.
std::vector<std::string> transcription_faults(const Report& report, const std::string& original);

}  // namespace bitproof::audit
