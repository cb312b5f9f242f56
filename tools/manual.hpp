// The man page, bitproof(1), and the completion of shells: both from the sub-commands as they are, so neither can be
// out of date.
#pragma once

#include <span>
#include <string>

#include "command_line.hpp"

namespace bitproof {

std::string man_page(std::span<const CommandHelp> commands);

// For bash, and for zsh through its bashcompinit. `variants`: their ids, which check, bench and compare take.
std::string bash_completion(std::span<const CommandHelp> commands, std::span<const std::string> variants);

}  // namespace bitproof
