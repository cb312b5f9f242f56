// The reader of claims files and all rules after it: what is taken must come to a verdict and to JSON.
#include "refused.hpp"
#include "reports/audit/render.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bitproof;
  audit::Docket docket;
  docket.cpus = {{.name = "AMD Ryzen 7 7730U",
                  .source = "s",
                  .aliases = {"AMD Ryzanstein 7 7730U"},
                  .cores = 8,
                  .threads = 16,
                  .boost_hz = 4.5e9,
                  .tdp_w = 15,
                  .l3_bytes = 1 << 24,
                  .memory = {"DDR4"},
                  .memory_bytes_per_s = 68.3e9,
                  .f32_ops_per_cycle = 32}};
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (!taken("some.toml:", [&] { docket.reports.push_back(audit::parse_claims(text, "some.toml")); })) return 0;
  const auto verdicts = audit::audit(docket);
  require(verdicts.size() == docket.reports[0].claims.size());
  audit::to_json(docket, verdicts).dump(-1, ' ', false, Json::error_handler_t::replace);
  require(!audit::summary(docket, verdicts).empty());
  return 0;
}
