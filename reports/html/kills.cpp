// The kill table: what the harness caught of the faults that were planted in it, where the run has it.
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {

std::string kills_section(const Json& run) {
  const Json& zoo = look(run, {"selftest"});
  if (!zoo.is_object()) {
    return paragraph(
        "This run did not put the harness to the test; `bitproof selftest` does, and the README keeps its table.");
  }
  Dataset d{"faults",
            "Planted faults",
            {{"name", "fault", Form::code}, {"note", "how it lies"}, {"killed_by", "killed by"}},
            look(zoo, {"faults"})};
  return paragraph(fmt::format("{} of {} planted faults were killed; {} false alarms on {} clean twins.",
                               words(zoo, "killed"), words(zoo, "planted"), words(zoo, "false_alarms"),
                               words(zoo, "clean_twins"))) +
         markup(Figure{.id = "faults",
                       .title = "Kill table",
                       .caption = "A checker is untested until it has rejected a fault.",
                       .data = {d},
                       .folded = true});
}

}  // namespace bitproof::html
