// Text for XML 1.0 attributes and elements.
#pragma once

#include <string>

namespace bitproof {

// Markup is escaped, and what XML 1.0 cannot hold (control characters, U+FFFE, U+FFFF) becomes a space. `text` is
// UTF-8.
std::string escape_xml(const std::string& text);

}  // namespace bitproof
