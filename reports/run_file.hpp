// The run.json of a finished run, back from disk: the one reader that every report, history and comparison starts from.
#pragma once

#include <span>
#include <string>

#include "reports/json.hpp"

namespace bitproof {

// The text of a run.json. Throws BadInput, naming the path and what is wrong, unless it is one whole JSON document, of
// sane depth and of one machine.
Json parse_run(const std::string& text, const std::string& path);

// The same, which is also of this schema, and whose times are all finite and above 0 and have their samples.
Json sound_run(const std::string& text, const std::string& path);

// The formats that `report` knows: md, json (the run itself, laid out anew), and those of exports.hpp.
std::span<const std::string> report_formats();

// The report of a run.json in `format`. Throws BadInput as sound_run does.
std::string report(const std::string& text, const std::string& path, const std::string& format);

}  // namespace bitproof
