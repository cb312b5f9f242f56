#include <fmt/format.h>

#include "commands.hpp"
#include "reports/file.hpp"
#include "reports/run_file.hpp"

namespace bitproof {

int report_command(const ReportOptions& options) {
  const std::string text = report(read_file(options.run), options.run, options.format);
  if (options.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_file(options.output, text);
  }
  return kOk;
}

}  // namespace bitproof
