#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "shell_words.hpp"

namespace bitproof {

int replay_command(const ReplayOptions& options) {
  std::vector<std::string> arguments = split_words(options.repro);
  if (!arguments.empty() && arguments[0].ends_with("bitproof")) arguments.erase(arguments.begin());
  if (arguments.empty() || arguments[0] == "replay") {
    throw BadInput("replay: '{}' is not a repro line; quote the whole line, as: bitproof replay 'bitproof check ...'",
                   options.repro);
  }
  return dispatch(arguments);
}

void add_replay(CommandLine& line) {
  auto [sub, o] = line.add("replay", "runs a repro line of a report", replay_command);
  sub.option("repro", o.repro, "the line, quoted").required();
  sub.examples({"bitproof replay 'bitproof check rope/scalar --suite smoke'"});
}

}  // namespace bitproof
