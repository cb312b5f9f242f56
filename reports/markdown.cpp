#include "reports/markdown.hpp"

#include <algorithm>

#include "error.hpp"
#include "reports/attribution_markdown.hpp"
#include "reports/limits.hpp"
#include "reports/look.hpp"

namespace bitproof {
namespace {

std::string number(const Json& j, const char* format = "{:.3g}") {
  return j.is_number() ? fmt::format(fmt::runtime(format), j.get<double>()) : "not measured";
}

// Throws when it is none: a count is not rounded.
std::int64_t integer(const Json& j) { return j.get_ref<const Json::number_integer_t&>(); }

std::string interval(const Json& estimate, const char* format = "{:.3g}") {
  if (!estimate.is_object()) return "not measured";
  const Json& middle = estimate.contains("geometric_mean") ? estimate.at("geometric_mean") : estimate.at("median");
  return fmt::format("{} [{}, {}]", number(middle, format), number(estimate.at("ci_low"), format),
                     number(estimate.at("ci_high"), format));
}

std::string percent(const Json& fraction) {
  return fraction.is_number() ? fmt::format("{:.1f} %", 100 * fraction.get<double>()) : "n/a";
}

std::string text(const Json& j, const std::string& key) {
  const auto found = j.find(key);
  if (found == j.end() || found->is_null()) return "unknown";
  return escape_markdown(found->is_string() ? found->get<std::string>() : found->dump());
}

void head(std::string& out, const Json& run) {
  out += fmt::format("# bitproof run, suite {}\n\n", text(run, "suite"));
  if (run.value("partial", true)) {
    out += "**Partial: this run did not end.** What was measured before is below; the rest is missing.\n\n";
  }
  const Json& failures = run.at("failures");
  if (failures.empty()) {
    if (!run.value("partial", true)) out += "No check, ledger, witness or physics gate failed.\n\n";
  } else {
    out += fmt::format("**{} failure(s):**\n\n", failures.size());
    for (const Json& f : failures) out += fmt::format("- {}\n", escape_markdown(f.get<std::string>()));
    out += "\n";
  }
}

void arms_table(std::string& out, const Json& run) {
  if (!run.contains("arms") || run.at("arms").empty()) return;
  const Json& model = run.at("model");
  out += fmt::format("## Tokens per second: model {}, {} layers, depth {}\n\n", text(model, "name"),
                     text(model, "layers"), text(run, "depth"));
  out +=
      "Every row is the full token loop: embedding, all layers, norms, attention, head, sampling. Arms were measured "
      "in\n"
      "turn, in an order shuffled each round. Median [95 % interval; for fewer than 6 samples, their range]. "
      "Measured:\n"
      "tok/s and what it is made of. Derived: GB a token (booked call by call), GB/s, residual (wall time minus "
      "ops).\n\n";
  out +=
      "| recipe | threads | tok/s | state | GB a token | GB/s | of the read ceiling | residual | positions a token | "
      "ledger |\n"
      "|---|--:|--:|---|--:|--:|--:|--:|--:|---|\n";
  for (const Json& a : run.at("arms")) {
    if (a.at("tok_per_s").is_null()) {
      out += fmt::format("| {} | {} | not measured: {} | | | | | | | |\n", text(a, "recipe"), integer(a.at("threads")),
                         text(a, "tok_per_s_why"));
      continue;
    }
    const double tokens = a.at("tokens").get<double>();
    out += fmt::format("| {} | {} | {} | {} | {:.3f} | {:.2f} | {} | {} | {:.3g} | {} |\n", text(a, "recipe"),
                       integer(a.at("threads")), interval(a.at("tok_per_s")), text(a, "state"),
                       a.at("bytes_per_token").get<double>() * 1e-9, a.at("gb_per_s").get<double>(),
                       percent(a.at("fraction_of_ceiling")), percent(a.at("residual_fraction")),
                       a.at("positions").get<double>() / tokens, a.at("ledger_ok").get<bool>() ? "ok" : "**BROKEN**");
  }
  out += "\n";
}

void attribution_table(std::string& out, const Json& run) {
  if (run.contains("attribution"))
    out += "## What each technique bought\n\n" + attribution_markdown(run.at("attribution")) + "\n";
}

// Where the time of a token goes, for the fastest whole-model arm.
void profile_table(std::string& out, const Json& run) {
  const Json* fastest = fastest_arm(run);
  if (!fastest) return;
  const double wall = (*fastest).at("wall_ns_per_token").get<double>();
  out += fmt::format(
      "## Where a token's time goes: {}\n\n| op | us a token | share | GB/s | Gop/s |\n|---|--:|--:|--:|--:|\n",
      text(*fastest, "recipe"));
  for (const Json& op : (*fastest).at("ops")) {
    const double ns = op.at("ns_per_token").get<double>();
    const auto rate = [&](const char* key) {
      const double amount = op.at(key).get<double>();
      return amount > 0 && ns > 0 ? fmt::format("{:.1f}", amount / ns) : std::string("");
    };
    out += fmt::format("| {} | {:.1f} | {:.2f} % | {} | {} |\n", text(op, "op"), ns * 1e-3, 100 * ns / wall,
                       rate("bytes_per_token"), rate("ops_per_token"));
  }
  const double timer = (*fastest).at("timer_ns").get<double>();
  out += fmt::format("| reading the clock | {:.1f} | {:.2f} % | | |\n", timer * 1e-3, 100 * timer / wall);
  out += fmt::format("| residual | {:.1f} | {:.2f} % | | |\n\n", (*fastest).at("residual_ns").get<double>() * 1e-3,
                     100 * (*fastest).at("residual_fraction").get<double>());
}

void logits_line(std::string& out, const Json& run) {
  if (run.contains("logits")) out += escape_markdown(logits_sentence(run)) + "\n\n";
}

void ceilings_table(std::string& out, const Json& run) {
  if (!run.contains("ceilings")) return;
  out +=
      "## Read ceilings, measured in this run\n\nMedian [95 % interval]; of memory:\n\n| threads | state | GB/s | best "
      "pattern |\n|--:|---|--:|---|\n";
  for (const Json& c : run.at("ceilings").at("by_threads")) {
    out += fmt::format("| {} | {} | {} | {} |\n", integer(c.at("threads")), text(c, "state"),
                       interval(c.at("gb_per_s")), text(c, "pattern"));
  }
  out += "\n";
  const Json peaks = run.at("ceilings").value("peaks", Json::array());
  if (peaks.empty()) return;
  out +=
      "Of the cores and their caches, the best pattern of each:\n\n"
      "| what | ISA | threads | state | rate | pattern |\n|---|---|--:|---|--:|---|\n";
  for (const Json& p : peaks) {
    const bool bytes = p.contains("gb_per_s");
    out +=
        fmt::format("| {} | {} | {} | {} | {} {} | {} |\n", text(p, "what"), text(p, "isa"), integer(p.at("threads")),
                    text(p, "state"), interval(p.at(bytes ? "gb_per_s" : "gop_per_s"), "{:.4g}"),
                    bytes ? "GB/s" : "Gop/s", text(p, "pattern"));
  }
  out += "\n";
}

void check_table(std::string& out, const Json& run) {
  if (!run.contains("check")) return;
  const Json& c = run.at("check");
  out += fmt::format(
      "## Checks against the oracles\n\n{} cases: {} passed, {} failed, {} mistrusted, {} fallback; {} variants "
      "skipped on this machine.\n\n",
      integer(c.at("cases")), integer(c.at("passed")), integer(c.at("failed")), integer(c.at("mistrusted")),
      integer(c.at("fallback")), integer(c.at("skipped")));
  for (const Json& s : c.at("skipped_variants"))
    out += fmt::format("- skipped {}: {}\n", text(s, "id"), text(s, "reason"));
  for (const Json& f : c.at("failures")) {
    out += fmt::format("- **{}** {}: {}\n  replay: {}\n", text(f, "verdict"), text(f, "id"), text(f, "reason"),
                       markdown_code(words(f, "repro")));
  }
  out += "\n";
}

void bench_table(std::string& out, const Json& run) {
  if (!run.contains("bench") || run.at("bench").empty()) return;
  out +=
      "## Each alone\n\nGoogle Benchmark, repetitions interleaved at random; outputs checked again after timing.\n\n"
      "| benchmark | variant | case | threads | memory | time | GB/s | Gop/s | of the ceiling |\n"
      "|---|---|---|--:|---|--:|--:|--:|--:|\n";
  for (const Json& b : run.at("bench")) {
    if (b.at("median_ns").is_null()) {
      out += fmt::format("| {} | {} | {} | {} | {} | **none: {}** | | | |\n", text(b, "benchmark"), text(b, "id"),
                         text(b, "case"), integer(b.at("threads")), text(b, "temperature"), text(b, "median_ns_why"));
      continue;
    }
    const double ns = b.at("median_ns").get<double>();
    const auto optional = [&](const char* key) { return b.at(key).is_null() ? std::string("") : number(b.at(key)); };
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", text(b, "benchmark"), text(b, "id"),
                       text(b, "case"), integer(b.at("threads")), text(b, "temperature"), time_text(ns),
                       optional("gb_per_s"), optional("gop_per_s"),
                       b.at("fraction_of_ceiling").is_null() ? "" : percent(b.at("fraction_of_ceiling")));
  }
  out += "\n";
}

void machine_section(std::string& out, const Json& run) {
  const Json& m = run.at("machine");
  out += "## Machine and build\n\n";
  for (const char* key :
       {"cpu_model", "physical_cores", "llc_bytes", "memory_bytes", "governor", "transparent_hugepages", "hypervisor",
        "kernel", "compiler", "build_type", "compiler_flags", "git_revision", "fingerprint"}) {
    const std::string why = std::string(key) + "_why";
    out += fmt::format("- {}: {}{}\n", key, text(m, key), m.contains(why) ? " (" + text(m, why) + ")" : "");
  }
  out += "\n";
}

void limits_list(std::string& out, const Json& run) {
  out += "## What this run does not show\n\n";
  for (const std::string& line : limits(run)) out += fmt::format("- {}\n", escape_markdown(line));
  out += fmt::format("\nReplay: {} (seed {}).\n", markdown_code(words(run, "command")), text(run, "seed"));
}

}  // namespace

std::string escape_markdown(const std::string& raw) {
  std::string safe;
  for (const char c : raw) {
    if (c == '|' || c == '<' || c == '>' || c == '`' || c == '*' || c == '[' || c == ']' || c == '\\') safe += '\\';
    safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return safe;
}

std::string markdown_code(const std::string& raw) {
  const std::string line = one_line(raw);
  std::size_t longest = 0, run = 0;  // of backticks; the fence is longer than any
  for (const char c : line) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(longest + 1, '`');
  return longest == 0 ? fence + line + fence : fence + " " + line + " " + fence;
}

std::string markdown(const Json& run) {
  if (!run.is_object() || !run.contains("schema") || run.at("schema") != kSchema) {
    throw BadInput("not a run of schema {}: made by another version, or not by bitproof", kSchema);
  }
  try {
    std::string out;
    head(out, run);
    arms_table(out, run);
    attribution_table(out, run);
    logits_line(out, run);
    profile_table(out, run);
    ceilings_table(out, run);
    check_table(out, run);
    bench_table(out, run);
    machine_section(out, run);
    limits_list(out, run);
    return out;
  } catch (const Json::exception& e) {
    throw BadInput("the run lacks what its schema promises: {}", e.what());
  }
}

}  // namespace bitproof
