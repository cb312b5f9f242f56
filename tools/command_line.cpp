#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "error.hpp"
#include "nearest.hpp"
#include "terminal.hpp"

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

std::vector<std::string> words_in_braces(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

}  // namespace

Option& Option::between(int low, int high) {
  option_->check(CLI::Range(low, high).description(""));
  return *this;
}

Option& Option::one_of(std::vector<std::string> words) {
  option_->check(CLI::IsMember(std::move(words)));
  return *this;
}

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::excludes(const std::string& other) {
  option_->excludes(other);
  return *this;
}

template <class Value>
Option Subcommand::option(const char* name, Value& value, const char* what) {
  CLI::Option* option = app_->add_option(name, value, what);
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) option->allow_extra_args(name[0] != '-');
  if (value != Value{}) option->capture_default_str();
  return Option(option);
}
template Option Subcommand::option(const char*, std::string&, const char*);
template Option Subcommand::option(const char*, int&, const char*);
template Option Subcommand::option(const char*, std::int64_t&, const char*);
template Option Subcommand::option(const char*, double&, const char*);
template Option Subcommand::option(const char*, std::uint64_t&, const char*);
template Option Subcommand::option(const char*, std::optional<std::int64_t>&, const char*);
template Option Subcommand::option(const char*, std::optional<std::string>&, const char*);
template Option Subcommand::option(const char*, std::vector<std::string>&, const char*);

Option Subcommand::flag(const char* name, bool& value, const char* what) {
  return Option(app_->add_flag(name, value, what));
}

void Subcommand::examples(std::vector<std::string> lines) {
  app_->footer(fmt::format("Examples:\n  {}", fmt::join(lines, "\n  ")));
}

void Subcommand::hidden() { app_->group(""); }

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>("Honest benchmarks and checks for ternary LLM kernels", "bitproof")) {
  app_->require_subcommand(1);
  app_->get_formatter()->column_width(36);
}

CommandLine::~CommandLine() = default;

Subcommand CommandLine::add(const char* name, const char* what, std::function<int()> run) {
  CLI::App* sub = app_->add_subcommand(name, what);
  sub->add_flag("-q,--quiet", quiet_, "no progress on standard error");
  sub->callback([this, run = std::move(run)] { command_ = run; });
  return Subcommand(sub);
}

std::vector<CommandHelp> CommandLine::describe() const {
  std::vector<CommandHelp> all;
  for (const CLI::App* command : app_->get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;
    CommandHelp help{command->get_name(), command->get_description(), {}, {}};
    for (const CLI::Option* o : command->get_options([](const CLI::Option*) { return true; })) {
      const std::string type = o->get_type_size() == 0 ? "" : o->get_type_name();  // "TEXT:{op,technique}"
      help.options.push_back({.names = o->get_name(o->get_positional(), true),
                              .value = type.substr(0, type.find(':')),
                              .what = o->get_description(),
                              .default_value = o->get_default_str(),
                              .choices = words_in_braces(type),
                              .required = o->get_required()});
    }
    const std::string footer = command->get_footer();
    for (std::size_t at = footer.find("\n  "); at != std::string::npos;) {
      const std::size_t next = footer.find("\n  ", at + 3);
      help.examples.push_back(footer.substr(at + 3, next == std::string::npos ? next : next - at - 3));
      at = next;
    }
    all.push_back(std::move(help));
  }
  return all;
}

// An option that nobody knows is most often one that was mistyped.
void CommandLine::refuse(const std::string& why, const std::vector<std::string>& arguments) const {
  const auto parsed = app_->get_subcommands();
  if (parsed.empty()) throw BadInput("{}; see `bitproof --help`", why);
  std::vector<std::string> known;
  for (const CLI::Option* o : parsed[0]->get_options([](const CLI::Option*) { return true; })) {
    for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& raw : arguments) {
    const std::string a = raw.substr(0, raw.find('='));
    if (!a.starts_with("--") || a.size() == 2 || why.find(a) == std::string::npos) continue;
    if (std::find(known.begin(), known.end(), a) != known.end()) continue;
    throw BadInput("{}; did you mean {}? See `bitproof {} --help`", why, nearest(a, known), parsed[0]->get_name());
  }
  throw BadInput("{}; see `bitproof {} --help`", why, parsed[0]->get_name());
}

void CommandLine::require_known_command(const std::vector<std::string>& arguments) const {
  if (!arguments.empty() && arguments[0].starts_with('-')) return;
  std::vector<std::string> names;
  for (const CLI::App* command : app_->get_subcommands([](const CLI::App*) { return true; })) {
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
  const std::vector<std::string> given = arguments;
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a stack
  try {
    app_->parse(arguments);
  } catch (const CLI::Success& e) {
    return app_->exit(e);
  } catch (const CLI::ParseError& e) {
    refuse(e.what(), given);
  }
  if (!google.empty() && !google_command_->parsed()) {
    throw BadInput("{} is for `bitproof {}`", google[0], google_command_->get_name());
  }
  if (google_flags_) *google_flags_ = google;
  if (quiet_) silence_progress();
  return command_();
}

}  // namespace bitproof
