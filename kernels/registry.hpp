// Every variant that was compiled in. The tables are found by CMake from file names; see tools/cmake/variants.cmake.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "all_ops.hpp"  // generated: includes every <op>/contract.hpp and defines BITPROOF_FOR_EACH_OP(X)
#include "variant.hpp"

namespace bitproof {

// Extensions this CPU has and this operating system saves the registers of.
Features machine_features();
std::vector<std::string> feature_names(Features set);

// What is known of a variant without knowing its op.
struct Variant {
  std::string id;   // ternary_matmul/tmac.avx2:pf8
  std::string op;   // ternary_matmul
  std::string isa;  // the dot-word: avx2
  Features features;
  const VariantInfo* info;

  bool runnable() const { return (features & ~machine_features()) == 0; }
  std::string reason() const;  // why not runnable; "" if it is
};

// The same with its typed kernel.
template <class Kernel>
struct VariantOf : Variant {
  const Kernel* kernel;
};

// The tables of one op, in the order of file names. Specialised in the generated tables.cpp.
template <class Kernel>
std::span<const Table<Kernel>* const> tables();

template <class Kernel>
std::vector<VariantOf<Kernel>> variants_of(std::span<const Table<Kernel>* const> list) {
  std::vector<VariantOf<Kernel>> all;
  for (const Table<Kernel>* table : list) {
    for (const Kernel& row : std::span(table->rows, static_cast<std::size_t>(table->count))) {
      const std::string suffix = *row.info.row ? std::string(":") + row.info.row : "";
      all.push_back(
          {{std::string(table->op) + "/" + table->stem + suffix, table->op, table->isa, table->features, &row.info},
           &row});
    }
  }
  return all;
}

// All variants of one op, runnable here or not.
template <class Kernel>
const std::vector<VariantOf<Kernel>>& variants() {
  static const std::vector<VariantOf<Kernel>> all = variants_of<Kernel>(tables<Kernel>());
  return all;
}

// nullptr if there is none of that id.
template <class Kernel>
const VariantOf<Kernel>* find_variant(const std::string& id) {
  for (const VariantOf<Kernel>& v : variants<Kernel>()) {
    if (v.id == id) return &v;
  }
  return nullptr;
}

// Every variant of every op.
const std::vector<Variant>& all_variants();

// Every op, in the order of folder names.
std::span<const char* const> all_ops();

const char* name(Technique t);  // "memory_pool" ...

}  // namespace bitproof
