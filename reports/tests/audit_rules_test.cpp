// Every rule of an audit, on a fault that is planted for it and on a clean twin of it; those of physics in a file
// beside.
#include "audit_support.hpp"

namespace bitproof::audit {
namespace {

TEST(AuditRules, EachFileIsOne) {
  std::vector<std::string> files, names;
  for (const auto& f : std::filesystem::directory_iterator(std::string(BITPROOF_SOURCE_DIR) + "/reports/audit/rules")) {
    if (f.path().extension() == ".cpp") files.push_back(f.path().stem());
  }
  for (const Rule& r : all_rules()) names.emplace_back(r.name);
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(files));
}

TEST(AuditRules, EachHasATestOfItsName) {
  std::string tests;
  for (const char* file : {"audit_rules_test.cpp", "audit_physics_rules_test.cpp"})
    tests += read_file(std::string(BITPROOF_SOURCE_DIR) + "/reports/tests/" + file);
  for (const Rule& r : all_rules()) {
    std::string camel;
    for (const char* at = r.name; *at; ++at) {
      const bool begins = at == r.name || at[-1] == '_';
      if (*at != '_') camel += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(*at))) : *at;
    }
    EXPECT_THAT(tests, testing::HasSubstr("TEST(AuditRules, " + camel + ") {")) << r.name;
  }
}

TEST(AuditRules, Expression) {
  const auto with = [](const char* value) {
    return found("expression", c("a", "count", "12", "") + c("b", "count", value, "", "expression = \"a * 3\""), "b");
  };
  EXPECT_EQ(with("38"), kWrong) << "12 may be 12.5, which makes 37.5";
  EXPECT_EQ(with("36"), kHolds);
  EXPECT_EQ(found("expression", c("m", "memory", "64", "MB", "expression = \"2 * 2048 * 4096 * 4 B\""), "m"), kHolds)
      << "MiB";
}

// 0.4157 printed as 0.42, four times that, and the time of it: 601 and 1 / 1.68 are one figure.
TEST(AuditRules, ExpressionKnowsHowOperandsWereRounded) {
  const auto with = [](const char* latency) {
    return found("expression",
                 c("now", "throughput", "0.42", "tok/s", "basis = \"measured\"") +
                     c("four", "speedup", "4", "x", "basis = \"projected\"") +
                     c("then", "throughput", "1.68", "tok/s", "expression = \"now * four\"") +
                     c("t", "token_time", latency, "ms/tok", "implied = [\"1 / then\"]"),
                 "t");
  };
  EXPECT_EQ(with("601"), kHolds);
  EXPECT_EQ(with("595"), kHolds);
  EXPECT_EQ(with("610"), kWrong) << "a factor that was chosen is not rounded";
  EXPECT_EQ(
      found("expression",
            c("a", "count", "2", "", "expression = \"b * 2\"") + c("b", "count", "3", "", "expression = \"a + 1\""),
            "a"),
      kWrong)
      << "a circle";
}

TEST(AuditRules, RangeEnd) {
  const auto with = [](const char* value, const char* more = "") {
    return found(
        "range_end",
        c("t", "count", "15-25", "") + c("b", "ratio", value, "%", std::string("expression = \"56.62 / t\"\n") + more),
        "b");
  };
  EXPECT_EQ(with("227"), kWrong);
  EXPECT_EQ(with("377", "wording = \"up to\""), kHolds);
  EXPECT_EQ(with("226-377"), kHolds);
}

TEST(AuditRules, Scope) {
  const auto with = [](const char* token) {
    return found("scope",
                 kModel7b + c("l", "layer_time", "17.66", "ms/layer", "of = \"x\"") +
                     c("t", "token_time", token, "ms/tok", "of = \"x\""),
                 "t");
  };
  EXPECT_EQ(with("17.66"), kWrong);
  EXPECT_EQ(with("565.1"), kHolds);
  const auto run = [](const char* seconds) {
    return found(
        "scope",
        c("t", "token_time", "100", "ms/tok", "of = \"x\"") + c("r", "time", seconds, "s", "of = \"x\"\ntokens = 20"),
        "r");
  };
  EXPECT_EQ(run("<1"), kContradicted);
  EXPECT_EQ(run("2.0"), kHolds);
  EXPECT_EQ(found("scope", kModel7b + c("o", "token_ops", "0.4", "GOP/tok"), "o"), kWrong) << "one layer";
  EXPECT_EQ(found("scope", kModel7b + c("o", "token_ops", "13.2", "GOP/tok"), "o"), kHolds);
}

TEST(AuditRules, Vacuous) {
  const auto efficiency = [](const char* threads) {
    return found("vacuous", c("e", "efficiency", "100", "%", std::string("threads = ") + threads), "e");
  };
  EXPECT_EQ(efficiency("1"), kUnsupported);
  EXPECT_EQ(efficiency("4"), kHolds);
  EXPECT_EQ(found("vacuous", c("u", "utilization", "0.00", "%"), "u"), kUnsupported);
  EXPECT_EQ(found("vacuous", c("u", "utilization", "62", "%"), "u"), kHolds);
  EXPECT_EQ(found("vacuous", c("s", "speedup", "1.4", "x", "basis = \"measured\"\nsamples = 0"), "s"), kUnsupported);
  EXPECT_EQ(found("vacuous", c("s", "speedup", "1.4", "x", "basis = \"measured\"\nsamples = 9"), "s"), kHolds);
  const Trial unknown({claims(c("s", "speedup", "1.4", "x", "basis = \"measured\""))});
  EXPECT_EQ(unknown.of("s").verdict, kHolds);
  EXPECT_THAT(unknown.of("s").findings, testing::SizeIs(1)) << "a note: it does not say by how many samples";
  EXPECT_EQ(found("vacuous", c("r", "repeatability", "", "", "text = \"consistent\""), "r"), kUnsupported);
  EXPECT_EQ(found("vacuous", c("r", "repeatability", "", "", "text = \"consistent\"\nsamples = 9"), "r"), kHolds);
  const std::string measured = c("s", "speedup", "1.4", "x", "basis = \"measured\"\nof = \"k\"");
  EXPECT_EQ(found("vacuous", measured + c("d", "status", "", "", "status = \"crashed\"\nof = \"k\""), "s"),
            kUnsupported);
  const std::string pool = "of = \"pool used\"\nholds = \"pool\"";
  EXPECT_EQ(found("vacuous", kModel7b + c("p", "memory", "12", "KB", pool), "p"), kUnsupported);
  EXPECT_EQ(found("vacuous", kModel7b + c("p", "memory", "120", "KB", pool), "p"), kHolds);
}

TEST(AuditRules, Status) {
  const auto with = [](const char* mismatches) {
    return found("status",
                 c("p", "status", "", "", "status = \"passed\"\nof = \"k\"") +
                     c("m", "mismatches", mismatches, "", "of = \"k\""),
                 "p");
  };
  EXPECT_EQ(with("512"), kContradicted);
  EXPECT_EQ(with("0"), kHolds);
}

TEST(AuditRules, Contradiction) {
  const auto with = [](const char* other) {
    return found("contradiction",
                 c("a", "memory", "<500", "MB", "of = \"cache\"") + c("b", "memory", other, "MB", "of = \"cache\""),
                 "a");
  };
  EXPECT_EQ(with("~512"), kContradicted);
  EXPECT_EQ(with("~320"), kHolds);
}

TEST(AuditRules, ContradictionOfTwoReportsOnOneSystemAlone) {
  const auto report = [](const std::string& system, const char* speed, const char* name) {
    return claims("[report]\nsystem = \"" + system + "\"\n" + c("s", "throughput", speed, "tok/s", "of = \"baseline\""),
                  name);
  };
  EXPECT_EQ(Trial({report("x", "0.68", "a"), report("x", "0.42", "b")}).by("contradiction", "a/s"), kContradicted);
  EXPECT_EQ(Trial({report("x", "0.68", "a"), report("y", "0.42", "b")}).by("contradiction", "a/s"), kHolds);
  EXPECT_EQ(Trial({report("", "0.68", "a"), report("", "0.42", "b")}).by("contradiction", "a/s"), kHolds);
}

TEST(AuditRules, Target) {
  const auto with = [](const char* other) {
    return found("target",
                 c("a", "throughput", "15-25", "tok/s", "of = \"x\"\nbasis = \"target\"") +
                     c("b", "throughput", other, "tok/s", "of = \"x\"\nbasis = \"target\""),
                 "a");
  };
  EXPECT_EQ(with("4-8"), kContradicted);
  EXPECT_EQ(with("15-25"), kHolds);
}

TEST(AuditRules, TargetOfOneFigureOnOneLine) {
  const auto with = [](const char* other) {
    const std::string target = "of = \"x\"\nbasis = \"target\"";
    return found("target",
                 c("a", "throughput", "15-25", "tok/s", target) + c("b", "throughput", other, "tok/s", target) +
                     c("s", "throughput", "56.6", "tok/s") +
                     c("by", "ratio", "226-377", "%", "expression = \"s / a\"") +
                     c("times", "ratio", "7", "x", "expression = \"s / b\""),
                 "times");
  };
  EXPECT_EQ(with("4-8"), kContradicted);
  EXPECT_EQ(with("15-25"), kHolds);
}

TEST(AuditRules, Baseline) {
  const auto with = [](const char* theirs) {
    const std::string system = "[report]\nsystem = \"x\"\n";
    return Trial({claims(system + c("b", "throughput", "0.68", "tok/s", "of = \"base\"") +
                             c("s", "speedup", "83", "x", "over = \"b\"\nbasis = \"measured\""),
                         "a"),
                  claims(system + c("b", "throughput", theirs, "tok/s", "of = \"base\""), "other")})
        .by("baseline", "a/s");
  };
  EXPECT_EQ(with("0.42"), kContradicted);
  EXPECT_EQ(with("0.68"), kHolds);
}

TEST(AuditRules, BaselineWithinOneReport) {
  const auto with = [](const char* second, const char* more = "") {
    return found("baseline",
                 c("b", "throughput", "0.68", "tok/s", "of = \"base\"") +
                     c("b2", "throughput", second, "tok/s", std::string("of = \"base\"\n") + more) +
                     c("s", "speedup", "83", "x", "over = \"b\"\nbasis = \"measured\""),
                 "s");
  };
  EXPECT_EQ(with("0.42"), kContradicted);
  EXPECT_EQ(with("0.68"), kHolds);
  EXPECT_EQ(with("0.42", "threads = 4"), kHolds) << "another number of threads is another baseline";
}

TEST(AuditRules, Estimate) {
  const auto with = [](const char* basis) {
    return found("estimate",
                 c("g", "share", "95", "%", std::string("basis = \"") + basis + "\"") +
                     c("b", "status", "", "", "status = \"passed\"\nbasis = \"measured\"\nleans_on = [\"g\"]"),
                 "b");
  };
  EXPECT_EQ(with("estimated"), kUnsupported);
  EXPECT_EQ(with("measured"), kHolds);
}

TEST(AuditRules, Wording) {
  const auto with = [](const char* wording) {
    return found("wording",
                 c("r", "ratio", "227", "%", std::string("expression = \"56.75 / 25\"\nwording = \"") + wording + "\""),
                 "r");
  };
  EXPECT_EQ(with("by"), kWrong);
  EXPECT_EQ(with("of"), kHolds);
  EXPECT_EQ(with("faster"), kHolds);
}

TEST(AuditRules, Reused) {
  const auto with = [](const char* later) {
    return found("reused",
                 c("a", "token_time", "2,380", "ms/tok", "of = \"baseline\"\nbasis = \"measured\"") +
                     c("b", "token_time", later, "ms/tok", "of = \"inference\"\nbasis = \"estimated\""),
                 "b");
  };
  EXPECT_EQ(with("~2,380"), kUnsupported);
  EXPECT_EQ(with("~2,390"), kHolds);
}

TEST(AuditRules, Parts) {
  const auto times = [](const char* total) {
    return found(
        "parts",
        c("a", "time", "30", "ms") + c("b", "time", "12", "ms") + c("t", "time", total, "ms", "parts = [\"a\", \"b\"]"),
        "t");
  };
  EXPECT_EQ(times("60"), kWrong);
  EXPECT_EQ(times("42"), kHolds);
  const auto speedups = [](const char* total) {
    return found("parts",
                 c("a", "speedup", "2-3", "x") + c("b", "speedup", "4-8", "x") +
                     c("t", "speedup", total, "x", "parts = [\"a\", \"b\"]"),
                 "t");
  };
  EXPECT_EQ(speedups("6-11"), kWrong) << "a sum";
  EXPECT_EQ(speedups("8-24"), kHolds);
}

TEST(AuditRules, SpeedupAlgebra) {
  EXPECT_EQ(found("speedup_algebra", c("z", "speedup", "~0.0", "x"), "z"), kWrong);
  EXPECT_EQ(found("speedup_algebra", c("z", "speedup", "~1.0", "x"), "z"), kHolds);
  const auto divided = [](const char* e) {
    return found("speedup_algebra",
                 c("a", "speedup", "4", "x") + c("z", "speedup", "4", "x", std::string("expression = \"") + e + "\""),
                 "z");
  };
  EXPECT_EQ(divided("a * 3 / 3"), kUnsupported);
  EXPECT_EQ(divided("a * a / a"), kHolds);
}

TEST(AuditRules, SizeNames) {
  const auto with = [](const char* size) {
    return found("size_names",
                 c("a", "status", "", "", "status = \"passed\"\nof = \"k\"\nsize = \"small\"\nshape = [8, 64, 16]") +
                     c("b", "status", "", "",
                       std::string("status = \"passed\"\nof = \"k\"\nshape = [16, 256, 32]\nsize = \"") + size + "\""),
                 "b");
  };
  EXPECT_EQ(with("tiny"), kWrong);
  EXPECT_EQ(with("medium"), kHolds);
}

TEST(AuditRules, StatedUnit) {
  const auto with = [](const char* metric) {
    return found("stated_unit", c("g", "clock", "<1", "GHz", std::string("stated_as = \"") + metric + "\""), "g");
  };
  EXPECT_EQ(with("op_rate"), kWrong);
  EXPECT_EQ(with("clock"), kHolds);
}

// What a finding says is shown, also where it is a note.
TEST(AuditFindings, ShowTheirArithmetic) {
  const Trial notes({claims(c("u", "utilization", "0.00", "%") +
                            c("s", "speedup", "1.01", "x", "basis = \"measured\"\nsamples = 1\nwording = \"faster\"") +
                            c("t", "speedup", "1.4", "x", "basis = \"measured\""))});
  for (const char* id : {"u", "s", "t"}) {
    EXPECT_FALSE(notes.of(id).findings.empty()) << id;
    for (const Finding& f : notes.of(id).findings)
      EXPECT_NE(f.arithmetic, "") << id << ": " << f.rule << ": " << f.text;
  }
}

// A layer called a token takes with it all that was computed from it.
TEST(AuditFollows, CorrectionsRunThroughExpressions) {
  const Trial t(
      {claims(kModel7b + c("l", "layer_time", "17.66", "ms/layer", "of = \"x\"") +
              c("t", "token_time", "17.66", "ms/tok", "of = \"x\"") +
              c("s", "throughput", "56.62", "tok/s", "expression = \"1 / t\"") + c("b", "throughput", "0.68", "tok/s") +
              c("i", "speedup", "83.26", "x", "expression = \"s / b\"") +
              c("v", "status", "", "", "status = \"passed\"\nleans_on = [\"i\"]"))});
  ASSERT_TRUE(t.of("i").should_be);
  EXPECT_NEAR(t.of("s").should_be->low, 1.7695, 1e-4);
  EXPECT_NEAR(t.of("i").should_be->low, 2.6023, 1e-4);
  EXPECT_EQ(t.of("i").verdict, kWrong);
  EXPECT_EQ(t.of("v").verdict, kUnsupported);
  EXPECT_EQ(t.of("b").verdict, kHolds);
}

TEST(AuditFollows, CirclesEnd) {
  const Trial t({claims(c("a", "count", "2", "", "expression = \"b * 2\"") +
                        c("b", "count", "3", "", "expression = \"a + 1\"\nleans_on = [\"a\"]"))});
  EXPECT_EQ(t.of("a").verdict, kWrong);
}

}  // namespace
}  // namespace bitproof::audit
