#include "dose.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "interrupt.hpp"
#include "rng.hpp"
#include "twin.hpp"

namespace bitproof {
namespace {

constexpr double kSteps[] = {0, 1, 2, 4};

ContrastEstimate slope(std::span<const Dose> doses, std::vector<double> Dose::*values) {
  CellRounds y;
  for (const Dose& d : doses) y.push_back(d.*values);
  return estimate(slope_contrast(doses), y).value_or(ContrastEstimate{});
}

bool holds_one(const ContrastEstimate& slope) { return std::abs(slope.value - 1) <= slope.half_width; }

}  // namespace

bool DoseResponse::holds() const { return wall.rounds > 1 && holds_one(wall) && holds_one(booked); }

Contrast slope_contrast(std::span<const Dose> doses) {
  double mean = 0, squares = 0;
  for (const Dose& d : doses) mean += d.injected_ns / static_cast<double>(doses.size());
  for (const Dose& d : doses) squares += (d.injected_ns - mean) * (d.injected_ns - mean);
  Contrast c;
  for (const Dose& d : doses) c.push_back((d.injected_ns - mean) / squares);
  return c;
}

template <class Kernel>
DoseResponse DoseBench::inject(const std::string& op, Slot<Kernel> LoopSlots::*place, const DoseOptions& options,
                               const Progress& progress) const {
  LoopSlots slots = recipe_;
  TwinState<Kernel>& twin = twin_state<Kernel>;
  const Kernel kernel = make_twin((slots.*place).kernel());
  if (options.wait) twin.wait = options.wait;
  slots.*place = Slot<Kernel>(kernel, (slots.*place).id() + " (dosed)");
  TokenLoop loop(model_, slots, spec_.threads, options.depth + 1, options.clock);
  const std::vector<std::int32_t> prompt = model_.model().prompt(options.depth + 1);
  loop.prefill(std::span(prompt).first(prompt.size() - 1));

  DoseResponse response{.slot = op, .doses = {}};
  const auto token = [&](double dose_ns, double& booked_ns) {
    loop.rewind(options.depth);  // starts the team: no call of the token
    twin.arm(dose_ns > 0 ? Harm::delay : Harm::none,
             dose_ns / static_cast<double>(std::max<std::int64_t>(response.calls, 1)));
    const double start = options.clock();
    loop.next(prompt.back());
    const double ns = options.clock() - start;
    booked_ns = loop.ledger().slot_ns(op);
    return ns;
  };
  double booked = 0, clean_ns = 0;
  for (int i = 0; i < 2; ++i) clean_ns = token(0, booked);  // the first warms up
  response.calls = twin.calls;
  for (const double step : kSteps) response.doses.push_back({step * options.share * clean_ns});

  Rng rng(stream_seed(options.seed, 0x646f7365));
  std::vector<std::size_t> order(response.doses.size());
  std::iota(order.begin(), order.end(), 0u);
  for (int round = 0; round < options.rounds && !interrupted(); ++round) {
    shuffle(order, rng);
    std::vector<Dose> taken = response.doses;
    for (const std::size_t i : order) {
      taken[i].wall_ns.push_back(token(taken[i].injected_ns, booked));
      taken[i].booked_ns.push_back(booked);
    }
    if (interrupted()) break;  // its last token was cut short
    response.doses = std::move(taken);
    if (progress) progress(static_cast<double>(round + 1) / options.rounds);
  }
  twin.arm(Harm::none);
  response.wall = slope(response.doses, &Dose::wall_ns);
  response.booked = slope(response.doses, &Dose::booked_ns);
  return response;
}

DoseResponse DoseBench::run(const std::string& slot, const DoseOptions& options, const Progress& progress) const {
#define BITPROOF_INJECT(op)                                                                                    \
  if (slot == #op)                                                                                             \
    return inject<op::Kernel>(slot, static_cast<Slot<op::Kernel> LoopSlots::*>(&AllSlots::op##_slot), options, \
                              progress);
  BITPROOF_FOR_EACH_OP(BITPROOF_INJECT)
#undef BITPROOF_INJECT
  throw std::logic_error("no slot is named " + slot);
}

}  // namespace bitproof
