// The parts of a page, one file each. Each returns markup, and says in words what the run has not measured rather
// than leaving a hole.
#pragma once

#include <string>
#include <vector>

#include "reports/earnings.hpp"
#include "reports/html/figure.hpp"
#include "reports/look.hpp"

namespace bitproof::html {

std::string heading_of(const Json& run);
std::string verdict_of(const Json& run);  // what can be believed of it, and what cannot
std::string techniques_section(const Json& run);
std::string attribution_section(const Json& run);
std::string tokens_section(const Json& run, const std::string& id = "tokens");
std::string profile_section(const Json& run);
std::string roofline_section(const Json& run);
std::string alone_section(const Json& run);
std::string scaling_section(const Json& run);
std::string prefetch_section(const Json& run);
std::string memory_section(const Json& run);
std::string checks_section(const Json& run);
std::string witnesses_section(const Json& run);
std::string machine_section(const Json& run);
std::string limits_section(const Json& run);

// Of what `attribute --json` printed; depths_section also of `attribute --depths --json`.
std::string thread_cost_section(const Json& lattice);
std::string lattice_threads_section(const Json& lattice);
std::string lattice_memory_section(const Json& lattice);
std::string depths_section(const Json& lattice);
std::vector<std::string> lattice_limits(const Json& lattice);
Json run_of_lattice(const Json& lattice);  // laid out as a run is, for the sections of a run

std::string kills_section(const Json& selftest);  // of what `selftest --json` printed
std::string kills_sentence(const Json& selftest);
bool kills_all(const Json& selftest);  // and raises no false alarm

// Arms that have a number.
std::vector<const Json*> measured_arms(const Json& run);

// Without the columns that no row fills.
Dataset without_empty_columns(Dataset data);

}  // namespace bitproof::html
