// The keys of a claims file, and what their values may be.
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

#include "error.hpp"
#include "reports/audit/claims.hpp"
#include "reports/audit/reproduction.hpp"
#include "reports/audit/toml_fields.hpp"

namespace bitproof::audit {
namespace {

constexpr std::size_t kLongest = 1 << 19;
// toml++ frees nested tables by recursion, and each dot of a key can nest one.
constexpr std::ptrdiff_t kMostDots = 8'000;
constexpr std::size_t kMostClaims = 2'000;

constexpr const char* kScopes[] = {"op", "layer", "token", "run", "model", "machine"};
constexpr const char* kBases_[] = {"measured", "estimated", "projected", "stated", "target"};
constexpr const char* kWordings[] = {"of", "by", "faster", "slower", "up to", "at least"};
constexpr const char* kStatuses[] = {"passed", "failed", "crashed"};
constexpr const char* kSizes[] = {"tiny", "small", "medium", "large"};
constexpr const char* kHolds[] = {"weights", "kv_cache", "pool", "all"};

class ClaimsReader : TomlFields {
 public:
  ClaimsReader(std::string path, Report& report) : TomlFields(std::move(path)), report_(report) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      if (key.str() == "report") {
        read_report(table_of(node, "report"));
      } else if (key.str() == "model") {
        read_model(table_of(node, "model"));
      } else if (key.str() != "claims") {
        throw bad(node, "unknown key '{}'; a claims file has [report], [model] and [[claims]]", key.str());
      }
    }
    const toml::array* claims = root["claims"].as_array();
    if (!claims || claims->empty()) throw BadInput("{}: no [[claims]]; a report without claims says nothing", path_);
    if (claims->size() > kMostClaims) throw bad(*claims, "over {} claims", kMostClaims);
    for (const toml::node& node : *claims) read_claim(table_of(node, "claims"));
  }

 private:
  void read_report(const toml::table& table) {
    Report& r = report_;
    std::string source;  // where it was published: for whoever reads the file
    apply(table,
          {{"title", into(r.title, "title")},
           {"date", into(r.date, "date")},
           {"system", into(r.system, "system")},
           {"cpu", into(r.cpu, "cpu")},
           {"source", into(source, "source")}},
          "[report]");
  }

  void read_model(const toml::table& table) {
    Model& m = report_.model;
    apply(table,
          {{"layers", into(m.layers, "layers")},
           {"hidden", into(m.hidden, "hidden")},
           {"ffn", into(m.ffn, "ffn")},
           {"heads", into(m.heads, "heads")},
           {"kv_heads", into(m.kv_heads, "kv_heads")},
           {"head_dim", into(m.head_dim, "head_dim")},
           {"vocab", into(m.vocab, "vocab")},
           {"context", into(m.context, "context")},
           {"batch", into(m.batch, "batch")},
           {"parameters", [&](const toml::node& n) { m.parameters = static_cast<double>(integer(n, "parameters")); }},
           {"weight_bits",
            [&](const toml::node& n) {
              const Printed p = printed(n, "weight_bits");
              m.weight_bits = Range{p.low, p.high};
            }}},
          "[model]");
  }

  Reproduction reproduction(const toml::node& node) {
    const toml::table& table = table_of(node, "reproduce");
    Reproduction r;
    apply(table,
          {{"command", into(r.command, "command")},
           {"value", into(r.value, "value")},
           {"unit", into(r.unit_text, "unit")}},
          "reproduce");
    try {
      r.unit = parse_unit(r.unit_text);
      arguments_of(r.command);
      require_path(r.value);
    } catch (const BadInput& e) {
      throw bad(node, "reproduce: {}", e.what());
    }
    return r;
  }

  void into_value(Claim& c, const toml::node& n) {
    c.value = printed(n, "value");
    c.printed = text(n, "value");
  }

  void into_headline(Claim& c, const toml::node& n) {
    const auto value = n.value_exact<bool>();
    if (!value) throw bad(n, "headline must be true or false");
    c.headline = *value;
  }

  Setters keys_of(Claim& c, std::optional<std::int64_t>& line) {
    return {{"id", into(c.id, "id")},
            {"line", into(line, "line")},
            {"also", into(c.also, "also")},
            {"quote", into(c.quote, "quote")},
            {"metric", into(c.metric, "metric")},
            {"stated_as", into(c.stated_as, "stated_as")},
            {"value", [&](const toml::node& n) { into_value(c, n); }},
            {"unit", into(c.unit_text, "unit")},
            {"text", into(c.text, "text")},
            {"of", into(c.of, "of")},
            {"scope", into(c.scope, "scope", kScopes)},
            {"basis", into(c.basis, "basis", kBases_)},
            {"expression", into(c.expression, "expression")},
            {"implied", into(c.implied, "implied")},
            {"parts", into(c.parts, "parts")},
            {"leans_on", into(c.leans_on, "leans_on")},
            {"credits", into(c.credits, "credits")},
            {"over", into(c.over, "over")},
            {"wording", into(c.wording, "wording", kWordings)},
            {"status", into(c.status, "status", kStatuses)},
            {"size", into(c.size, "size", kSizes)},
            {"holds", into(c.holds, "holds", kHolds)},
            {"reproduce", [&](const toml::node& n) { c.reproduce = reproduction(n); }},
            {"shape", into(c.shape, "shape")},
            {"threads", into(c.threads, "threads")},
            {"samples", into(c.samples, "samples")},
            {"tokens", into(c.tokens, "tokens")},
            {"batch", into(c.batch, "batch")},
            {"value_bytes", into(c.value_bytes, "value_bytes")},
            {"headline", [&](const toml::node& n) { into_headline(c, n); }}};
  }

  void read_claim(const toml::table& table) {
    Claim c;
    c.report = report_.name;
    std::optional<std::int64_t> line;
    apply(table, keys_of(c, line), "a claim");
    if (c.id.empty()) throw bad(table, "this claim has no id");
    if (report_.find(c.id)) throw bad(table, "a second claim '{}'", c.id);
    if (!line || *line < 1 || *line > 1'000'000) throw bad(table, "claim '{}' has no line of its report", c.id);
    if (c.quote.empty()) throw bad(table, "claim '{}' has no quote", c.id);
    c.line = static_cast<int>(*line);
    if (c.of.empty()) c.of = c.id;
    try {
      c.unit = parse_unit(c.unit_text);
      if (c.reproduce && c.reproduce->unit.dimension != c.unit.dimension) {
        throw BadInput("reproduce measures in '{}', and the claim is in '{}'", c.reproduce->unit_text, c.unit_text);
      }
    } catch (const BadInput& e) {
      throw bad(table, "claim '{}': {}", c.id, e.what());
    }
    report_.claims.push_back(std::move(c));
  }

  Report& report_;
};

}  // namespace

Report parse_claims(const std::string& text, const std::string& path) {
  if (text.size() > kLongest || std::count(text.begin(), text.end(), '.') > kMostDots) {
    throw BadInput("{}: over {} bytes or {} dots: split it, audit takes several files", path, kLongest, kMostDots);
  }
  try {
    Report report;
    report.name = std::filesystem::path(path).stem().string();
    const toml::table root = toml::parse(text, path);
    ClaimsReader(path, report).read(root);
    validate(report, path);
    return report;
  } catch (const toml::parse_error& e) {
    throw BadInput("{}:{}: not TOML: {}", path, e.source().begin.line, e.description());
  }
}

}  // namespace bitproof::audit
