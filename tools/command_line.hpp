// The command line of `bitproof`. A sub-command puts itself on it from its own file: add_<name>, listed in
// commands.hpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bitproof {

class CommandLine {
 public:
  CommandLine();

  // A sub-command, and the options that parsing fills in before run is called with them. Both live as long as this.
  template <class Options>
  std::pair<CLI::App*, Options&> add(const char* name, const char* what, int (*run)(const Options&)) {
    const auto options = std::make_shared<Options>();
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->callback([this, options, run] { command_ = [options, run] { return run(*options); }; });
    return {sub, *options};
  }

  // Google Benchmark's own flags are not ours to parse: they are set aside, in order, for this sub-command alone.
  void pass_google_flags(CLI::App* sub, std::vector<std::string>& to) {
    google_command_ = sub;
    google_flags_ = &to;
  }

  // The exit code of the sub-command that the arguments name. Throws BadInput for arguments that mean nothing.
  int parse_and_run(std::vector<std::string> arguments);

 private:
  void require_known_command(const std::vector<std::string>& arguments) const;

  CLI::App app_;
  std::function<int()> command_;
  CLI::App* google_command_ = nullptr;
  std::vector<std::string>* google_flags_ = nullptr;
};

// What several sub-commands ask of their options.
inline CLI::Validator between(int low, int high) { return CLI::Range(low, high).description(""); }
inline CLI::Validator valid_threads() { return between(1, 64); }
inline CLI::Validator valid_positions() { return between(0, 1'000'000); }
inline CLI::Validator at_least_one() { return between(1, 1'000'000); }

inline void add_json(CLI::App* sub, bool& json) {
  sub->add_flag("--json", json, "one JSON object on standard output instead of text");
}

}  // namespace bitproof
