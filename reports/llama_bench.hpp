// Results of other engines, as llama-bench writes them (-o json): a list of tests, each with its own samples.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/json.hpp"

namespace bitproof {

struct PeerResult {
  std::string model, file, build, cpu, time;
  std::string kind;  // "decode", "prefill", or "mixed", which is neither
  std::int64_t threads, tokens, depth;
  double model_bytes;           // all tensors of its file
  double tok_per_s;             // the mean that it reports
  std::vector<double> samples;  // tok/s; empty where it kept none
};

// Throws BadInput, naming path and test: no such list, or one that contradicts itself.
std::vector<PeerResult> parse_llama_bench(const std::string& text, const std::string& path);

// Provenance: "claimed", or "measured here by llama-bench <build>" where the caller knows that.
// bytes_per_token: of the weights that a token reads; without it all of the file's, which says so.
Json to_json(const PeerResult& peer, bool measured_here, std::optional<double> bytes_per_token);

}  // namespace bitproof
