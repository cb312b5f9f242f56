#include "reports/html/figure.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "reports/html/assets.hpp"

namespace bitproof::html {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::string bracketed(const Json& row, const std::string& key) {
  const Json low = row.value(key + "_low", Json()), high = row.value(key + "_high", Json());
  if (!low.is_number() || !high.is_number()) return "";
  return " [" + number(low.get<double>()) + ", " + number(high.get<double>()) + "]";
}

// The sign before a verdict: colour alone tells nothing to some.
struct Sign {
  const char *look, *sign;
};

Sign sign_of(const std::string& verdict) {
  const auto begins = [&](std::initializer_list<const char*> words) {
    return std::ranges::any_of(words, [&](const char* w) { return verdict.starts_with(w); });
  };
  if (begins({"EARNED", "FASTER", "engaged", "ok", "passed", "possible", "killed", "HOLDS"})) return {"good", "\u2713"};
  if (begins({"COST", "SLOWER", "FAILED", "IMPOSSIBLE", "NOT ENGAGED", "BROKEN", "MISTRUSTED", "FALLBACK", "SURVIVED",
              "WRONG", "CONTRADICTED"})) {
    return {"bad", "\u2717"};
  }
  return {"open", "\u25CB"};
}

std::string plain(const Json& value) {
  if (value.is_string()) return escape(value.get<std::string>());
  if (value.is_number()) return number(value.get<double>());
  return escape(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string shown(const Json& row, const Column& column) {
  const Json& value = row.at(column.key);
  switch (column.form) {
    case Form::code:
      return "<code>" + plain(value) + "</code>";
    case Form::percent:
      return value.is_number() ? number(100 * value.get<double>()) + " %" : plain(value);
    case Form::interval:
      return plain(value) + bracketed(row, column.key);
    case Form::mark: {
      const Sign sign = sign_of(value.is_string() ? value.get<std::string>() : "");
      return fmt::format("<span class=\"mark {}\"><span aria-hidden=\"true\">{}</span> {}</span>", sign.look, sign.sign,
                         plain(value));
    }
    case Form::repro:
      return fmt::format(
          "<span class=\"repro\"><code>{}</code><button type=\"button\" class=\"copy\">copy</button></span>",
          plain(value));
    case Form::text:
    case Form::number:
      break;
  }
  return plain(value);
}

// Fields that a specification draws or tells.
void fields_of(const Json& node, std::set<std::string>& fields) {
  if (!node.is_structured()) return;
  if (node.is_object() && node.contains("field")) fields.insert(node.at("field").get<std::string>());
  for (const Json& child : node) fields_of(child, fields);
}

bool is_numeric(Form form) { return form == Form::number || form == Form::percent || form == Form::interval; }

std::string head(const Dataset& data) {
  std::string out = "<thead><tr>";
  for (const Column& c : data.columns) {
    const std::string hover = c.source.empty() ? "" : fmt::format(" title=\"{}\"", escape(c.source));
    out += fmt::format("<th scope=\"col\"{}{}>{}</th>", is_numeric(c.form) ? " class=\"number\"" : "", hover,
                       escape(c.title));
  }
  return out + "</tr></thead>";
}

std::string table(const Dataset& data) {
  std::string out = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + escape(data.title) +
                    "\"><table><caption>" + escape(data.title) + "</caption>" + head(data) + "<tbody>";
  for (const Json& row : data.rows) {
    out += "<tr>";
    for (const Column& c : data.columns) {
      out += (is_numeric(c.form) ? "<td class=\"number\">" : "<td>") + cell(row, c) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

// What hovering shows, for those who cannot hover.
std::string sources(const Figure& figure) {
  std::string list;
  for (const Dataset& d : figure.data) {
    for (const Column& c : d.columns) {
      if (!c.source.empty()) list += fmt::format("<dt>{}</dt><dd>{}</dd>", escape(c.title), escape(c.source));
    }
  }
  if (list.empty()) return "";
  return "<details class=\"sources\"><summary>Where these numbers come from</summary><dl>" + list + "</dl></details>\n";
}

// JSON inside a script element: nothing in it may end the element or start a comment.
std::string inside_script(const Json& json) {
  std::string safe;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<' || c == '>' || c == '&') {
      safe += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

bool Dataset::shows(const std::string& field) const {
  return std::ranges::any_of(columns, [&](const Column& c) {
    return c.key == field || (c.form == Form::interval && (c.key + "_low" == field || c.key + "_high" == field));
  });
}

std::string escape(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      case '\n':
        safe += ' ';
        break;
      default:
        static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? safe += kReplacement : safe += c;
    }
  }
  return safe;
}

std::string cell(const Json& row, const Column& column) {
  if (row.contains(column.key) && !row.at(column.key).is_null()) return shown(row, column);
  const Json why = row.value(column.key + "_why", Json());
  if (!why.is_string()) return "<span class=\"none\">\u2013</span>";
  return "<span class=\"none\">none: " + escape(why.get<std::string>()) + "</span>";
}

Json specification(const Figure& figure) {
  Json spec = Json::parse(chart(figure.chart));
  std::set<std::string> fields;
  fields_of(spec, fields);
  for (const std::string& field : fields) {
    if (std::ranges::none_of(figure.data, [&](const Dataset& d) { return d.shows(field); })) {
      throw std::logic_error(
          fmt::format("chart {} shows '{}', which is in no table of figure {}", figure.chart, field, figure.id));
    }
  }
  spec["datasets"] = Json::object();
  for (const Dataset& d : figure.data) spec["datasets"][d.name] = d.rows;
  if (!figure.parameters.empty()) {
    spec["params"] = Json::array();
    for (const auto& [name, value] : figure.parameters.items())
      spec["params"].push_back({{"name", name}, {"value", value}});
  }
  return spec;
}

std::string markup(const Figure& figure) {
  const std::string id = escape(figure.id);
  std::string out = fmt::format("<figure id=\"{}\">\n<figcaption><h3>{}</h3><p>{}</p></figcaption>\n", id,
                                escape(figure.title), escape(figure.caption));
  if (!figure.chart.empty()) {
    out += fmt::format(
        "<div class=\"chart\" data-spec=\"{0}-spec\" data-name=\"{1}\"><p class=\"undrawn\">This chart is not drawn: "
        "the page has no chart library, or no scripts run. The table has every number of it.</p></div>\n"
        "<script type=\"application/json\" id=\"{0}-spec\">{2}</script>\n",
        id, escape(figure.title + ". " + figure.caption), inside_script(specification(figure)));
  }
  std::string open, folded;
  for (const Dataset& d : figure.data) (figure.folded || d.folded ? folded : open) += table(d);
  out += open;
  if (!folded.empty()) out += "<details><summary>All numbers as a table</summary>\n" + folded + "</details>\n";
  return out + sources(figure) + "</figure>\n";
}

}  // namespace bitproof::html
