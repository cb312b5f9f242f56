// The command line of `bitproof`. A sub-command puts itself on it from its own file: add_<name>, listed in
// commands.hpp. Only command_line.cpp knows the library that parses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bitproof {

// A sub-command as its help tells it: what the man page and the completion of shells are made from.
struct OptionHelp {
  std::string names;  // "-o,--output", or without dashes the name of an operand
  std::string value;  // what follows it: "TEXT", "INT"; "" for a flag
  std::string what, default_value;
  std::vector<std::string> choices;
  bool required = false;
};
struct CommandHelp {
  std::string name, what;
  std::vector<OptionHelp> options;
  std::vector<std::string> examples;
};

// What an option demands of its value. The same arguments fail in the same words on every sub-command.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option& between(int low, int high);
  Option& at_least_one() { return between(1, 1'000'000); }
  Option& threads() { return between(1, 64); }
  Option& positions() { return between(0, 1'000'000); }
  Option& one_of(std::vector<std::string> words);
  Option& required();
  Option& excludes(const std::string& other);

 private:
  CLI::Option* option_;
};

class Subcommand {
 public:
  explicit Subcommand(CLI::App* app) : app_(app) {}

  // An option, or without dashes an operand. Its default is shown in the help unless it is empty or zero, which stand
  // for what the text says. Value: std::string, int, std::int64_t, std::uint64_t, double, std::optional<std::int64_t>,
  // or std::vector<std::string>, which takes one element each time the option is given, and as an operand all there
  // are.
  template <class Value>
  Option option(const char* name, Value& value, const char* what);

  Option flag(const char* name, bool& value, const char* what);
  // Shown in the help and the man page; tests run them, in the order of the commands.
  void examples(std::vector<std::string> lines);
  void hidden();  // left out of the help: what programs start, not people
  Option ceiling_rounds(int& value) {
    return option("--ceiling-rounds", value, "of what memory, caches and cores do at best; 0: not measured")
        .between(0, 1000);
  }
  Option json(bool& value) { return flag("--json", value, "one JSON object on standard output instead of text"); }

 private:
  friend class CommandLine;
  CLI::App* app_;
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();

  // A sub-command, and the options that parsing fills in before run is called with them. Both live as long as this.
  template <class Options>
  std::pair<Subcommand, Options&> add(const char* name, const char* what, int (*run)(const Options&)) {
    const auto options = std::make_shared<Options>();
    return {add(name, what, [options, run] { return run(*options); }), *options};
  }

  // Google Benchmark's own flags are not ours to parse: they are set aside, in order, for this sub-command alone.
  void pass_google_flags(const Subcommand& sub, std::vector<std::string>& to) {
    google_command_ = sub.app_;
    google_flags_ = &to;
  }

  std::vector<CommandHelp> describe() const;  // in the order they were added, without what is hidden

  // The exit code of the sub-command that the arguments name. Throws BadInput for arguments that mean nothing.
  int parse_and_run(std::vector<std::string> arguments);

 private:
  Subcommand add(const char* name, const char* what, std::function<int()> run);
  [[noreturn]] void refuse(const std::string& why, const std::vector<std::string>& arguments) const;
  void require_known_command(const std::vector<std::string>& arguments) const;

  std::unique_ptr<CLI::App> app_;
  std::function<int()> command_;
  bool quiet_ = false;
  const CLI::App* google_command_ = nullptr;
  std::vector<std::string>* google_flags_ = nullptr;
};

}  // namespace bitproof
