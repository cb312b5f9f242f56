#include "reports/llama_bench.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "error.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

constexpr double kMostRounding = 0.01;  // between numbers that one test gives for the same thing

class Test {
 public:
  Test(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) throw BadInput("{}: not an object", where_);
  }

  double number(const char* key, std::optional<double> otherwise = std::nullopt) const {
    const auto found = json_.find(key);
    if (found == json_.end() && otherwise) return *otherwise;
    if (found == json_.end() || !found->is_number()) throw BadInput("{}: {} is not a number", where_, key);
    const double value = found->get<double>();
    if (!std::isfinite(value) || value < 0) throw BadInput("{}: {} is {}", where_, key, value);
    return value;
  }
  std::int64_t count(const char* key, std::optional<double> otherwise = std::nullopt) const {
    const double value = number(key, otherwise);
    if (value != std::floor(value) || value > 1e15) throw BadInput("{}: {} is {}: not a count", where_, key, value);
    return static_cast<std::int64_t>(value);
  }
  std::string text(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && found->is_string() ? one_line(found->get<std::string>()) : "";
  }
  std::vector<double> numbers(const char* key) const {
    std::vector<double> all;
    const auto found = json_.find(key);
    if (found == json_.end()) return all;
    if (!found->is_array()) throw BadInput("{}: {} is no list", where_, key);
    for (const Json& item : *found) {
      if (!item.is_number() || !(item.get<double>() > 0)) throw BadInput("{}: {} holds {}", where_, key, item.dump());
      all.push_back(item.get<double>());
    }
    return all;
  }
  void require_close(double a, double b, const std::string& what) const {
    if (std::abs(a - b) > kMostRounding * std::max(std::abs(a), std::abs(b))) {
      throw BadInput("{}: contradicts itself: {}: {:.6g} and {:.6g}", where_, what, a, b);
    }
  }

 private:
  const Json& json_;
  std::string where_;
};

PeerResult read(const Test& t) {
  const std::int64_t prompt = t.count("n_prompt"), generated = t.count("n_gen");
  PeerResult r{.model = t.text("model_type"),
               .file = t.text("model_filename"),
               .build = t.text("build_commit"),
               .cpu = t.text("cpu_info"),
               .time = t.text("test_time"),
               .kind = prompt == 0      ? "decode"
                       : generated == 0 ? "prefill"
                                        : "mixed",
               .threads = t.count("n_threads"),
               .tokens = prompt + generated,
               .depth = t.count("n_depth", 0.0),
               .model_bytes = t.number("model_size"),
               .tok_per_s = t.number("avg_ts"),
               .samples = t.numbers("samples_ts")};
  t.require_close(t.number("avg_ns") * 1e-9 * r.tok_per_s, static_cast<double>(r.tokens),
                  "avg_ns x avg_ts is not its tokens");
  if (!r.samples.empty()) {
    const double mean =
        std::accumulate(r.samples.begin(), r.samples.end(), 0.0) / static_cast<double>(r.samples.size());
    t.require_close(mean, r.tok_per_s, "the mean of samples_ts is not avg_ts");
  }
  return r;
}

}  // namespace

std::vector<PeerResult> parse_llama_bench(const std::string& text, const std::string& path) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& e) {
    throw BadInput("{}: byte {}: not JSON", path, std::max<std::size_t>(e.byte, 1) - 1);  // counts from 1
  }
  if (!json.is_array() || json.empty()) throw BadInput("{}: no list of tests: write it with llama-bench -o json", path);
  std::vector<PeerResult> all;
  for (std::size_t i = 0; i < json.size(); ++i) all.push_back(read(Test(json[i], fmt::format("{}: test {}", path, i))));
  return all;
}

Json to_json(const PeerResult& peer, bool measured_here, std::optional<double> bytes_per_token) {
  const std::string source =
      measured_here ? fmt::format("measured here by llama-bench {}", peer.build) : std::string("claimed");
  const bool decode = peer.kind == "decode";
  const double bytes = bytes_per_token.value_or(peer.model_bytes);
  Json j = {{"engine", fmt::format("llama-bench {}", peer.build)},
            {"model", peer.model},
            {"file", peer.file},
            {"cpu", peer.cpu},
            {"time", peer.time},
            {"kind", peer.kind},
            {"threads", peer.threads},
            {"tokens", peer.tokens},
            {"depth", peer.depth},
            {"tok_per_s_mean", peer.tok_per_s}};
  if (peer.samples.empty()) {
    j["tok_per_s"] = nullptr;
    j["tok_per_s_why"] = "its file holds a mean and no samples";
  } else {
    j["tok_per_s"] = to_json(estimate(peer.samples));
  }
  const std::string why = "a batch reads its weights once for many tokens";
  put(j, "bytes_per_token", decode ? std::optional(bytes) : std::nullopt, why);
  put(j, "gb_per_s", decode ? std::optional(bytes * peer.tok_per_s * 1e-9) : std::nullopt, why);
  j["provenance"] = {{"tok_per_s", source},
                     {"bytes_per_token",
                      bytes_per_token ? "derived: bytes of the file's tensors that a token reads, the cache left out"
                                      : "modelled: every tensor of the file once, the cache left out"},
                     {"gb_per_s", "derived: bytes_per_token x tok_per_s_mean"}};
  return j;
}

}  // namespace bitproof
