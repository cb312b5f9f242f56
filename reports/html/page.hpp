// One self-contained page: it opens from disk and asks for nothing from anywhere.
#pragma once

#include <string>
#include <vector>

#include "reports/html/figure.hpp"

namespace bitproof::html {

struct Section {
  std::string id, title;
  std::string markup;
};

struct Page {
  std::string title;
  std::string header;  // markup: the answer
  std::vector<Section> sections;
};

// Vega, Vega-Lite and vega-embed, in that order, as found in the folder (node_modules after tools/setup); "" where they
// are not there: the page then says so, and its tables still hold every number.
std::string chart_library(const std::string& node_modules);

// The library that tools/setup installed beside this source tree, or in the folder that BITPROOF_CHARTS names.
const std::string& installed_charts();

// `library`: what draws the charts, from chart_library.
std::string document(const Page& page, const std::string& library);

// Markup of a paragraph and of a list, from text.
std::string paragraph(const std::string& text);
std::string list(const std::vector<std::string>& items);

}  // namespace bitproof::html
