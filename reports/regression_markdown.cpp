#include <fmt/format.h>

#include <array>
#include <cmath>

#include "reports/look.hpp"
#include "reports/markdown.hpp"
#include "reports/regression.hpp"

namespace bitproof {
namespace {

std::string time_or_blank(const std::optional<double>& ns) { return ns ? time_text(*ns) : ""; }

std::string percent(double ratio) { return fmt::format("{:+.1f} %", 100 * (ratio - 1)); }

std::string change(const RatioVerdict& r) {
  if (!r.ratio) return "none";
  if (!std::isfinite(r.ci_high)) return percent(*r.ratio) + " (one process: no interval)";
  return fmt::format("{} [{}, {}]", percent(*r.ratio), percent(r.ci_low), percent(r.ci_high));
}

// Names and reasons come from elsewhere: a long one must not fill the page.
std::string cell(const std::string& raw) {
  constexpr std::size_t kLongest = 300;
  if (raw.size() <= kLongest) return escape_markdown(raw);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(raw[end]) & 0xc0) == 0x80) --end;  // not within a character
  return escape_markdown(raw.substr(0, end)) + " ...";
}

std::string row(const CaseComparison& c) {
  const RatioVerdict& r = c.result;
  const std::string why = !c.failure.empty() ? c.failure : r.why;
  const std::string verdict = !c.failure.empty() ? "**FAILED**" : fmt::format("**{}**", name(r.verdict));
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", cell(c.id), verdict, change(r),
                     time_or_blank(c.median_a_ns), time_or_blank(c.median_b_ns), cell(c.state), cell(why));
}

constexpr const char* kHead =
    "| case | verdict | change of time [interval] | base | this build | state | |\n|---|---|--:|--:|--:|---|---|\n";

// As many rows as fit, then how many did not.
void add_rows(std::string& out, const std::vector<const CaseComparison*>& cases, std::size_t most_bytes) {
  std::size_t shown = 0;
  std::string rows = kHead;
  for (const CaseComparison* c : cases) {
    std::string next = row(*c);
    if (out.size() + rows.size() + next.size() > most_bytes) break;
    rows += next;
    ++shown;
  }
  out += rows;
  if (shown < cases.size()) out += fmt::format("\n{} more do not fit here.\n", cases.size() - shown);
  out += "\n";
}

std::string answer(const Regression& r) {
  std::array<int, 4> count{};
  int failed = 0;
  for (const CaseComparison& c : r.comparison.cases) {
    c.failure.empty() ? ++count[static_cast<std::size_t>(c.result.verdict)] : ++failed;
  }
  std::string parts;
  const auto add = [&](int n, const char* what) {
    if (n > 0) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", n, what);
  };
  add(failed, "FAILED");
  for (const Effect e : {Effect::slower, Effect::faster, Effect::ambiguous, Effect::same}) {
    add(count[static_cast<std::size_t>(e)], name(e));
  }
  return parts.empty() ? "nothing was compared" : parts;
}

bool worth_a_look(const CaseComparison& c, AmbiguousPolicy policy) {
  if (!c.failure.empty()) return true;
  const Effect e = c.result.verdict;
  return e == Effect::slower || e == Effect::faster || (e == Effect::ambiguous && policy != AmbiguousPolicy::ignore);
}

std::string small_print(const Regression& r) {
  const Comparison& c = r.comparison;
  const double least = 100 * c.rules.smallest_effect;
  std::string out;
  if (!c.warning.empty()) out += fmt::format("Weaker: {}.\n\n", cell(c.warning));
  out += fmt::format(
      "Change of time: below 0 is faster. SLOWER and FASTER: the {:.4g} % interval, corrected for {} comparison(s), "
      "excludes 0, "
      "and the change is at least {:.3g} %{}. SAME: the interval lies within {:.3g} %. Anything else is AMBIGUOUS.\n",
      100 * c.rules.confidence, c.rules.comparisons, least / 2,
      c.kind == "saved runs" ? "" : fmt::format(" and recurs in {} processes", kRecurrences), least);
  const auto alarms = c.aa_false_alarms();
  out += alarms ? fmt::format("A/A controls (base against itself) called FASTER or SLOWER: {}.\n", *alarms)
                : std::string("No A/A control was run.\n");
  int samples = 0, aside = 0;
  for (const CaseComparison& one : c.cases) {
    samples += one.samples;
    for (const auto& [why, n] : one.set_aside) aside += n;
  }
  out += fmt::format("{} samples, {} of them set aside.\n", samples, aside);
  if (!r.repro.empty()) out += fmt::format("\nAgain: {}\n", markdown_code(r.repro));
  return out;
}

}  // namespace

std::string regression_markdown(const Regression& r) {
  std::string out = fmt::format("### bitproof: {}: {}\n\n", r.failed() ? "failed" : "passed", answer(r));
  if (r.comparison.partial) out += "**Partial: interrupted before its end.**\n\n";
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(kShown, r.failures.size()); ++i)
    out += fmt::format("- **FAILED** {}\n", cell(r.failures[i]));
  if (r.failures.size() > kShown) out += fmt::format("- and {} more failures\n", r.failures.size() - kShown);
  if (!r.failures.empty()) out += "\n";

  std::vector<const CaseComparison*> loud, quiet;
  for (const CaseComparison& c : r.comparison.cases) (worth_a_look(c, r.ambiguous) ? loud : quiet).push_back(&c);
  const std::string end = small_print(r);
  const std::size_t fits = kCommentBytes - end.size() - 512;  // what add_rows may append, and the fold
  if (!loud.empty()) add_rows(out, loud, fits);
  if (!quiet.empty()) {
    out += fmt::format("<details><summary>{} without a change that matters</summary>\n\n", quiet.size());
    add_rows(out, quiet, fits);
    out += "</details>\n\n";
  }
  return out + end;
}

}  // namespace bitproof
