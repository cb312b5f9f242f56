#include "object_code.hpp"

#include <Zydis/Zydis.h>
#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <unordered_set>

namespace bitproof {
namespace {

using Address = std::uintptr_t;

// The parts of a loaded module that a walk needs.
struct Module {
  Address base = 0;
  std::vector<std::pair<Address, Address>> text;  // executable segments
  std::map<Address, std::string> slots;           // of the global offset table: imported functions

  // Readable code from `at` on, in bytes; 0 outside the text.
  std::size_t room(Address at) const {
    for (const auto& [begin, end] : text) {
      if (begin <= at && at < end) return end - at;
    }
    return 0;
  }
};

// The dynamic section's tables, as pointers into memory. The loader has turned offsets into addresses, or not (musl).
struct Dynamic {
  Address strings = 0, symbols = 0;
  Address rela = 0, jump_rela = 0;
  std::size_t rela_bytes = 0, jump_rela_bytes = 0;

  Dynamic(Address base, const ElfW(Dyn) * entry) {
    const auto address = [base](Address a) { return a < base ? base + a : a; };
    for (; entry->d_tag != DT_NULL; ++entry) {
      switch (entry->d_tag) {
        case DT_STRTAB:
          strings = address(entry->d_un.d_ptr);
          break;
        case DT_SYMTAB:
          symbols = address(entry->d_un.d_ptr);
          break;
        case DT_RELA:
          rela = address(entry->d_un.d_ptr);
          break;
        case DT_RELASZ:
          rela_bytes = entry->d_un.d_val;
          break;
        case DT_JMPREL:
          jump_rela = address(entry->d_un.d_ptr);
          break;
        case DT_PLTRELSZ:
          jump_rela_bytes = entry->d_un.d_val;
          break;
        default:
          break;
      }
    }
  }
};

void add_slots(Module& module, const Dynamic& dynamic, Address table, std::size_t bytes) {
  const std::span all(reinterpret_cast<const ElfW(Rela)*>(table), bytes / sizeof(ElfW(Rela)));
  for (const ElfW(Rela) & r : all) {
    const auto type = ELF64_R_TYPE(r.r_info);
    if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) continue;
    const auto& symbol = reinterpret_cast<const ElfW(Sym)*>(dynamic.symbols)[ELF64_R_SYM(r.r_info)];
    module.slots[module.base + r.r_offset] = reinterpret_cast<const char*>(dynamic.strings) + symbol.st_name;
  }
}

struct Search {
  Address code;
  Module found;
};

int examine(dl_phdr_info* info, std::size_t, void* search_pointer) {
  auto& search = *static_cast<Search*>(search_pointer);
  Module module{info->dlpi_addr, {}, {}};
  const ElfW(Dyn)* entries = nullptr;
  for (const ElfW(Phdr) & segment : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
    const Address begin = module.base + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && segment.p_flags & PF_X) module.text.emplace_back(begin, begin + segment.p_memsz);
    if (segment.p_type == PT_DYNAMIC) entries = reinterpret_cast<const ElfW(Dyn)*>(begin);
  }
  if (!module.room(search.code)) return 0;
  if (entries) {
    const Dynamic dynamic(module.base, entries);
    add_slots(module, dynamic, dynamic.rela, dynamic.rela_bytes);
    add_slots(module, dynamic, dynamic.jump_rela, dynamic.jump_rela_bytes);
  }
  search.found = std::move(module);
  return 1;
}

// Empty when the address belongs to none.
Module module_of(Address code) {
  Search search{code, {}};
  dl_iterate_phdr(examine, &search);
  return std::move(search.found);
}

struct Instruction {
  ZydisDecodedInstruction info;
  ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
  Address at;

  Address next() const { return at + info.length; }
  // Where a direct branch or call goes.
  std::optional<Address> target() const {
    if (operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operand[0].imm.is_relative) return std::nullopt;
    return next() + static_cast<Address>(operand[0].imm.value.s);
  }
  // The pointer that an indirect one reads, where its address is fixed.
  std::optional<Address> pointer() const {
    if (operand[0].type != ZYDIS_OPERAND_TYPE_MEMORY || operand[0].mem.base != ZYDIS_REGISTER_RIP) return std::nullopt;
    return next() + static_cast<Address>(operand[0].mem.disp.value);
  }
};

// What a mnemonic is counted as. The names are Intel's.
struct Kind {
  bool packed, scalar, notable;
};

Kind classify(const std::string& mnemonic) {
  static const std::regex kPacked(
      "v?(add|sub|mul|div|min|max|sqrt|rcp(14)?|rsqrt(14)?|round|rndscale|scalef|getexp|getmant|range|reduce|addsub|"
      "hadd"
      "|hsub|dp|cmp\\w*)p[sd]"
      "|v?cvt\\w*(ps|pd|u?dq|u?qq|ph|pi)2(ps|pd|u?dq|u?qq|ph|pi)"
      "|vfn?m(add|sub|addsub|subadd)\\d+p[sd]"
      "|v?p(add|sub|mul|madd|avg|sad|min|max|abs|sign|hadd|hsub|cmp|dp[bw])\\w+"
      "|v?ps([lr]l|ra)v?[wdq]");
  static const std::regex kScalar(
      "v?(add|sub|mul|div|min|max|sqrt|cmp|comi|ucomi)s[sd]|vfn?m(add|sub)\\d+s[sd]|v?cvt\\w*s[sdi]2s[sdi]"
      "|add|adc|sub|sbb|i?mul|mulx|i?div|neg|inc|dec|cmp|and|andn|or|xor|not|test|sh[lr]d?|sa[lr]|sa[lr]x|sh[lr]x|ro["
      "lr]x?"
      "|popcnt|lea");
  static const std::regex kNotable("prefetch\\w*|vpdp\\w+|v?pshufb|vperm\\w+|vpmultishiftqb|vp?gather\\w+");
  return {std::regex_match(mnemonic, kPacked), std::regex_match(mnemonic, kScalar),
          std::regex_match(mnemonic, kNotable)};
}

const Kind& kind_of(ZydisMnemonic mnemonic) {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> all;
    for (int m = 0; m <= ZYDIS_MNEMONIC_MAX_VALUE; ++m) {
      const char* text = ZydisMnemonicGetString(static_cast<ZydisMnemonic>(m));
      all.push_back(classify(text ? text : ""));
    }
    return all;
  }();
  return kinds[static_cast<std::size_t>(mnemonic)];
}

bool is_vex(const ZydisDecodedInstruction& i) {
  return i.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX || i.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX;
}

bool uses_vectors(const Instruction& i) {
  for (int o = 0; o < i.info.operand_count_visible; ++o) {
    if (i.operand[o].type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
    const ZydisRegisterClass c = ZydisRegisterGetClass(i.operand[o].reg.value);
    if (c == ZYDIS_REGCLASS_XMM || c == ZYDIS_REGCLASS_YMM || c == ZYDIS_REGCLASS_ZMM) return true;
  }
  return false;
}

int width_of(const ZydisDecodedInstruction& i) {
  if (!is_vex(i)) return static_cast<int>(Width::xmm);
  return static_cast<int>(i.avx.vector_length == 512   ? Width::zmm
                          : i.avx.vector_length == 256 ? Width::ymm
                                                       : Width::xmm);
}

// pcmpeq x, x and psub x, x make constants.
bool makes_constant(const Instruction& i) {
  const std::string_view name = ZydisMnemonicGetString(i.info.mnemonic);
  if (name.find("pcmp") == name.npos && name.find("psub") == name.npos) return false;
  const int n = i.info.operand_count_visible;
  const auto is_register = [&](int o) { return i.operand[o].type == ZYDIS_OPERAND_TYPE_REGISTER; };
  return n >= 2 && is_register(n - 1) && is_register(n - 2) && i.operand[n - 1].reg.value == i.operand[n - 2].reg.value;
}

// A walk goes on after a call unless it is one of these.
bool never_returns(const std::string& import) {
  static const std::set<std::string> kNames = {"abort",           "exit",          "_exit",          "__stack_chk_fail",
                                               "__cxa_throw",     "__cxa_rethrow", "_Unwind_Resume", "__assert_fail",
                                               "_ZSt9terminatev", "longjmp",       "__cxa_bad_cast", "__chk_fail"};
  return kNames.contains(import) || import.find("__throw_") != import.npos || import.starts_with("__asan_report_") ||
         (import.starts_with("__ubsan_handle_") && import.ends_with("_abort"));
}

class Walk {
 public:
  explicit Walk(Module module) : module_(std::move(module)) {
    ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  }

  void from(Address entry) {
    pending_.push_back(entry);
    while (!pending_.empty()) {
      const Address at = pending_.back();
      pending_.pop_back();
      straight_line(at);
    }
  }

  const Census& census() const { return census_; }

 private:
  std::optional<Instruction> decode(Address at) const {
    Instruction i{};
    i.at = at;
    const std::size_t room = module_.room(at);
    if (!room ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, reinterpret_cast<const void*>(at), room, &i.info, i.operand))) {
      return std::nullopt;
    }
    return i;
  }

  // Until something ends it, or until it meets what has been read.
  void straight_line(Address at) {
    while (visited_.insert(at).second) {
      const auto i = decode(at);
      if (!i) return unfollowed("no instruction", at);
      count(*i);
      switch (i->info.meta.category) {
        case ZYDIS_CATEGORY_RET:
          return;
        case ZYDIS_CATEGORY_COND_BR:
          pending_.push_back(*i->target());
          break;
        case ZYDIS_CATEGORY_UNCOND_BR:
          branch(*i);
          return;
        case ZYDIS_CATEGORY_CALL:
          if (!branch(*i)) return;
          break;
        default:
          if (i->info.mnemonic == ZYDIS_MNEMONIC_UD2 || i->info.mnemonic == ZYDIS_MNEMONIC_HLT) return;
      }
      at = i->next();
    }
  }

  // A jump or call. False if it is known not to come back.
  bool branch(const Instruction& i) {
    const auto target = i.target();
    if (const auto name = target ? stub(*target) : slot(i)) {
      census_.imports.insert(*name);
      return !never_returns(*name);
    }
    if (target) {
      pending_.push_back(*target);
    } else {
      unfollowed(fmt::format("indirect {}", ZydisMnemonicGetString(i.info.mnemonic)), i.at);
    }
    return true;
  }

  std::optional<std::string> slot(const Instruction& i) const {
    const auto found = i.pointer() ? module_.slots.find(*i.pointer()) : module_.slots.end();
    return found == module_.slots.end() ? std::nullopt : std::optional(found->second);
  }

  // An entry of the procedure linkage table: a jump through a slot, perhaps behind an endbr64.
  std::optional<std::string> stub(Address at) const {
    auto i = decode(at);
    if (i && i->info.mnemonic == ZYDIS_MNEMONIC_ENDBR64) i = decode(i->next());
    return i && i->info.mnemonic == ZYDIS_MNEMONIC_JMP ? slot(*i) : std::nullopt;
  }

  void unfollowed(const std::string& what, Address at) {
    census_.unfollowed.push_back(fmt::format("{} at {:#x} of its module", what, at - module_.base));
  }

  void count(const Instruction& i) {
    ++census_.instructions;
    census_.bytes += i.info.length;
    const int width = width_of(i.info);
    if (is_vex(i.info) && uses_vectors(i)) ++census_.vector[width];
    const Kind& kind = kind_of(i.info.mnemonic);
    const char* name = ZydisMnemonicGetString(i.info.mnemonic);
    if (kind.notable) ++census_.notable[name];
    census_.scalar += kind.scalar;
    for (int o = 0; o < i.info.operand_count_visible; ++o) {
      const ZydisDecodedOperand& operand = i.operand[o];
      if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) census_.constants.insert(operand.imm.value.s);
      if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) census_.constants.insert(operand.mem.disp.value);
    }
    if (!kind.packed || makes_constant(i)) return;
    ++census_.packed[width];
    if (census_.packed_example.empty()) census_.packed_example = name;
  }

  const Module module_;
  ZydisDecoder decoder_;
  std::vector<Address> pending_;
  std::unordered_set<Address> visited_;
  Census census_;
};

}  // namespace

std::int64_t Census::count(std::string_view prefix) const {
  std::int64_t n = 0;
  for (const auto& [mnemonic, times] : notable) {
    const std::string_view m = mnemonic;
    if (m.starts_with(prefix) || (m.starts_with('v') && m.substr(1).starts_with(prefix))) n += times;
  }
  return n;
}

Census census(std::span<const void* const> functions) {
  if (functions.empty()) return {};
  Walk walk(module_of(reinterpret_cast<Address>(functions[0])));
  for (const void* f : functions) walk.from(reinterpret_cast<Address>(f));
  return walk.census();
}

std::string summary(const Census& c) {
  std::string text;
  const auto add = [&text](std::int64_t n, const std::string& what) {
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, what);
  };
  for (const auto& [mnemonic, n] : c.notable) add(n, mnemonic);
  for (int w = kWidths - 1; w >= 0; --w) add(c.packed[w], std::string(kWidthNames[w]) + " arithmetic");
  if (c.packed_total() == 0) text += text.empty() ? "no packed arithmetic" : ", no packed arithmetic";
  return text;
}

}  // namespace bitproof
