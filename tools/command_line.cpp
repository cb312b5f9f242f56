#include "command_line.hpp"

#include <algorithm>

#include "error.hpp"
#include "nearest.hpp"

namespace bitproof {
namespace {

std::vector<std::string> take_google_flags(std::vector<std::string>& arguments) {
  std::vector<std::string> google;
  std::erase_if(arguments, [&](const std::string& a) {
    const bool theirs = a.starts_with("--benchmark_");
    if (theirs) google.push_back(a);
    return theirs;
  });
  return google;
}

}  // namespace

CommandLine::CommandLine() : app_("Honest benchmarks and checks for ternary LLM kernels", "bitproof") {
  app_.require_subcommand(1);
  app_.get_formatter()->column_width(36);
}

void CommandLine::require_known_command(const std::vector<std::string>& arguments) const {
  if (!arguments.empty() && arguments[0].starts_with('-')) return;
  std::vector<std::string> names;
  for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (arguments.empty()) throw BadInput("no command: one of {}; see `bitproof --help`", fmt::join(names, ", "));
  if (std::find(names.begin(), names.end(), arguments[0]) != names.end()) return;
  throw BadInput("no command is named '{}'; did you mean {}? See `bitproof --help`", arguments[0],
                 nearest(arguments[0], names));
}

int CommandLine::parse_and_run(std::vector<std::string> arguments) {
  require_known_command(arguments);
  const std::vector<std::string> google = take_google_flags(arguments);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a stack
  try {
    app_.parse(arguments);
  } catch (const CLI::Success& e) {
    return app_.exit(e);
  } catch (const CLI::ParseError& e) {
    const auto parsed = app_.get_subcommands();
    throw BadInput("{}; see `bitproof {}--help`", e.what(), parsed.empty() ? "" : parsed[0]->get_name() + " ");
  }
  if (!google.empty() && !google_command_->parsed()) {
    throw BadInput("{} is for `bitproof {}`", google[0], google_command_->get_name());
  }
  if (google_flags_) *google_flags_ = google;
  return command_();
}

}  // namespace bitproof
