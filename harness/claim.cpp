#include "claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <mutex>
#include <optional>

namespace bitproof {
namespace {

// The registers that an ISA word names.
struct Computes {
  const char* isa;
  Width width;
};
constexpr Computes kComputes[] = {
    {"avx2", Width::ymm}, {"avx512", Width::zmm}, {"avx512vnni", Width::zmm}, {"avx512vbmi", Width::zmm}};

const Computes* named_width(const std::string& isa) {
  const auto* found =
      std::find_if(std::begin(kComputes), std::end(kComputes), [&](const Computes& c) { return c.isa == isa; });
  return found == std::end(kComputes) ? nullptr : found;
}

struct Code {
  Census work, all;
};

std::string first_of(const std::set<std::string>& imports, bool (*is)(std::string_view)) {
  const auto found = std::find_if(imports.begin(), imports.end(), is);
  return found == imports.end() ? "" : *found;
}

// Behind this program's count of its calls (allocation_count.cpp) the allocator has names in __libc_, and mmap is a
// syscall.
bool allocates(std::string_view import) {
  constexpr std::array kNames = {"malloc",         "calloc",         "realloc", "aligned_alloc",
                                 "memalign",       "posix_memalign", "free",    "mmap",
                                 "mmap64",         "sbrk",           "brk",     "syscall",
                                 "__libc_malloc",  "_Znwm",          "_Znam",   "__libc_calloc",
                                 "__libc_realloc", "__libc_memalign"};
  return std::find(kNames.begin(), kNames.end(), import) != kNames.end() || import.starts_with("_ZnwmSt") ||
         import.starts_with("_ZnamSt");
}

bool starts_threads(std::string_view import) {
  return import.starts_with("GOMP_") || import.starts_with("omp_") || import.starts_with("__kmpc_") ||
         import.starts_with("_ZNSt6thread") || import == "pthread_create" || import == "clone";
}

std::string scalar_fault(const Claim& claim, const Code& code) {
  if (!claim.arithmetic || claim.isa != "scalar") return "";
  const Census& c = code.all;
  if (c.packed_total() > 0)
    return fmt::format("named scalar, but computes packed: {} ({})", summary(c), c.packed_example);
  if (c.vector[1] + c.vector[2] > 0) return "named scalar, but uses ymm or zmm registers";
  return "";
}

std::string width_fault(const Claim& claim, const Code& code) {
  const Computes* named = claim.arithmetic ? named_width(claim.isa) : nullptr;
  if (!named) return "";
  if (code.work[named->width] == 0) {
    return fmt::format("named {}, but computes nothing in {} registers: {}", claim.isa,
                       kWidthNames[static_cast<int>(named->width)], summary(code.work));
  }
  if (named->width == Width::ymm && code.all.vector[2] > 0) return "named avx2, but uses zmm registers";
  return "";
}

std::string extension_fault(const Claim& claim, const Code& code) {
  if (!claim.arithmetic) return "";
  if (claim.isa == "avx512vnni" && code.work.count("pdpbusd") + code.work.count("pdpwssd") == 0) {
    return "named avx512vnni, but has no vpdpbusd or vpdpwssd";
  }
  const auto vbmi = [&] {
    return code.work.count("permb") + code.work.count("permi2b") + code.work.count("permt2b") +
           code.work.count("pmultishiftqb");
  };
  if (claim.isa == "avx512vbmi" && vbmi() == 0)
    return "named avx512vbmi, but has no vpermb, vpermi2b or vpmultishiftqb";
  return "";
}

// autovec is the compiler's best, which for some loops is no vector at all: its census says so, and where a loop of all
// SIMD is asked for its witness does too.
std::string simd_fault(const Claim& claim, const Code& code) {
  if (claim.isa == "autovec" || !claim.techniques.has(Technique::simd) || code.work.packed_total() > 0) return "";
  return "technique simd, but no packed arithmetic";
}

// N of a row named pf<N>: the distance in cache lines.
std::optional<std::int64_t> distance(const std::string& row) {
  std::int64_t lines = 0;
  if (!row.starts_with("pf")) return std::nullopt;
  const char* end = row.data() + row.size();
  const auto [rest, error] = std::from_chars(row.data() + 2, end, lines);
  return error == std::errc() && rest == end ? std::optional(lines) : std::nullopt;
}

// A distance is a constant added to an address, somewhere: that it is there is necessary, not sufficient.
std::string prefetch_fault(const Claim& claim, const Code& code) {
  const auto lines = distance(claim.row);
  const bool claims = claim.techniques.has(Technique::prefetch) || lines;
  if (claims && code.work.count("prefetch") == 0) return "claims to prefetch, but holds no prefetch instruction";
  if (lines && !code.work.constants.contains(64 * *lines)) {
    return fmt::format("row {} prefetches, but nowhere at a distance of {} bytes", claim.row, 64 * *lines);
  }
  if (!claims && code.all.count("prefetch") > 0) return "prefetches, without the technique prefetch";
  return "";
}

// With the compiler's choice of instructions (autovec, scalar) a look-up is a load: look_up.hpp finds it by its effect.
std::string look_up_fault(const Claim& claim, const Code& code) {
  if (!claim.techniques.has(Technique::tmac) || !named_width(claim.isa)) return "";
  std::int64_t look_ups = 0;
  for (const char* mnemonic : {"pshufb", "permb", "permw", "permi2", "permt2"}) look_ups += code.work.count(mnemonic);
  return look_ups > 0 ? "" : "technique tmac, but neither vpshufb nor vpermb or vpermw looks anything up";
}

std::string threading_fault(const Claim& claim, const Code& code) {
  const std::string call = first_of(code.all.imports, starts_threads);
  const bool claims = claim.techniques.has(Technique::threading);
  if (claims && call.empty()) return "technique threading, but no call into a threading runtime";
  if (!claims && !call.empty()) return fmt::format("calls {}, without the technique threading", call);
  return "";
}

std::string pool_fault(const Claim& claim, const Code& code) {
  if (!claim.allocator || !claim.techniques.has(Technique::memory_pool)) return "";
  const std::string call = first_of(code.work.imports, allocates);
  return call.empty() ? "" : fmt::format("technique memory_pool, but calls {}", call);
}

std::string allocation_fault(const Claim& claim, const Code& code) {
  const std::string call = claim.allocator ? "" : first_of(code.all.imports, allocates);
  return call.empty() ? "" : fmt::format("calls {}: a kernel allocates nothing", call);
}

// Whoever calls what cannot be followed proves nothing of what is absent. Tiles are called through a pointer: that is
// threading's contract.
std::string gap(const Claim& claim, const Code& code) {
  if (!claim.arithmetic || code.all.unfollowed.empty()) return "";
  return fmt::format("the code cannot be read to its end: {} ({} such)", code.all.unfollowed[0],
                     code.all.unfollowed.size());
}

Verdict judge(const Claim& claim, const EntryPoints& entries) {
  std::vector<const void*> all = entries.work;
  all.insert(all.end(), entries.rest.begin(), entries.rest.end());
  const Code code{census(entries.work), census(all)};
  for (const auto fault : {scalar_fault, width_fault, extension_fault, simd_fault, prefetch_fault, look_up_fault,
                           threading_fault, pool_fault}) {
    if (std::string why = fault(claim, code); !why.empty()) return {Status::fallback, std::move(why), "object code"};
  }
  if (std::string why = allocation_fault(claim, code); !why.empty())
    return Verdict::failed(std::move(why), "object code");
  if (std::string why = gap(claim, code); !why.empty()) return {Status::mistrusted, std::move(why), "object code"};
  return Verdict::pass();
}

}  // namespace

Verdict screen_code(const Claim& claim, const EntryPoints& code) {
  static std::mutex mutex;
  static std::map<EntryPoints, std::vector<std::pair<Claim, Verdict>>> known;
  const std::lock_guard lock(mutex);
  auto& verdicts = known[code];
  for (const auto& [judged, verdict] : verdicts) {
    if (judged == claim) return verdict;
  }
  verdicts.emplace_back(claim, judge(claim, code));
  return verdicts.back().second;
}

Census census_of(const Variant& v) {
#define BITPROOF_CENSUS(folder) \
  if (v.op == #folder) return census(entry_points(*find_variant<folder::Kernel>(v.id)->kernel).work);
  BITPROOF_FOR_EACH_OP(BITPROOF_CENSUS)
#undef BITPROOF_CENSUS
  return {};
}

}  // namespace bitproof
