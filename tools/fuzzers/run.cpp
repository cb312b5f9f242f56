// The reader of run files: run.json to every format, and back to JSON.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "refused.hpp"
#include "reports/run_file.hpp"

namespace bitproof {
namespace {

void collect(Json& node, std::vector<Json*>& all) {
  all.push_back(&node);
  for (Json& child : node) {
    if (node.is_structured()) collect(child, all);
  }
}

// What a program, a hand edit or a half-written value could have put in the place of another.
Json odd_value(std::mt19937& random, const Json& like) {
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           false,
                                           0,
                                           -1,
                                           1.5,
                                           1e300,
                                           -1e300,
                                           INT64_MIN,
                                           UINT64_MAX,
                                           "",
                                           "text",
                                           "a|b\n\x01",
                                           Json::array(),
                                           Json::object(),
                                           Json::array({1, nullptr}),
                                           Json{{"median", 1}}};
  const std::size_t choice = random() % (values.size() + 1);
  return choice < values.size() ? values[choice] : Json::array({like});
}

// One value replaced, removed or moved. Bytes alone would seldom leave a run that is still JSON.
void mutate(Json& run, std::mt19937& random) {
  std::vector<Json*> nodes;
  collect(run, nodes);
  Json& node = *nodes[random() % nodes.size()];
  if (node.is_structured() && !node.empty() && random() % 4 == 0) {
    node.erase(std::next(node.begin(), static_cast<std::ptrdiff_t>(random() % node.size())));
  } else if (random() % 3 == 0) {
    const Json other = *nodes[random() % nodes.size()];
    node = other;
  } else {
    node = odd_value(random, Json(node));
  }
}

}  // namespace
}  // namespace bitproof

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t most, unsigned seed) {
  std::mt19937 random(seed);
  bitproof::Json run = bitproof::Json::parse(data, data + size, nullptr, false);
  if (run.is_discarded() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  for (unsigned n = 1 + random() % 3; n > 0; --n) bitproof::mutate(run, random);
  const std::string text = run.dump(-1, ' ', false, bitproof::Json::error_handler_t::replace);
  if (text.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bitproof;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string page, json;
  if (!taken("run.json: ", [&] { page = report(text, "run.json", "md"); })) return 0;
  require(page.starts_with("# bitproof run"));
  require(taken("run.json: ", [&] { json = report(text, "run.json", "json"); }));
  require(report(json, "run.json", "md") == page);
  for (const std::string& format : report_formats()) {
    taken("run.json: ", [&] { report(text, "run.json", format); });
  }
  return 0;
}
