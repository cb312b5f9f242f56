#include "audit_support.hpp"
#include "reports/audit/claims.hpp"
#include "reports/audit/transcript.hpp"

namespace bitproof::audit {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string refused(const std::string& text) {
  const std::string line = refusal([&] { parse_claims(text, "some.toml"); });
  EXPECT_THAT(line, testing::AnyOf("", StartsWith("some.toml:")));
  return line;
}

TEST(AuditClaims, AreReadAsPrinted) {
  const Report r = claims(kModel7b + c("speed", "throughput", "~1,056.60", "tok/s", "also = [3, 9]"));
  ASSERT_EQ(r.claims.size(), 1u);
  EXPECT_EQ(r.claims[0].key(), "made_up/speed");
  EXPECT_EQ(r.claims[0].shown(), "~1,056.60 tok/s");
  EXPECT_DOUBLE_EQ(r.claims[0].range().low, 1056.6);
  EXPECT_DOUBLE_EQ(*r.model.macs_per_token(),
                   6476005376.0);  // facts of the shape: 32 x (4 x 4096^2 + 3 x 4096 x 11008)
}

TEST(AuditClaims, AreRefusedByFileAndReason) {
  EXPECT_THAT(refused("[[claims"), HasSubstr("not TOML"));
  EXPECT_THAT(refused(""), HasSubstr("no [[claims]]"));
  EXPECT_THAT(refused("claims = 3"), HasSubstr("no [[claims]]"));
  EXPECT_THAT(refused("claims = [3]"), HasSubstr("must be a table"));
  EXPECT_THAT(refused("extra = 1"), HasSubstr("unknown key 'extra'"));
  EXPECT_THAT(refused("[model]\nlayer = 32\n" + c("a", "count", "1", "")),
              AllOf(HasSubstr("some.toml:2"), HasSubstr("did you mean layers")));
  EXPECT_THAT(refused(c("a", "count", "1", "", "valeu = \"2\"")), HasSubstr("did you mean value"));
  EXPECT_THAT(refused(c("a", "count", "1", "", "threads = -1")), HasSubstr("integer from 0"));
  EXPECT_THAT(refused(c("a", "count", "1", "", "threads = \"1\"")), HasSubstr("must be an integer"));
  EXPECT_THAT(refused(c("a", "speeds", "1", "")), HasSubstr("metric 'speeds' is not one of"));
  EXPECT_THAT(refused(c("a", "throughput", "1", "ms")), HasSubstr("unit 'ms' does not fit: throughput is in tok/s"));
  EXPECT_THAT(refused(c("a", "throughput", "1", "tokens/s")), HasSubstr("'tokens' is not known"));
  EXPECT_THAT(refused(c("a", "count", "one", "")), HasSubstr("is no figure"));
  EXPECT_THAT(refused(c("a", "count", "", "")), HasSubstr("neither value, text nor status"));
  EXPECT_THAT(refused(c("a", "count", "1", "") + c("a", "count", "1", "")), HasSubstr("a second claim 'a'"));
  EXPECT_THAT(refused(c("a", "count", "1", "", "status = \"fine\"")), HasSubstr("is not one of passed"));
}

TEST(AuditClaims, WithArithmeticThatCannotBeDoneAreRefused) {
  const auto with = [](const std::string& expression) {
    return refused(c("a", "count", "1", "") + c("z", "count", "0", "") +
                   c("b", "count", "1", "", "expression = \"" + expression + "\""));
  };
  EXPECT_EQ(with("a * 2"), "");
  EXPECT_THAT(with("a / z"), AllOf(HasSubstr("claim 'b'"), HasSubstr("a division by zero")));
  EXPECT_THAT(with("a / gone"), HasSubstr("no claim is named 'gone'"));
  EXPECT_THAT(with("a * 4 ms"), HasSubstr("is in s, and count in 1"));
  EXPECT_THAT(with(std::string(300, '(')), HasSubstr("brackets nest deeper"));
  EXPECT_THAT(refused(c("b", "count", "1", "", "leans_on = [\"gone\"]")), HasSubstr("no claim is named 'gone'"));
  EXPECT_THAT(refused(c("b", "speedup", "1", "x", "over = \"gone\"")), HasSubstr("no claim with a number"));
  EXPECT_THAT(refused(c("a", "time", "1", "s") + c("b", "memory", "1", "MB", "parts = [\"a\"]")),
              HasSubstr("is no memory"));
}

TEST(AuditClaims, OfAnySizeAndDepthAreRefused) {
  std::string dots = "a";
  for (int i = 0; i < 20'000; ++i) dots += ".a";
  EXPECT_THAT(refused(dots + " = 1"), HasSubstr("split it"));
  EXPECT_THAT(refused(std::string(1'000'000, ' ')), HasSubstr("split it"));
  EXPECT_NE(refused("a = " + std::string(100'000, '[')), "");
}

TEST(AuditMachines, AreFoundByNameAndByAliasOnly) {
  const Cpus cpus = known_cpus();
  ASSERT_NE(find(cpus, "AMD Ryzanstein 7 7730U"), nullptr);
  EXPECT_EQ(find(cpus, "AMD Ryzanstein 7 7730U")->name, "AMD Ryzen 7 7730U");
  EXPECT_EQ(find(cpus, "AMD Ryzen 7 7730"), nullptr);
  for (const Cpu& cpu : cpus) EXPECT_NE(cpu.source, "") << cpu.name;
  EXPECT_THAT(refusal([] { parse_cpus("[[cpu]]\nname = \"x\"\n", "cpus.toml"); }),
              StartsWith("cpus.toml:1: a CPU has a name and a source"));
  EXPECT_THAT(refusal([] { parse_cpus("[[cpu]]\nname = \"x\"\nsource = \"y\"\ncore = 8\n", "cpus.toml"); }),
              HasSubstr("unknown key 'core'"));
}

TEST(AuditTranscript, MissesNoFigureAndInventsNone) {
  const Report r = claims(c("speed", "throughput", "56.62", "tok/s", "also = [3]"));
  Report told = r;
  told.claims[0].quote = "at 56.62 tok/s";
  EXPECT_THAT(transcription_faults(told, "at 56.62 tok/s\n1. Phase 2\n56.62\nAVX2\n"), IsEmpty());
  EXPECT_THAT(transcription_faults(told, "at 56.62 tok/s in 3 s\n\n56.62\n"),
              ElementsAre(HasSubstr("line 1: no claim has its 3")));
  EXPECT_THAT(transcription_faults(told, "at 56.61 tok/s\n\n56.62\n"), testing::Contains(HasSubstr("does not say")));
  EXPECT_THAT(transcription_faults(told, "at 56.62 tok/s\n"), ElementsAre(HasSubstr("does not repeat 56.62")));
}

}  // namespace
}  // namespace bitproof::audit
