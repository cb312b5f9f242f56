// What a page is made of: text and figures. A figure is rows of data, shown as a table, and perhaps a chart of the same
// rows, so no number of a chart is missing from the tables.
#pragma once

#include <string>
#include <vector>

#include "reports/look.hpp"

namespace bitproof::html {

// How a cell is shown. interval: row[key] with row[key + "_low"] and row[key + "_high"]. mark: a verdict in words, with
// a sign and a colour. repro: a command line, with a button that copies it.
enum class Form { text, code, number, percent, interval, mark, repro };

struct Column {
  std::string key, title;
  Form form = Form::text;
  std::string source{};  // provenance: measured, derived and how, modelled or claimed; no column of numbers lacks it
};
inline constexpr const char* kSetting = "setting: chosen, not measured";
inline constexpr const char* kCounted = "counted";

// Rows under one set of columns. A cell that is null or missing is a dash, with row[key + "_why"] as the reason.
struct Dataset {
  std::string name;  // by which the chart's specification calls it
  std::string title;
  std::vector<Column> columns;
  Json rows = Json::array();
  bool folded = false;  // behind a click

  bool shows(const std::string& field) const;  // some column shows row[field]
};

struct Figure {
  std::string id, title;
  std::string caption;  // what is seen in it, in words
  std::string chart{};  // name of a specification in charts/; "": only tables
  std::vector<Dataset> data{};
  bool folded = false;               // all tables behind a click
  Json parameters = Json::object();  // of the specification: what it reads as `params`
};

// Text made safe between tags and inside quoted attributes. Control characters (a terminal's, too) become U+FFFD.
std::string escape(const std::string& text);

std::string cell(const Json& row, const Column& column);  // its markup
std::string markup(const Figure& figure);

// The Vega-Lite specification of a figure with its rows inside. Throws std::logic_error for a field that no table
// shows.
Json specification(const Figure& figure);

}  // namespace bitproof::html
