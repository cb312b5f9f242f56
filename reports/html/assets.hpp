// What a page is laid out and drawn with, compiled in from the files beside this one (reports/CMakeLists.txt).
#pragma once

#include <string>
#include <string_view>

namespace bitproof::html {

extern const std::string_view kStyle;   // page.css
extern const std::string_view kScript;  // page.js

// charts/<name>.vl.json: a Vega-Lite specification without its data. Throws std::out_of_range.
std::string_view chart(const std::string& name);

}  // namespace bitproof::html
