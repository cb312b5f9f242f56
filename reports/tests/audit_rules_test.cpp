// Every rule of an audit, on a fault that is planted for it and on a clean twin of it.
#include "audit_support.hpp"

namespace bitproof::audit {
namespace {

constexpr Verdict kHolds = Verdict::holds, kUnsupported = Verdict::unsupported, kContradicted = Verdict::contradicted,
                  kWrong = Verdict::wrong, kImpossible = Verdict::impossible;

TEST(AuditRules, EachFileIsOne) {
  std::vector<std::string> files, names;
  for (const auto& f : std::filesystem::directory_iterator(std::string(BITPROOF_SOURCE_DIR) + "/reports/audit/rules")) {
    if (f.path().extension() == ".cpp") files.push_back(f.path().stem());
  }
  for (const Rule& r : all_rules()) names.emplace_back(r.name);
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(files));
}

TEST(AuditRules, EachHasATestOfItsName) {
  const std::string tests = read_file(std::string(BITPROOF_SOURCE_DIR) + "/reports/tests/audit_rules_test.cpp");
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

TEST(AuditRules, Memory) {
  const auto with = [](const char* value, const char* unit, const char* more) {
    return found("memory", kModel7b + c("m", "memory", value, unit, more), "m");
  };
  EXPECT_EQ(with("3.5", "GB", "holds = \"weights\""), kWrong);
  EXPECT_EQ(with("1.6", "GB", "holds = \"weights\""), kHolds);
  EXPECT_EQ(with("64", "MB", "holds = \"kv_cache\"\nvalue_bytes = 4"), kWrong) << "one layer";
  EXPECT_EQ(with("1.07", "GB", "holds = \"kv_cache\"\nvalue_bytes = 4"), kWrong) << "K alone";
  EXPECT_EQ(with("2147", "MB", "holds = \"kv_cache\"\nvalue_bytes = 4\nbatch = 8"), kWrong) << "one sequence";
  EXPECT_EQ(with("2.147", "GB", "holds = \"kv_cache\"\nvalue_bytes = 4"), kHolds);
  EXPECT_EQ(with("<500", "MB", "holds = \"kv_cache\"\nvalue_bytes = 2"), kWrong);
}

TEST(AuditRules, Roofline) {
  const auto with = [](const char* value) {
    return found("roofline", k7730u + kModel7b + c("s", "throughput", value, "tok/s"), "s");
  };
  EXPECT_EQ(with("56.62"), kImpossible);
  EXPECT_EQ(with("100+"), kImpossible);
  EXPECT_EQ(with("28"), kHolds);
  const auto rate = [](const char* value) {
    return found("roofline", k7730u + c("r", "op_rate", value, "GFLOPS", "threads = 1"), "r");
  };
  EXPECT_EQ(rate("200"), kImpossible);
  EXPECT_EQ(rate("100"), kHolds);
  const auto bytes = [](const char* value, const char* more) {
    return found("roofline", k7730u + c("r", "op_rate", value, "GOP/s", std::string("threads = 1\n") + more), "r");
  };
  EXPECT_EQ(bytes("700", "value_bytes = 1"), kImpossible);
  EXPECT_EQ(bytes("500", "value_bytes = 1"), kHolds);
  EXPECT_EQ(bytes("700", ""), kHolds) << "it may look its products up";
  Docket measured{{claims("[report]\ncpu = \"here\"\n" + c("r", "op_rate", "90", "GFLOPS", "threads = 2"))}, {}};
  measured.cpus.emplace_back();
  measured.cpus[0].name = "here";
  measured.cpus[0].cores = 2;
  measured.cpus[0].f32_ops_per_s = 40e9;
  EXPECT_EQ(audit(measured)[0].verdict, kImpossible) << "80 GFLOPS by what was measured";
  measured.cpus[0].f32_ops_per_s = 50e9;
  EXPECT_EQ(audit(measured)[0].verdict, kHolds);
}

TEST(AuditRules, RooflineOfABandwidth) {
  const auto reads = [](const char* value, const char* more) {
    return found("roofline", k7730u + c("b", "bandwidth", value, "GB/s", more), "b");
  };
  EXPECT_EQ(reads("80", "holds = \"weights\""), kImpossible);
  EXPECT_EQ(reads("40", "holds = \"weights\""), kHolds);
  EXPECT_EQ(reads("80", ""), kHolds) << "a cache may serve it";
  const auto on_one_thread = [](const std::string& claim) {
    Docket measured{{claims("[report]\ncpu = \"here\"\n" + kModel7b + claim)}, {}};
    measured.cpus.emplace_back();
    measured.cpus[0].name = "here";
    measured.cpus[0].memory_bytes_per_s = 20e9;
    measured.cpus[0].memory_by_threads = {{1, 10e9}};
    return audit(measured)[0].verdict;
  };
  const std::string weights = "holds = \"weights\"\n";
  EXPECT_EQ(on_one_thread(c("b", "bandwidth", "15", "GB/s", weights + "threads = 1")), kImpossible);
  EXPECT_EQ(on_one_thread(c("b", "bandwidth", "15", "GB/s", weights + "threads = 2")), kHolds);
  EXPECT_EQ(on_one_thread(c("s", "throughput", "10", "tok/s", "threads = 1")), kImpossible);
  EXPECT_EQ(on_one_thread(c("s", "throughput", "10", "tok/s", "threads = 2")), kHolds);
}

TEST(AuditRules, OpRate) {
  const auto shape = [](const char* rate) {
    return found("op_rate",
                 c("t", "time", "8.95", "ms", "of = \"g\"") +
                     c("r", "op_rate", rate, "GFLOPS", "of = \"g\"\nshape = [512, 4096, 32]"),
                 "r");
  };
  EXPECT_EQ(shape("30.00"), kWrong);
  EXPECT_EQ(shape("15.00"), kHolds);
  const auto tokens = [](const char* speed) {
    return found(
        "op_rate",
        k7730u + kModel7b + c("r", "op_rate", "15.00", "GFLOPS", "threads = 1") + c("s", "throughput", speed, "tok/s"),
        "s");
  };
  EXPECT_EQ(tokens("30"), kContradicted);
  EXPECT_EQ(tokens("9"), kHolds);
  EXPECT_EQ(found("op_rate",
                  k7730u + kModel7b + c("r", "op_rate", "15.00", "GFLOPS", "threads = 1\nscope = \"run\"") +
                      c("s", "throughput", "30", "tok/s"),
                  "s"),
            kHolds)
      << "no kernel's rate";
}

TEST(AuditRules, Amdahl) {
  const auto threads = [](const char* value) {
    return found("amdahl", k7730u + c("s", "speedup", value, "x", "credits = [\"threading\"]\nthreads = 8"), "s");
  };
  EXPECT_EQ(threads("22-37"), kImpossible);
  EXPECT_EQ(threads("6.1"), kHolds);
  const std::string pool = c("p", "speedup", "83.26", "x", "credits = [\"memory_pool\"]");
  EXPECT_EQ(found("amdahl", pool, "p"), kUnsupported) << "no share of the time is known";
  EXPECT_EQ(found("amdahl", pool + c("g", "share", "95", "%", "of = \"gemm\""), "p"), kImpossible);
  EXPECT_EQ(
      found("amdahl",
            c("p", "speedup", "1.04", "x", "credits = [\"memory_pool\"]") + c("g", "share", "95", "%", "of = \"gemm\""),
            "p"),
      kHolds);
  const auto credited = [](const char* technique, const char* value, const char* more = "") {
    return found(
        "amdahl",
        c("s", "speedup", value, "x", fmt::format("credits = [\"{}\"]\nbasis = \"measured\"\n{}", technique, more)),
        "s");
  };
  EXPECT_EQ(credited("prefetch", "3.1"), kUnsupported) << "nothing bounds it, and nothing measured it twice";
  EXPECT_EQ(credited("prefetch", "3.1", "samples = 9"), kHolds);
  EXPECT_EQ(credited("simd", "70"), kImpossible) << "more than the lanes of any vector";
  EXPECT_EQ(credited("simd", "14"), kHolds);
  EXPECT_EQ(credited("kv_cache", "14", "tokens = 20"), kImpossible);
  EXPECT_EQ(credited("kv_cache", "10.4", "tokens = 20"), kHolds);
  EXPECT_EQ(credited("tmac", "5"), kUnsupported);
}

TEST(AuditRules, AmdahlByWhatATechniqueActsUpon) {
  const auto share = [](const char* id, const char* value, const char* over) {
    return c(id, "share", value, "%", fmt::format("credits = [\"tmac\"]\nover = \"{}\"", over));
  };
  const auto credited = [&](const char* value, const std::string& shares) {
    return found("amdahl",
                 c("base", "throughput", "1", "tok/s") + c("other", "throughput", "2", "tok/s") + shares +
                     c("s", "speedup", value, "x", "credits = [\"tmac\"]\nover = \"base\""),
                 "s");
  };
  EXPECT_EQ(credited("5", share("a", "75", "base")), kImpossible) << "4x at best";
  EXPECT_EQ(credited("3.9", share("a", "75", "base")), kHolds);
  EXPECT_EQ(credited("3.9", share("a", "90", "base") + share("b", "50", "base")), kImpossible) << "the least of them";
  EXPECT_EQ(credited("3.9", share("a", "75", "other")), kUnsupported) << "of another baseline";
  EXPECT_EQ(credited("900", share("a", "100", "base")), kHolds) << "all of it may go";
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

TEST(AuditRules, Machine) {
  const auto tdp = [](const char* watts) {
    return found("machine", k7730u + c("p", "power", watts, "W", "scope = \"machine\"\nof = \"TDP\""), "p");
  };
  EXPECT_EQ(tdp("28"), kWrong);
  EXPECT_EQ(tdp("15"), kHolds);
  const auto memory = [](const char* type) {
    return found("machine",
                 k7730u + c("m", "memory_type", "", "", std::string("scope = \"machine\"\ntext = \"") + type + "\""),
                 "m");
  };
  EXPECT_EQ(memory("DDR5"), kWrong);
  EXPECT_EQ(memory("DDR4"), kHolds);
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

TEST(AuditRules, WorkCount) {
  const auto with = [](const char* value) {
    return found("work_count",
                 c("k", "speedup", value, "x", "credits = [\"kv_cache\"]\ntokens = 20\nbasis = \"measured\""), "k");
  };
  EXPECT_EQ(with("~1.0"), kUnsupported);
  EXPECT_EQ(with("9.7"), kHolds);
  const auto attention = [](const char* share) {
    return found("work_count", kModel7b + c("a", "share", share, "%", "of = \"attention\"\ntokens = 20"), "a");
  };
  EXPECT_EQ(attention("~2"), kUnsupported);
  EXPECT_EQ(attention("0.1"), kHolds);
  const auto beside = [](const char* of, const char* share) {
    return found("work_count",
                 kModel7b + "vocab = 32000\n" + c("a", "share", share, "%", fmt::format("of = \"{}\"", of)), "a");
  };
  EXPECT_EQ(beside("sampling", "~2"), kUnsupported);
  EXPECT_EQ(beside("sampling", "0.1"), kHolds);
  EXPECT_EQ(beside("embedding", "~1"), kUnsupported);
  EXPECT_EQ(beside("embedding", "0.1"), kHolds);
  EXPECT_EQ(beside("head", "30"), kUnsupported);
  EXPECT_EQ(beside("head", "0.1"), kUnsupported);
  EXPECT_EQ(beside("head", "2"), kHolds);
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
