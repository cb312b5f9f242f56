// The common part of all workloads: `copies` instances of one op's buffers, run through a team.
//
// An Instance of an op is one call and its buffers:
//   Instance(const Inputs&, const Kernel&, const WorkloadOptions&)   copies the inputs into its frame; one that takes
//                                          a fourth argument, the first instance, may copy what that one packed
//   static constexpr bool kInPlace         if the call changes its own input
//   Frame frame                            its buffers
//   void run(const Kernel&, Stage&)        the call
//   Verdict judge(Inputs&)                 outputs against the oracle
//   Verdict own_checks(const Kernel&)      optional: what the contract promises beside the outputs
#pragma once

#include <memory>
#include <vector>

#include "problem.hpp"
#include "stage.hpp"

namespace bitproof {

template <class Kernel, class Inputs, class Instance>
class InstanceWorkload final : public Workload {
 public:
  InstanceWorkload(std::shared_ptr<Inputs> inputs, const Kernel& kernel, const WorkloadOptions& options)
      : inputs_(std::move(inputs)), kernel_(kernel), options_(options), team_(*options.threading, options.threads) {
    const auto trap = trap_if(options.guarded);
    for (int i = 0; i < options.copies; ++i) {
      if constexpr (requires { Instance(*inputs_, kernel, options, instances_[0].get()); }) {
        instances_.push_back(
            std::make_unique<Instance>(*inputs_, kernel, options, i == 0 ? nullptr : instances_[0].get()));
      } else {
        instances_.push_back(std::make_unique<Instance>(*inputs_, kernel, options));
      }
    }
  }

  void poison() override {
    for (auto& instance : instances_) instance->frame.poison();
  }
  void call(int copy) override {
    Instance& instance = at(copy);
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
  Verdict judge(int copy) override {
    if (Verdict v = at(copy).frame.inspect(); !v.ok()) return v;
    return at(copy).judge(*inputs_);
  }
  Verdict inspect(int copy) override { return at(copy).frame.inspect(); }
  Verdict own_checks() override {
    if constexpr (requires { instances_[0]->own_checks(kernel_); }) {
      const Trap trap;
      return instances_[0]->own_checks(kernel_);
    }
    return Verdict::pass();
  }
  std::vector<double> outputs(int copy) const override {
    return instances_[static_cast<std::size_t>(copy)]->frame.outputs();
  }
  std::uint64_t constants() const override { return instances_[0]->frame.constants(); }
  void reverse_inputs() override {
    for (auto& instance : instances_) instance->frame.reverse_inputs();
  }

  Cost cost() const override { return instances_[0]->cost(*inputs_); }
  std::size_t bytes_read() const override { return instances_[0]->bytes_read(); }
  bool in_place() const override {
    return requires { Instance::kInPlace; };
  }

 private:
  static std::unique_ptr<Trap> trap_if(bool checking) { return checking ? std::make_unique<Trap>() : nullptr; }
  Instance& at(int copy) { return *instances_[static_cast<std::size_t>(copy)]; }

  std::shared_ptr<Inputs> inputs_;
  const Kernel& kernel_;
  WorkloadOptions options_;
  Team team_;
  std::vector<std::unique_ptr<Instance>> instances_;
};

template <class Kernel, class Inputs, class Instance>
class InstanceProblem final : public Problem<Kernel> {
 public:
  explicit InstanceProblem(const Case& c) : inputs_(std::make_shared<Inputs>(c)) {}
  const Case& given() const override { return inputs_->c; }
  std::unique_ptr<Workload> workload(const Kernel& kernel, const WorkloadOptions& options) override {
    return std::make_unique<InstanceWorkload<Kernel, Inputs, Instance>>(inputs_, kernel, options);
  }

 private:
  std::shared_ptr<Inputs> inputs_;
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
