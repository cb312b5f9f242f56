// The common part of all workloads: instances of one op's buffers, run through a team.
//
// Inputs are a case's: Inputs(const Case&). One with large weights has a second constructor, of other activations for
// the same weights: Inputs(const Inputs& first, const Case& other).
//
// An Instance of an op is one call and its buffers:
//   Instance(const Inputs&, const Kernel&, const WorkloadOptions&)   copies the inputs into its frame; one that takes
//                                          a fourth argument, Origin, may use what an earlier one has packed
//   static constexpr bool kInPlace         if the call changes its own input
//   Frame frame                            its buffers
//   void run(const Kernel&, Stage&)        the call
//   Verdict judge(Inputs&)                 outputs against the oracle
//   Verdict own_checks(const Kernel&)      optional: what the contract promises beside the outputs
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "problem.hpp"
#include "stage.hpp"

namespace bitproof {

// Where an instance's weights come from.
template <class Instance>
struct Origin {
  const Instance* first = nullptr;  // has packed them; null for the first itself
  bool shared = false;              // use them where they are, and its intermediates, as the calls of a token do
};

template <class Kernel, class Inputs, class Instance>
class InstanceWorkload final : public Workload {
 public:
  // inputs: options.input_sets of them.
  InstanceWorkload(std::vector<std::shared_ptr<Inputs>> inputs, const Kernel& kernel, const WorkloadOptions& options)
      : inputs_(std::move(inputs)), kernel_(kernel), options_(options), team_(*options.threading, options.threads) {
    const auto trap = trap_if(options.guarded);
    for (int i = 0; i < std::max(options.copies, options.input_sets); ++i) {
      using From = Origin<Instance>;
      if constexpr (requires(From from) { Instance(inputs_of(i), kernel, options, from); }) {
        const From from = i == 0 ? From{} : From{instances_[0].get(), i >= options.copies};
        instances_.push_back(std::make_unique<Instance>(inputs_of(i), kernel, options, from));
      } else {
        instances_.push_back(std::make_unique<Instance>(inputs_of(i), kernel, options));
      }
    }
  }

  void poison() override {
    for (auto& instance : instances_) instance->frame.poison();
  }
  int instances() const override { return static_cast<int>(instances_.size()); }
  void call(int i) override {
    Instance& instance = at(i);
    if (!options_.guarded) {
      return team_.session([&] {
        TimedStage stage(team_);
        instance.run(kernel_, stage);
      });
    }
    if (instance.frame.crashed()) return;
    const Trap trap;
    team_.session([&] {
      CheckedStage stage(team_, instance.frame, options_.by_tile);
      instance.run(kernel_, stage);
    });
  }
  Verdict judge(int i) override {
    if (Verdict v = at(i).frame.inspect(); !v.ok()) return v;
    return at(i).judge(inputs_of(i));
  }
  Verdict inspect(int i) override { return at(i).frame.inspect(); }
  Verdict own_checks() override {
    if constexpr (requires { instances_[0]->own_checks(kernel_); }) {
      const Trap trap;
      return instances_[0]->own_checks(kernel_);
    }
    return Verdict::pass();
  }
  std::vector<double> outputs(int i) const override { return instances_[static_cast<std::size_t>(i)]->frame.outputs(); }
  std::uint64_t constants() const override { return instances_[0]->frame.constants(); }
  void reverse_inputs() override {
    for (auto& instance : instances_) instance->frame.reverse_inputs();
  }

  Cost cost() const override { return instances_[0]->cost(*inputs_[0]); }
  std::size_t bytes_read() const override { return instances_[0]->bytes_read(); }
  bool in_place() const override {
    return requires { Instance::kInPlace; };
  }

 private:
  static std::unique_ptr<Trap> trap_if(bool checking) { return checking ? std::make_unique<Trap>() : nullptr; }
  Instance& at(int i) { return *instances_[static_cast<std::size_t>(i)]; }
  Inputs& inputs_of(int i) { return *inputs_[static_cast<std::size_t>(i) % inputs_.size()]; }

  std::vector<std::shared_ptr<Inputs>> inputs_;
  const Kernel& kernel_;
  WorkloadOptions options_;
  Team team_;
  std::vector<std::unique_ptr<Instance>> instances_;
};

template <class Kernel, class Inputs, class Instance>
class InstanceProblem final : public Problem<Kernel> {
 public:
  explicit InstanceProblem(const Case& c) : sets_{std::make_shared<Inputs>(c)} {}
  const Case& given() const override { return sets_[0]->c; }
  std::unique_ptr<Workload> workload(const Kernel& kernel, const WorkloadOptions& options) override {
    while (std::ssize(sets_) < options.input_sets) sets_.push_back(other_set());
    std::vector<std::shared_ptr<Inputs>> chosen(sets_.begin(), sets_.begin() + options.input_sets);
    return std::make_unique<InstanceWorkload<Kernel, Inputs, Instance>>(std::move(chosen), kernel, options);
  }

 private:
  // An even step of the seed keeps what its parity stands for (problems/norms.cpp).
  std::shared_ptr<Inputs> other_set() const {
    Case other = given();
    other.seed += 2 * sets_.size();
    if constexpr (requires { Inputs(*sets_[0], other); })
      return std::make_shared<Inputs>(*sets_[0], other);
    else
      return std::make_shared<Inputs>(other);
  }

  std::vector<std::shared_ptr<Inputs>> sets_;
};

// An answer of the oracle, computed when first asked for: after the candidate has run.
template <class T>
class Lazy {
 public:
  template <class F>
  const T& get(F&& compute) {
    if (!value_) value_ = std::make_unique<T>(compute());
    return *value_;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace bitproof
