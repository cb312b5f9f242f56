#include "check_processes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "interrupt.hpp"
#include "isolate.hpp"

namespace bitproof {
namespace {

// Long enough for the largest matrices under sanitizers, one process a core.
constexpr std::chrono::minutes kLimit{30};

// About how long a case takes beside others: its numbers, and what any case costs.
double weight(const Case& c) {
  return 1e6 + static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(c.batch) +
         static_cast<double>(c.positions) * static_cast<double>(c.kv_heads) * static_cast<double>(c.cols);
}

// Cases that one process takes, by their places in the list, in that order.
using Share = std::vector<std::size_t>;

// Shares of like weight of the cases at those places, the heaviest first, so that the last to end is short. A large
// case is a share of its own.
std::vector<Share> shares_of(std::span<const Case> cases, std::vector<std::size_t> order, int width) {
  constexpr double kSharesAWidth = 40;
  const auto heavier = [&](std::size_t a, std::size_t b) { return weight(cases[a]) > weight(cases[b]); };
  std::ranges::stable_sort(order, heavier);
  double all = 0;
  for (const std::size_t i : order) all += weight(cases[i]);
  std::vector<Share> shares;
  double room = 0;
  for (const std::size_t i : order) {
    if (room < weight(cases[i])) {
      shares.emplace_back();
      room = std::max(all / (kSharesAWidth * width), weight(cases[i]));
    }
    shares.back().push_back(i);
    room -= weight(cases[i]);
  }
  for (Share& s : shares) std::ranges::sort(s);
  return shares;
}

// A result through a pipe. Texts may hold anything but the two separators.
constexpr char kField = '\x1f', kRecord = '\x1e';

std::string encode(std::size_t place, const CheckResult& r) {
  return fmt::format("{1}{0}{2}{0}{3}{0}{4}{0}{5}{6}", kField, place, r.id, static_cast<int>(r.verdict.status),
                     r.verdict.check, r.verdict.reason, kRecord);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(at, begin)) != std::string::npos; begin = end + 1) {
    parts.push_back(text.substr(begin, end - begin));
  }
  parts.push_back(text.substr(begin));
  return parts;
}

// Adds the results to those of their cases; returns how many.
std::size_t decode(const std::string& text, std::span<const Case> cases,
                   std::vector<std::vector<CheckResult>>& by_case) {
  std::vector<std::string> records = split(text, kRecord);
  records.pop_back();
  for (const std::string& record : records) {
    const std::vector<std::string> fields = split(record, kField);
    const std::size_t place = std::stoull(fields.at(0));
    const Verdict verdict{static_cast<Status>(std::stoi(fields.at(2))), fields.at(4), fields.at(3)};
    by_case.at(place).push_back({fields.at(1), cases[place], verdict, repro(fields.at(1), cases[place])});
  }
  return records.size();
}

// Of a share whose process ended badly: nothing is known of any variant.
CheckResult died(const Share& share, std::span<const Case> cases, const Ending& ending) {
  Case first = cases[share.front()];
  first.name.clear();  // no random case to be shrunk in this process, which would end like that one
  std::vector<std::string> texts;
  for (const std::size_t i : share) texts.push_back(cases[i].op + " " + to_string(cases[i]));
  return {first.op, first,
          Verdict::failed(fmt::format("the process that checked {} ended: {}", fmt::join(texts, "; "), ending.text),
                          "crash"),
          repro(first.op + "/", first)};
}

}  // namespace

CheckSummary check_in_processes(std::span<const Case> cases, const std::string& filter, int width,
                                const std::function<void(std::size_t, std::size_t)>& progress) {
  CheckSummary summary = summary_without_cases(filter);
  std::map<std::string, std::size_t> runnable = runnable_by_op(filter);
  std::vector<std::size_t> wanted;
  std::size_t total = 0, done = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::size_t n = runnable[cases[i].op];
    if (n > 0) wanted.push_back(i);
    total += n;
  }
  const std::vector<Share> shares = shares_of(cases, std::move(wanted), width);
  std::vector<Job> jobs;
  for (const Share& share : shares) {
    jobs.push_back([&] {
      std::string text;
      for (const std::size_t i : share) {
        check_each({&cases[i], 1}, filter, [&](const CheckResult& r) { text += encode(i, r); });
      }
      return text;
    });
  }
  std::vector<std::vector<CheckResult>> by_case(cases.size());  // processes end in any order
  try {
    run_isolated(jobs, width, kLimit, [&](std::size_t job, const Ending& ending) {
      if (ending.how == Ending::How::exception) throw std::runtime_error(ending.text);
      if (ending.how != Ending::How::said) {
        by_case[shares[job].front()].push_back(died(shares[job], cases, ending));
      } else {
        done += decode(ending.text, cases, by_case);
      }
      if (progress) progress(done, total);
    });
  } catch (const Interrupted&) {
    // What was found is kept, and the caller asks interrupted(), as of check().
  }
  for (const auto& results : by_case) std::ranges::for_each(results, [&](const CheckResult& r) { summary.add(r); });
  return summary;
}

}  // namespace bitproof
