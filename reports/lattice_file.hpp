// The cells of a lattice on disk, whole after every sample: what a killed `attribute` goes on from. One file belongs to
// one plan, one build and one machine; what was measured elsewhere is not mixed in.
#pragma once

#include <string>
#include <vector>

#include "lattice_run.hpp"
#include "reports/json.hpp"

namespace bitproof {

inline constexpr const char* kLatticeSchema = "bitproof-lattice/1";

// Of this executable file's bytes: another build has another.
std::string build_fingerprint();

Json to_json(const Cell& cell);  // all of it
Cell cell_from(const Json& j);   // throws Json::exception on anything that to_json does not write

// What decides that cells may be joined: lattice, cells, model, depth, threads, seed, machine and build.
Json identity(const LatticePlan& plan);

// The file's text. `spent_s` over all sittings.
std::string lattice_text(const LatticeRun& run);

struct SavedLattice {
  std::vector<Cell> cells;
  double spent_s;
};
// Throws BadInput naming the path and what differs when the text is not of this plan, on this machine, of this build.
SavedLattice parse_lattice_file(const std::string& text, const std::string& path, const LatticePlan& plan);

}  // namespace bitproof
