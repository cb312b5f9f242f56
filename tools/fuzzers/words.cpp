// What a command line and a repro line hold: "OP CASE", a recipe, a slot.
#include <algorithm>

#include "case.hpp"
#include "recipe.hpp"
#include "refused.hpp"
#include "registry.hpp"

namespace bitproof {

// The readers know variants by name alone; a registry of none builds in seconds.
#define BITPROOF_NONE(op)                                          \
  template <>                                                      \
  std::span<const Table<op::Kernel>* const> tables<op::Kernel>() { \
    return {};                                                     \
  }
BITPROOF_FOR_EACH_OP(BITPROOF_NONE)
#undef BITPROOF_NONE
Features machine_features() { return 0; }
std::vector<std::string> feature_names(Features) { return {}; }

}  // namespace bitproof

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bitproof;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t space = std::min(text.find(' '), text.size());
  taken("", [&] {
    const Case c = parse_case(text.substr(0, space), text.substr(std::min(space + 1, text.size())));
    require(to_string(parse_case(c.op, to_string(c))) == to_string(c));
  });
  taken("--recipe: ", [&] {
    const Techniques set = parse_recipe(text);
    require(parse_recipe(recipe_name(set)) == set);
  });
  taken("--slot: ", [&] {
    RecipeNames names = {{"rope", "rope/scalar"}, {"rms_norm", "rms_norm/scalar"}};
    apply_slot(names, text);
  });
  return 0;
}
