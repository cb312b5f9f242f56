#include "text_table.hpp"

#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>

#include "error.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

// Characters, not bytes.
std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& cell, std::size_t width, char alignment) {
  const std::string space(width - std::min(width, columns(cell)), ' ');
  return alignment == '<' ? cell + space : space + cell;
}

// Verdicts stand out on a terminal; the word itself says the same.
fmt::text_style style_of(const std::string& cell) {
  const auto is = [&](std::initializer_list<const char*> words) {
    return std::ranges::any_of(words, [&](const char* w) { return cell == w; });
  };
  if (is({"ok", "EARNED", "FASTER", "HOLDS", "runnable"})) return fmt::fg(fmt::terminal_color::green);
  if (is({"unfit", "COST", "SLOWER", "FAILED", "IMPOSSIBLE", "NOT ENGAGED", "CONTRADICTED"})) {
    return fmt::emphasis::bold | fmt::fg(fmt::terminal_color::red);
  }
  if (is({"watch", "unknown", "AMBIGUOUS", "no effect shown", "not measured", "not judged"}))
    return fmt::fg(fmt::terminal_color::yellow);
  return {};
}

}  // namespace

void TextTable::print() const {
  std::vector<std::vector<std::string>> rows = rows_;
  std::vector<std::size_t> width(alignment_.size());
  for (auto& cells : rows) {
    for (std::string& cell : cells) cell = one_line(cell);
    for (std::size_t i = 0; cells.size() > 1 && i < cells.size(); ++i) width[i] = std::max(width[i], columns(cells[i]));
  }
  const bool colour = colour_on_output();
  for (const auto& cells : rows) {
    if (cells.size() == 1) {
      fmt::print("{}\n", cells[0]);
      continue;
    }
    std::string line;
    std::size_t pending = 0;  // spaces that are written only when something follows
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string text = padded(cells[i], width[i], alignment_[i]);
      const std::size_t end = text.find_last_not_of(' ');
      pending += 2;
      if (end == std::string::npos) {
        pending += text.size();
        continue;
      }
      line.append(pending, ' ');
      const std::string shown = text.substr(0, end + 1);
      const fmt::text_style style = colour ? style_of(cells[i]) : fmt::text_style{};
      line += style.has_foreground() ? fmt::format(style, "{}", shown) : shown;
      pending = text.size() - end - 1;
    }
    fmt::print("{}\n", line);
  }
}

}  // namespace bitproof
