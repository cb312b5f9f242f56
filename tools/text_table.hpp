// A plain-text table: every column is as wide as its widest cell, columns are two spaces apart. Cells are printed
// as one_line has them; verdicts have colour where standard output is a terminal.
#pragma once

#include <string>
#include <vector>

namespace bitproof {

class TextTable {
 public:
  // One character a column: '<' text, '>' a number.
  explicit TextTable(std::string alignment) : alignment_(std::move(alignment)) {}

  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // A line of its own, over the rows below it.
  void heading(std::string text) { rows_.push_back({std::move(text)}); }
  void print() const;  // to standard output

 private:
  std::string alignment_;
  std::vector<std::vector<std::string>> rows_;  // one cell: a heading
};

}  // namespace bitproof
