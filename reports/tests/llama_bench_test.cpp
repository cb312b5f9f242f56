#include "reports/llama_bench.hpp"

#include <gmock/gmock.h>

#include "error.hpp"
#include "harness/tests/support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

// One test as llama-bench's JSON printer writes it, numbers chosen to agree.
Json one_test(int prompt, int generated, double rate) {
  return {{"build_commit", "abc1234"},
          {"cpu_info", "Some CPU"},
          {"model_filename", "m.gguf"},
          {"model_type", "bitnet 7B"},
          {"model_size", 1'730'000'000},
          {"model_n_params", 6'700'000'000},
          {"n_threads", 2},
          {"n_prompt", prompt},
          {"n_gen", generated},
          {"n_depth", 8},
          {"test_time", "2026-01-01T00:00:00Z"},
          {"avg_ns", (prompt + generated) * 1e9 / rate},
          {"avg_ts", rate},
          {"samples_ts", {rate * 0.99, rate * 1.01, rate}}};
}

std::string refused(const Json& list) {
  return refusal([&] { parse_llama_bench(list.dump(), "peer.json"); });
}

TEST(LlamaBench, DecodeHasBytesAndRatesAndSaysWhoClaimsThem) {
  const auto peers = parse_llama_bench(Json::array({one_test(0, 32, 15)}).dump(), "peer.json");
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers[0].kind, "decode");
  const Json j = to_json(peers[0], false, std::nullopt);
  EXPECT_EQ(j["provenance"]["tok_per_s"], "claimed");
  EXPECT_THAT(j["provenance"]["bytes_per_token"].get<std::string>(), HasSubstr("modelled"));
  EXPECT_EQ(j["bytes_per_token"], 1.73e9);
  EXPECT_DOUBLE_EQ(j["gb_per_s"].get<double>(), 1.73 * 15);
  EXPECT_EQ(j["tok_per_s"]["median"], 15.0);
  EXPECT_EQ(j["depth"], 8);
  const Json here = to_json(peers[0], true, 1e9);
  EXPECT_EQ(here["provenance"]["tok_per_s"], "measured here by llama-bench abc1234");
  EXPECT_THAT(here["provenance"]["bytes_per_token"].get<std::string>(), HasSubstr("derived"));
  EXPECT_DOUBLE_EQ(here["gb_per_s"].get<double>(), 15.0);
}

TEST(LlamaBench, PrefillHasNoBytesPerToken) {
  const auto peers = parse_llama_bench(Json::array({one_test(64, 0, 48), one_test(64, 32, 20)}).dump(), "peer.json");
  EXPECT_EQ(peers[0].kind, "prefill");
  EXPECT_EQ(peers[1].kind, "mixed");
  const Json j = to_json(peers[0], false, std::nullopt);
  EXPECT_TRUE(j["bytes_per_token"].is_null());
  EXPECT_TRUE(j["gb_per_s"].is_null());
  EXPECT_THAT(j["gb_per_s_why"].get<std::string>(), HasSubstr("once for many tokens"));
}

TEST(LlamaBench, WithoutSamplesThereIsNoInterval) {
  Json test = one_test(0, 32, 15);
  test.erase("samples_ts");
  const Json j = to_json(parse_llama_bench(Json::array({test}).dump(), "peer.json")[0], false, std::nullopt);
  EXPECT_TRUE(j["tok_per_s"].is_null());
  EXPECT_EQ(j["tok_per_s_mean"], 15.0);
}

TEST(LlamaBench, WhatContradictsItselfIsRefused) {
  const auto with = [](const char* key, const Json& value) {
    Json test = one_test(0, 32, 15);
    test[key] = value;
    return refused(Json::array({one_test(0, 8, 3), test}));
  };
  EXPECT_EQ(with("n_depth", 0), "");
  EXPECT_THAT(with("avg_ts", 30),
              HasSubstr("peer.json: test 1: contradicts itself: avg_ns x avg_ts is not its tokens"));
  EXPECT_THAT(with("samples_ts", {30, 30}), HasSubstr("the mean of samples_ts is not avg_ts"));
  EXPECT_THAT(with("samples_ts", {15, 0}), HasSubstr("samples_ts holds 0"));
  EXPECT_THAT(with("n_gen", 33), HasSubstr("contradicts itself"));
  EXPECT_THAT(with("n_gen", "32"), HasSubstr("n_gen is not a number"));
  EXPECT_THAT(with("n_threads", 1.5), HasSubstr("n_threads is 1.5: not a count"));
  EXPECT_THAT(with("model_size", -1), HasSubstr("model_size is -1"));
  EXPECT_THAT(refused(Json::array()), HasSubstr("no list of tests"));
  EXPECT_THAT(refused(Json::array({1})), HasSubstr("test 0: not an object"));
  EXPECT_THAT(refusal([] { parse_llama_bench("[", "peer.json"); }), HasSubstr("peer.json: byte 1"));
}

}  // namespace
}  // namespace bitproof
