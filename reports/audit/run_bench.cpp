// Microbenchmarks.
#include "reports/audit/run_collector.hpp"
#include "reports/audit/run_json.hpp"

namespace bitproof::audit {
namespace {

std::string op_of(const Json& result) {
  const std::string id = word(result, "id");
  return id.substr(0, id.find('/'));
}

bool same_key(const Json& a, const Json& b, const char* key) { return member(a, key) == member(b, key); }

// The same variant on the same case on one thread: what a speedup over threads is over.
std::optional<std::size_t> on_one_thread(const Json& run, const Json& result) {
  std::optional<std::size_t> found;
  each(member(run, "bench"), [&](const Json& o, std::size_t i) {
    if (!found && at_least_one(o, "threads") == 1 && finite(o, "median_ns").value_or(0) > 0 &&
        same_key(o, result, "id") && same_key(o, result, "case") && same_key(o, result, "temperature") &&
        same_key(o, result, "benchmark"))
      found = i;
  });
  return found;
}

// One thing has one cost, on however many threads it was timed.
void bench_cost(RunCollector& collect, const Json& result, const std::string& id, const std::string& path,
                const char* key, const char* metric, const char* unit, const std::string& of) {
  const auto rate = finite(result, key);
  if (word(result, "kind") != "kernel" || !rate || *rate <= 0) return;
  Claim* c = collect.add(fmt::format("{}_{}", id, key), fmt::format("{}.{} x median_ns", path, key),
                         *rate * *finite(result, "median_ns"), metric, unit);
  if (!c) return;
  c->value->step = c->value->coarse = c->value->high * 1e-5;  // of two figures, each with six digits at least
  c->of = fmt::format("{} of {}, {}, {}", key, of, word(result, "benchmark"), word(result, "case"));
}

// What its bytes need of memory, by the gate's own least time, and its products of the cores.
void bench_physics(RunCollector& collect, const Json& result, const std::string& id, const std::string& path,
                   std::int64_t threads) {
  const Json& gate = member(result, "physics");
  const auto ns = finite(result, "median_ns"), least = finite(gate, "least_ns"), gops = finite(result, "gop_per_s");
  collect.add(id + "_least", path + ".physics.least_ns", least, "time", "ns");
  Claim* share = collect.add(id + "_fraction", path + ".physics.fraction", finite(gate, "fraction"), "ratio", "");
  if (share && least) share->expression = fmt::format("{0}_least / {0}_time", id);
  const auto ceiling = collect.machine.read_gb_per_s(threads);
  if (least && ceiling && word(gate, "bound_by") == kReads) {
    Claim* c = collect.add(id + "_reads", path + ": bytes from memory / median_ns", *ceiling * *least / *ns,
                           "bandwidth", "GB/s");
    if (!c) return;
    c->holds = "weights";
    c->threads = threads;
  }
  const std::string op = op_of(result);
  const bool products = op == "dense_matmul" || (op == "ternary_matmul" && !looks_products_up(word(result, "id")));
  // One matrix, by one of the variants, bounds no token: no scope of an op, so that tokens are not held against it.
  if (gops && (products || op == "attention"))
    collect.op_rate(id + "_computes", path + ".gop_per_s", *gops * 1e9, op == "attention", threads, states_of(result),
                    "run");
}

void over_threads(RunCollector& collect, const Json& result, const std::string& id, const std::string& path,
                  std::int64_t threads, std::int64_t samples) {
  const auto one = on_one_thread(collect.run, result);
  const auto speedup = finite(result, "speedup");
  if (Claim* c = collect.add(id + "_speedup", path + ".speedup", speedup, "speedup", "x")) {
    c->samples = samples;
    c->threads = threads;
    if (one) c->over = fmt::format("bench{}_time", *one);
    if (one) c->implied = {fmt::format("bench{}_time / {}_time", *one, id)};
  }
  Claim* c = collect.add(id + "_efficiency", path + ".efficiency", finite(result, "efficiency"), "efficiency", "");
  if (!c) return;
  c->threads = threads;
  if (speedup) c->expression = fmt::format("{}_speedup / {}", id, threads);
}

}  // namespace

void collect_bench(RunCollector& collect, const Json& result, std::size_t i) {
  const std::string id = fmt::format("bench{}", i), path = fmt::format("bench[{}] ({})", i, word(result, "id"));
  const auto ns = finite(result, "median_ns");
  if (!ns || *ns <= 0) return;
  const std::int64_t samples = samples_of(result);
  collect.add(id + "_time", path + ".median_ns", ns, "time", "ns")->samples = samples;
  if (Claim* c = collect.add(id + "_rate", path + ".tok_per_s", finite(result, "tok_per_s"), "throughput", "tok/s"))
    c->expression = fmt::format("1 tok / {}_time", id);
  // Operations are the shape's. Bytes are those that a variant packs it into.
  bench_cost(collect, result, id, path, "gb_per_s", "memory", "B", word(result, "id"));
  bench_cost(collect, result, id, path, "gop_per_s", "count", "", op_of(result));
  const auto threads = at_least_one(result, "threads");
  if (!threads) return;
  bench_physics(collect, result, id, path, *threads);
  over_threads(collect, result, id, path, *threads, samples);
}

}  // namespace bitproof::audit
