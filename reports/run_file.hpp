// The run.json of a finished run, back from disk: the one reader that every format starts from.
#pragma once

#include <string>

#include "reports/json.hpp"

namespace bitproof {

// The text of a run.json. Throws BadInput, naming the path, unless it is whole JSON of sane depth.
Json parse_run(const std::string& text, const std::string& path);

// The report of a run.json in `format`: "md", or "json" (the run itself, laid out anew). Throws BadInput, naming the
// path, when the text is no run of this schema.
std::string report(const std::string& text, const std::string& path, const std::string& format);

}  // namespace bitproof
