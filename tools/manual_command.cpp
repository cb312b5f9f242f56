#include <fmt/format.h>

#include "commands.hpp"
#include "manual.hpp"
#include "registry.hpp"

namespace bitproof {

int man_command(const ManualOptions& options) {
  fmt::print("{}", man_page(options.line->describe()));
  return kOk;
}

int completion_command(const CompletionOptions& options) {
  std::vector<std::string> ids;
  for (const Variant& v : all_variants()) ids.push_back(v.id);
  fmt::print("{}", bash_completion(options.line->describe(), ids));
  return kOk;
}

void add_man(CommandLine& line) {
  auto [sub, o] = line.add("man", "this manual as a man page", man_command);
  o.line = &line;
  sub.examples({"bitproof man > bitproof.1"});
}

void add_completion(CommandLine& line) {
  auto [sub, o] =
      line.add("completion", "completion of commands, options and variants for a shell", completion_command);
  o.line = &line;
  sub.option("shell", o.shell, "shell (zsh: with bashcompinit)").one_of({"bash", "zsh"});
  sub.examples({"source <(bitproof completion bash)"});
}

}  // namespace bitproof
