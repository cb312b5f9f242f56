#include "reports/html/page.hpp"

#include <cstdlib>
#include <filesystem>

#include "reports/file.hpp"
#include "reports/html/assets.hpp"

namespace bitproof::html {
namespace {

// Nothing is fetched, whatever the page is given: not by a chart's specification, not by a name that became markup.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:; "
    "base-uri 'none'; form-action 'none'";

std::string navigation(const std::vector<Section>& sections) {
  std::string out =
      "<nav aria-label=\"Sections\"><details open><summary>Contents</summary><ul>\n<li><a "
      "href=\"#answer\">Answer</a></li>\n";
  for (const Section& s : sections)
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escape(s.id), escape(s.title));
  return out + "</ul></details></nav>\n";
}

}  // namespace

std::string chart_library(const std::string& node_modules) {
  std::string all;
  for (const char* file :
       {"vega/build/vega.min.js", "vega-lite/build/vega-lite.min.js", "vega-embed/build/vega-embed.min.js"}) {
    const std::string path = node_modules + "/" + file;
    if (!std::filesystem::is_regular_file(path)) return "";
    all += read_file(path) + "\n";
  }
  // Inside a script element these would end it, or begin what hides its end; in a script's strings they mean the same.
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"</script", "<\\/script"},
                                 std::pair<std::string, std::string>{"<!--", "<\\!--"}}) {
    for (std::size_t at = 0; (at = all.find(from, at)) != std::string::npos; at += to.size())
      all.replace(at, from.size(), to);
  }
  return all;
}

const std::string& installed_charts() {
  static const std::string library = [] {
    const char* folder = std::getenv("BITPROOF_CHARTS");
    return chart_library(folder ? folder : BITPROOF_CHARTS_DIR);
  }();
  return library;
}

std::string document(const Page& page, const std::string& library) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"{}\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
      kPolicy, escape(page.title), kStyle);
  out += "<a class=\"skip\" href=\"#answer\">Skip to the answer</a>\n" + navigation(page.sections);
  out += "<main>\n<header id=\"answer\">\n" + page.header + "</header>\n";
  for (const Section& s : page.sections) {
    out += fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n",
                       escape(s.id), escape(s.title));
    out += s.markup + "</section>\n";
  }
  out += "</main>\n";
  if (!library.empty()) out += "<script>" + library + "</script>\n";
  return out + "<script>\n" + std::string(kScript) + "</script>\n</body>\n</html>\n";
}

std::string paragraph(const std::string& text) { return "<p>" + escape(text) + "</p>\n"; }

std::string list(const std::vector<std::string>& items) {
  std::string out = "<ul>\n";
  for (const std::string& item : items) out += "<li>" + escape(item) + "</li>\n";
  return out + "</ul>\n";
}

}  // namespace bitproof::html
