// Files that are whole or not there: written beside their place, flushed, then renamed over it.
#pragma once

#include <string>

namespace bitproof {

// Throws BadInput naming the path, the reason and what to do; the previous file, if any, is then untouched.
void write_file(const std::string& path, const std::string& content);

std::string read_file(const std::string& path);  // throws BadInput

// Creates the folder and proves that it can be written to, before hours of work depend on it. Throws BadInput.
void make_folder(const std::string& path);

}  // namespace bitproof
