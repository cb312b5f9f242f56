#include "audit_support.hpp"
#include "error.hpp"
#include "reports/audit/reproduction.hpp"

namespace bitproof::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* const kLoop =
    R"(reproduce = { command = "bitproof loop --recipe all", value = "tok_per_s.median", unit = "tok/s" })";

TEST(Reproduction, TakesTheNumberAtAPath) {
  const Json printed = Json::parse(R"({"a": {"b": 3, "none": null},
                                       "list": [{"name": "x", "n": 1}, {"name": "y.z", "n": 2, "threads": 2}]})");
  EXPECT_EQ(number_at(printed, "a.b"), 3);
  EXPECT_EQ(number_at(printed, "list[name=y.z].n"), 2);
  EXPECT_EQ(number_at(printed, "list[threads=2].n"), 2);
  for (const char* nothing : {"a", "a.none", "a.c", "b.a", "list", "list.n", "list[name=w].n", "a[name=x].b"}) {
    EXPECT_EQ(number_at(printed, nothing), std::nullopt) << nothing;
  }
}

TEST(Reproduction, RefusesPathsThatLeadNowhere) {
  for (const char* path : {"", ".", "a.", "a[b", "a[b]", "a[b=c", "a[b=c]d", "a..b"}) {
    EXPECT_THROW(require_path(path), BadInput) << path;
  }
}

TEST(Reproduction, RunsOnlyWhatMeasures) {
  EXPECT_THAT(arguments_of("bitproof loop  --recipe all"), ElementsAre("loop", "--recipe", "all", "--json"));
  for (const char* command :
       {"", "bitproof", "loop", "rm -rf loop", "bitproof run --out x", "bitproof history", "./bitproof loop"}) {
    EXPECT_THROW(arguments_of(command), BadInput) << command;
  }
}

TEST(Reproduction, WritesNothing) {
  for (const char* command : {"bitproof attribute --resume /tmp/x", "bitproof attribute --resume=/tmp/x --model tiny",
                              "bitproof bench --benchmark_out=/tmp/x"}) {
    EXPECT_THROW(arguments_of(command), BadInput) << command;
  }
}

TEST(Reproduction, IsInTheUnitOfTheClaim) {
  const auto with = [](const std::string& reproduce) {
    return claims(c("speed", "throughput", "56.62", "tok/s", reproduce));
  };
  EXPECT_NO_THROW(with(kLoop));
  for (const char* bad : {R"(reproduce = { command = "bitproof loop", value = "a", unit = "ms" })",
                          R"(reproduce = { command = "bitproof loop", value = "", unit = "tok/s" })",
                          R"(reproduce = { command = "bitproof run", value = "a", unit = "tok/s" })",
                          R"(reproduce = { command = "bitproof loop", number = "a", unit = "tok/s" })",
                          R"(reproduce = "bitproof loop")"}) {
    EXPECT_THROW(with(bad), BadInput) << bad;
  }
}

TEST(Reproduction, PutsTheMeasuredBesideTheClaimed) {
  const Docket docket{{claims(k7730u + c("speed", "throughput", "56.62", "tok/s", kLoop))}, known_cpus()};
  const Claim& claim = docket.reports[0].claims[0];
  const Json printed{{"tok_per_s", {{"median", 9.5}}}};
  const std::vector<Reproduced> all = {reproduced(claim, printed, 0, "")};
  const std::string text = reproduction_text(docket, all, "this CPU");
  EXPECT_THAT(text, HasSubstr("56.62 tok/s (speed), claimed on AMD Ryzen 7 7730U"));
  EXPECT_THAT(text, HasSubstr("measured here: 9.5 tok/s, 0.1678x of what is claimed"));
  EXPECT_THAT(text, HasSubstr("Here is this CPU: another machine"));
  const Json j = reproduction_json(docket, all, "this CPU")["reproduced"][0];
  EXPECT_EQ(j["measured"], "9.5 tok/s");
  EXPECT_NEAR(j["measured_over_claimed"].get<double>(), 9.5 / 56.62, 1e-9);
}

TEST(Reproduction, SaysWhetherThisIsTheCpuOfTheClaim) {
  const auto text = [](const std::string& cpu, const char* here) {
    const Docket docket{{claims("[report]\nsystem = \"s\"\ncpu = \"" + cpu + "\"\n" +
                                c("speed", "throughput", "56.62", "tok/s", kLoop))},
                        known_cpus()};
    const std::vector<Reproduced> all = {
        reproduced(docket.reports[0].claims[0], {{"tok_per_s", {{"median", 9.5}}}}, 0, "")};
    EXPECT_EQ(reproduction_json(docket, all, here)["reproduced"][0]["same_cpu"],
              reproduction_text(docket, all, here).find("which this is") != std::string::npos);
    return reproduction_text(docket, all, here);
  };
  for (const char* cpu : {"AMD Ryzen 7 7730U", "AMD Ryzanstein 7 7730U"}) {
    EXPECT_THAT(text(cpu, "AMD Ryzen 7 7730U with Radeon Graphics"), HasSubstr("the CPU that is claimed on")) << cpu;
  }
  EXPECT_THAT(text("i7-13700H", "13th Gen Intel(R) Core(TM) i7-13700H"), HasSubstr("the CPU that is claimed on"));
  EXPECT_THAT(text("7950X", "AMD Ryzen 9 7950X3D 16-Core Processor"), HasSubstr("another machine"));
  EXPECT_THAT(text("", "AMD Ryzen 7 7730U"), HasSubstr("another machine"));
}

// The shapes that the second report says its kernel passed, and the one it crashed on.
TEST(Reproduction, ChecksTheShapesThatAReportLists) {
  const Report report = read_claims(suites() + "/claims/velocity_benchmark.toml");
  int shapes = 0;
  for (const Claim& claim : report.claims) {
    if (claim.of != "tmac" || claim.metric != "status") continue;
    ++shapes;
    ASSERT_TRUE(claim.reproduce) << claim.id;
    ASSERT_EQ(claim.shape.size(), 3u) << claim.id;
    EXPECT_THAT(claim.reproduce->command,
                testing::EndsWith(
                    fmt::format("--case rows={},cols={},batch={}", claim.shape[0], claim.shape[1], claim.shape[2])));
    const Docket docket{{report}, known_cpus()};
    EXPECT_THAT(reproduction_text(docket, {reproduced(claim, {{"failed", 0}}, 0, "")}, "x"),
                HasSubstr("measured here: failed = 0"));
  }
  EXPECT_EQ(shapes, 7);
}

TEST(Reproduction, OfARunThatFailedItsGatesHasNoNumber) {
  const Docket docket{{claims(c("speed", "throughput", "56.62", "tok/s", kLoop))}, known_cpus()};
  const Json printed{{"tok_per_s", {{"median", 9.5}}}};
  const Reproduced failed = reproduced(docket.reports[0].claims[0], printed, 1, "NOT ENGAGED");
  EXPECT_EQ(failed.value, std::nullopt);
  EXPECT_THAT(failed.why, HasSubstr("NOT ENGAGED"));
  EXPECT_THAT(reproduction_text(docket, {failed}, "this CPU"),
              HasSubstr("not measured here: the run failed its own gates"));
  EXPECT_TRUE(reproduction_json(docket, {failed}, "this CPU")["reproduced"][0]["measured"].is_null());

  // Of a check the number of failures is what was asked for.
  const Docket checks{{claims(c("mismatches", "mismatches", "0", "",
                                R"(reproduce = { command = "bitproof check x", value = "failed", unit = "" })"))},
                      known_cpus()};
  EXPECT_EQ(reproduced(checks.reports[0].claims[0], {{"failed", 3}}, 1, "").value, 3);
}

}  // namespace
}  // namespace bitproof::audit
