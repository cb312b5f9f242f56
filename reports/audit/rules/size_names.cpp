// Tiny, small, medium, large: the names of test sizes are in the order of their work.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

int rank(const std::string& size) {
  static constexpr const char* kOrder[] = {"tiny", "small", "medium", "large"};
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), size) - std::begin(kOrder));
}

double macs(const Claim& c) {
  return static_cast<double>(c.shape[0]) * static_cast<double>(c.shape[1]) * static_cast<double>(c.shape[2]);
}

}  // namespace

void size_names(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& a : report.claims) {
      for (const Claim& b : report.claims) {
        if (a.size.empty() || b.size.empty() || a.shape.empty() || b.shape.empty() || a.of != b.of) continue;
        const std::string arithmetic =
            fmt::format("{} multiply-adds against {} of line {}", short_number(macs(a)), short_number(macs(b)), b.line);
        if (rank(a.size) < rank(b.size) && macs(a) > macs(b)) {
          found.push_back({"", &a, Verdict::wrong,
                           fmt::format("called {}, with {} times the work of the {} one of line {}", a.size,
                                       short_number(macs(a) / macs(b)), b.size, b.line),
                           arithmetic});
        } else if (a.size == b.size && b.line < a.line && macs(a) != macs(b)) {
          found.push_back(
              {"", &a, Verdict::holds, fmt::format("line {} calls another size {} too", b.line, b.size), arithmetic});
        }
      }
    }
  }
}

}  // namespace bitproof::audit::rules
