// Whether the claims of a report hang together: metrics, units, references and expressions.
#include "error.hpp"
#include "reports/audit/claims.hpp"

namespace bitproof::audit {
namespace {

// What is wrong with a claim is thrown without its name, which whoever catches it adds.
void require_metric(const Claim& c) {
  const auto dimension = dimension_of(c.metric);
  if (!dimension) throw BadInput("metric '{}' is not one of {}", c.metric, fmt::join(metric_names(), ", "));
  if (!c.stated_as.empty() && !dimension_of(c.stated_as)) throw BadInput("stated_as '{}' is no metric", c.stated_as);
  if (c.value && c.unit.dimension != *dimension)
    throw BadInput("unit '{}' does not fit: {} is in {}", c.unit_text, c.metric, name(*dimension));
  if (!c.value && c.text.empty() && c.status.empty()) throw BadInput("it has neither value, text nor status");
  if (!c.shape.empty() && c.shape.size() != 3) throw BadInput("a shape is [rows, cols, batch]");
}

void require_references(const Report& report, const Claim& c) {
  for (const auto* references : {&c.parts, &c.leans_on}) {
    for (const std::string& id : *references) {
      if (!report.find(id)) throw BadInput("no claim is named '{}'", id);
    }
  }
  for (const std::string& id : c.parts) {
    const Claim& part = *report.find(id);
    if (!part.value || part.unit.dimension != *dimension_of(c.metric))
      throw BadInput("its part '{}' is no {}", id, c.metric);
  }
  if (!c.over.empty() && (!report.find(c.over) || !report.find(c.over)->value))
    throw BadInput("it is over '{}', which is no claim with a number", c.over);
}

void require_expressions(const Report& report, const Claim& c) {
  std::vector<std::string> expressions = c.implied;
  if (!c.expression.empty()) expressions.push_back(c.expression);
  if (!expressions.empty() && !c.value) throw BadInput("an expression, and no value to hold against it");
  const Dimension dimension = *dimension_of(c.metric);
  for (const std::string& e : expressions) {
    const Evaluated result = evaluate(report, e);
    if (result.dimension != dimension)
      throw BadInput("'{}' is in {}, and {} in {}", e, name(result.dimension), c.metric, name(dimension));
  }
}

}  // namespace

void validate(const Report& report, const std::string& path) {
  for (const Claim& c : report.claims) {
    try {
      require_metric(c);
      require_references(report, c);
      require_expressions(report, c);
    } catch (const BadInput& why) {
      throw BadInput("{}: claim '{}': {}", path, c.id, why.what());
    }
  }
}

}  // namespace bitproof::audit
