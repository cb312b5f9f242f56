#include "text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bitproof {

void TextTable::print() const {
  std::vector<std::size_t> width(alignment_.size());
  for (const auto& cells : rows_) {
    for (std::size_t i = 0; cells.size() > 1 && i < cells.size(); ++i) width[i] = std::max(width[i], cells[i].size());
  }
  for (const auto& cells : rows_) {
    std::string line = cells.size() > 1 ? "" : cells[0];
    for (std::size_t i = 0; cells.size() > 1 && i < cells.size(); ++i) {
      const auto format = alignment_[i] == '<' ? fmt::runtime("  {:<{}}") : fmt::runtime("  {:>{}}");
      line += fmt::format(format, cells[i], width[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

}  // namespace bitproof
