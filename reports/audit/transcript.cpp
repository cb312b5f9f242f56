#include "reports/audit/transcript.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "error.hpp"

namespace bitproof::audit {
namespace {

// Signs that were written as UTF-8 and read as Windows-1252 on their way, as they were meant.
std::string repaired(std::string line) {
  static const std::pair<std::string, std::string> kBroken[] = {
      {"\u00c3\u2014", "\u00d7"}, {"\u00e2\u2030\u02c6", "\u2248"}, {"\u00e2\u2020\u2019", "\u2192"}};
  for (const auto& [broken, meant] : kBroken) {
    for (std::size_t at = line.find(broken); at != std::string::npos; at = line.find(broken, at))
      line.replace(at, broken.size(), meant);
  }
  return line;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(repaired(line));
  return lines;
}

// "Phase 2" names something, as a figure does not.
bool is_label(const std::string& line, std::size_t at) {
  static constexpr const char* kLabels[] = {"Phase ", "PHASE ", "Test ", "Tier ", "Scenario ", "Buffer ", "#"};
  return std::any_of(std::begin(kLabels), std::end(kLabels), [&](const std::string& label) {
    return at >= label.size() && line.compare(at - label.size(), label.size(), label) == 0;
  });
}

// What a person would call a figure: a run of digits, with its separators, that is no part of a word and no label.
std::vector<std::string> figures(const std::string& line) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  std::vector<std::string> found;
  for (std::size_t i = 0; i < line.size();) {
    if (!digit(line[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < line.size() && (digit(line[end]) || ((line[end] == '.' || line[end] == ',') && end + 1 < line.size() &&
                                                      digit(line[end + 1]))))
      ++end;
    const bool in_word = i > 0 && letter(line[i - 1]);
    const bool first = std::none_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](char c) { return letter(c) || digit(c); });
    const bool ordinal = first && end < line.size() && (line[end] == '.' || line[end] == ')');
    if (!in_word && !ordinal && !is_label(line, i)) found.push_back(line.substr(i, end - i));
    i = end;
  }
  return found;
}

}  // namespace

std::vector<std::string> transcription_faults(const Report& report, const std::string& original) {
  const std::vector<std::string> lines = lines_of(original);
  std::vector<std::string> faults;
  std::vector<std::vector<std::string>> quoted(lines.size() + 1);  // figures that claims take from each line
  for (const Claim& c : report.claims) {
    const auto line = static_cast<std::size_t>(c.line);
    if (line > lines.size() || lines[line - 1].find(c.quote) == std::string::npos) {
      faults.push_back(fmt::format("claim '{}': line {} does not say \"{}\"", c.id, c.line, c.quote));
      continue;
    }
    const auto take = [&](std::size_t at, const std::string& text) {
      const auto f = figures(text);
      quoted[at].insert(quoted[at].end(), f.begin(), f.end());
    };
    take(line, c.quote);
    for (const std::int64_t also : c.also) {
      const auto at = static_cast<std::size_t>(also);
      const auto own = figures(c.value ? c.printed : c.text);
      const bool there = at >= 1 && at <= lines.size() &&
                         std::all_of(own.begin(), own.end(),
                                     [&](const std::string& f) { return lines[at - 1].find(f) != std::string::npos; });
      if (there) {
        quoted[at].insert(quoted[at].end(), own.begin(), own.end());
      } else {
        faults.push_back(fmt::format("claim '{}': line {} does not repeat {}", c.id, also, c.shown()));
      }
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& f : figures(lines[i])) {
      auto& taken = quoted[i + 1];
      if (std::find(taken.begin(), taken.end(), f) != taken.end()) continue;
      faults.push_back(fmt::format("line {}: no claim has its {}: {}", i + 1, f, lines[i]));
    }
  }
  return faults;
}

}  // namespace bitproof::audit
