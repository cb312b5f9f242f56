#include "manual.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bitproof {
namespace {

// Text for roff: a dash is a dash, not a hyphen, and no line begins with a request.
std::string roff(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else {
      safe += c;
    }
  }
  return !safe.empty() && (safe[0] == '.' || safe[0] == '\'') ? "\\&" + safe : safe;
}

std::string option_entry(const OptionHelp& o) {
  std::string out = fmt::format(".TP\n.B {}", roff(o.names));
  if (!o.choices.empty()) {
    out += fmt::format(" {}", roff(fmt::format("{}", fmt::join(o.choices, "|"))));
  } else if (!o.value.empty() && o.names.starts_with('-')) {
    out += " " + roff(o.value);
  }
  out += "\n" + roff(o.what);
  if (!o.default_value.empty()) out += fmt::format(" (default: {})", roff(o.default_value));
  if (o.required) out += " (required)";
  return out + "\n";
}

std::string shell_quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + safe + "'";
}

std::string long_names(const CommandHelp& c) {
  std::string words;
  for (const OptionHelp& o : c.options) {
    for (std::size_t at = o.names.find("--"); at != std::string::npos; at = o.names.find("--", at + 2)) {
      words += (words.empty() ? "" : " ") + o.names.substr(at, o.names.find(',', at) - at);
    }
  }
  return words;
}

std::string choices_of(const CommandHelp& c) {
  std::string cases;
  for (const OptionHelp& o : c.options) {
    if (o.choices.empty() || !o.names.starts_with('-')) continue;
    std::string names = o.names;
    std::ranges::replace(names, ',', '|');
    cases += fmt::format("        {}) COMPREPLY=($(compgen -W {} -- \"$word\")); return;;\n", names,
                         shell_quoted(fmt::format("{}", fmt::join(o.choices, " "))));
  }
  return cases.empty() ? "" : "      case $before in\n" + cases + "      esac\n";
}

// Words for an operand: ids, or one of its choices; else files.
std::string operands_of(const CommandHelp& c) {
  if (c.name == "check" || c.name == "bench" || c.name == "compare") return "      operands=$variants\n";
  for (const OptionHelp& o : c.options) {
    if (!o.names.starts_with('-') && !o.choices.empty()) {
      return fmt::format("      operands={}\n", shell_quoted(fmt::format("{}", fmt::join(o.choices, " "))));
    }
  }
  return "";
}

}  // namespace

std::string man_page(std::span<const CommandHelp> commands) {
  std::string out =
      ".TH BITPROOF 1\n.SH NAME\nbitproof \\- honest benchmarks and checks for ternary LLM kernels\n"
      ".SH SYNOPSIS\n.B bitproof\n.I command\n[\n.I options\n]\n"
      ".SH DESCRIPTION\nChecks every kernel variant against an oracle before it may be timed, times it alone, composes "
      "it into\n"
      "the full token loop, and credits only what has a witness.\n.SH COMMANDS\n";
  for (const CommandHelp& c : commands) {
    out += fmt::format(".SS {}\n{}\n", roff(c.name), roff(c.what));
    for (const OptionHelp& o : c.options) out += option_entry(o);
    if (c.examples.empty()) continue;
    out += ".PP\nExamples:\n.nf\n";
    for (const std::string& e : c.examples) out += roff("    " + e) + "\n";
    out += ".fi\n";
  }
  return out +
         ".SH EXIT STATUS\n.TP\n0\nok\n.TP\n1\na check, gate or comparison failed\n.TP\n2\nbad input or "
         "usage\n.TP\n130\n"
         "interrupted; what was measured is kept\n"
         ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nif set and not empty, no colour on a terminal\n"
         ".TP\n.B BITPROOF_CHARTS\nfolder of the chart library that HTML reports take in, as npm lays it out\n";
}

std::string bash_completion(std::span<const CommandHelp> commands, std::span<const std::string> variants) {
  std::string names, cases;
  for (const CommandHelp& c : commands) {
    names += (names.empty() ? "" : " ") + c.name;
    cases += fmt::format("    {})\n      options={}\n{}{}      ;;\n", c.name, shell_quoted(long_names(c)),
                         operands_of(c), choices_of(c));
  }
  return fmt::format(
      "# bash completion of bitproof, written by `bitproof completion`. zsh: autoload bashcompinit && bashcompinit "
      "first.\n"
      "_bitproof() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} options= operands=\n"
      "  local variants={}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W {} -- \"$word\")); return; fi\n"
      "  case ${{COMP_WORDS[1]}} in\n{}  esac\n"
      "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
      "  elif [[ -n $operands ]]; then COMPREPLY=($(compgen -W \"$operands\" -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
      "}}\n"
      "_bitproof_words() {{ COMP_WORDBREAKS=${{COMP_WORDBREAKS//:}}; _bitproof \"$@\"; }}  # ids hold colons\n"
      "complete -o filenames -F _bitproof_words bitproof\n",
      shell_quoted(fmt::format("{}", fmt::join(variants, " "))), shell_quoted(names), cases);
}

}  // namespace bitproof
