// Command lines as text: what a repro line is written with and read back by.
#pragma once

#include <string>
#include <vector>

namespace bitproof {

// One word as a POSIX shell and split_words read it back: as it is, or in single quotes.
std::string shell_word(const std::string& word);

// The words of a line: blanks part them, quotes and backslashes mean what they mean to a shell, and nothing else does.
// Throws BadInput for a quote that is not closed.
std::vector<std::string> split_words(const std::string& line);

}  // namespace bitproof
