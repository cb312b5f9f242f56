// A run.json as Markdown: the answer first, then the evidence, then what the run does not show.
#pragma once

#include <string>

#include "reports/json.hpp"

namespace bitproof {

// A pure function of the run; throws BadInput on a document that is not a run of this schema.
std::string markdown(const Json& run);

// Text from outside (names, reasons) made safe for a Markdown table cell.
std::string escape_markdown(const std::string& text);

// The same as a code span, in which nothing but backticks means anything. Not for tables: there | ends a cell.
std::string markdown_code(const std::string& text);

}  // namespace bitproof
