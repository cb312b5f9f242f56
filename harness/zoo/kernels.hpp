// The lists that CMake generates, and how a kernel of the zoo becomes a Fault.
#pragma once

#include <span>
#include <vector>

#include "registry.hpp"
#include "zoo/fault.hpp"

namespace bitproof::zoo {

// The tables of harness/zoo/<op>/*.cpp. Row "" of each is the faulty kernel, its note being the lie; row "clean" is the
// twin, compiled by the same flags from the same code with the fault off. None of them is among all_variants().
template <class Kernel>
std::span<const Table<Kernel>* const> tables();

std::vector<Fault> kernel_faults();

std::vector<Fault> other_faults();  // of harness/zoo/<kind>/*.cpp; generated

}  // namespace bitproof::zoo
