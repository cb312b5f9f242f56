// The rules of an audit that know what machines and models can do, each on a planted fault and on its clean twin.
#include "audit_support.hpp"

namespace bitproof::audit {
namespace {

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

}  // namespace
}  // namespace bitproof::audit
