#include "zoo/kernels.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "check.hpp"
#include "trial.hpp"

namespace bitproof::zoo {
namespace {

// With another seed few random inputs may be all alike, and so would be all outputs: a case that proves nothing.
bool has_few_inputs(const Case& c) {
  const auto known = dimensions(c.op);
  return c.fill == Fill::random && c.cols < 4 && std::ranges::find(known, std::string("cols")) != known.end();
}

// As Clearance does: the cases of the op until a verdict that is not a pass. An even step keeps what the parity of a
// seed stands for (problems/norms.cpp).
template <class Kernel>
Kill judge(const VariantOf<Kernel>& subject, std::uint64_t seed) {
  for (Case c : clearance_cases(subject.op)) {
    if (!has_few_inputs(c)) c.seed += 2 * (seed - 1);
    Kill kill = from_verdict(Trial<Kernel>(c).judge(subject));
    if (!kill.killed()) continue;
    kill.reason += " on " + to_string(c);
    return kill;
  }
  return {};
}

template <class Kernel>
Fault fault_of(const Table<Kernel>& table) {
  const Table<Kernel>* const one[] = {&table};
  std::vector<VariantOf<Kernel>> rows = variants_of<Kernel>(one);
  const std::string name = std::string(table.op) + "/" + table.stem;
  if (rows.size() != 2 || rows[0].id != name || rows[1].id != name + ":clean") {
    throw std::logic_error("harness/zoo/" + name + ".cpp: wants a row \"\", the fault, and a row \"clean\", its twin");
  }
  return {.name = name,
          .lie = rows[0].info->note,
          .planted = [subject = rows[0]](std::uint64_t seed) { return judge(subject, seed); },
          .clean = [subject = rows[1]](std::uint64_t seed) { return judge(subject, seed); },
          .skipped = rows[0].reason()};
}

}  // namespace

std::vector<Fault> kernel_faults() {
  std::vector<Fault> all;
#define BITPROOF_APPEND(op) \
  for (const Table<op::Kernel>* table : tables<op::Kernel>()) all.push_back(fault_of(*table));
  BITPROOF_FOR_EACH_OP(BITPROOF_APPEND)
#undef BITPROOF_APPEND
  return all;
}

}  // namespace bitproof::zoo
