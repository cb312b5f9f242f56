#include <sstream>

#include "commands.hpp"
#include "error.hpp"

namespace bitproof {

int replay_command(const std::string& repro) {
  std::istringstream words(repro);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  if (!arguments.empty() && arguments[0].ends_with("bitproof")) arguments.erase(arguments.begin());
  if (arguments.empty() || arguments[0] == "replay") {
    throw BadInput("replay: '{}' is not a repro line; quote the whole line, as: bitproof replay 'bitproof check ...'",
                   repro);
  }
  return dispatch(arguments);
}

}  // namespace bitproof
