// The common part of all workloads: `copies` instances of one op's buffers, run through a team.
//
// An Instance of an op owns the buffers of one call:
//   Instance(const Inputs&, const Kernel&, const WorkloadOptions&)   copies the inputs into its buffers; one that takes
//                                          a fourth argument, the first instance, may copy what that one packed
//   static constexpr bool kInPlace         if the call changes its own input
//   void poison()                          outputs and scratch; restores what is changed in place
//   void run(const Kernel&, Team&)         the call
//   Verdict judge(Inputs&)                 outputs against the oracle, guards, inputs unchanged
#pragma once

#include <memory>
#include <vector>

#include "problem.hpp"
#include "team.hpp"

namespace bitproof {

template <class Kernel, class Inputs, class Instance>
class InstanceWorkload final : public Workload {
 public:
  InstanceWorkload(std::shared_ptr<Inputs> inputs, const Kernel& kernel, const WorkloadOptions& options)
      : inputs_(std::move(inputs)), kernel_(kernel), team_(*options.threading, options.threads) {
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
    for (auto& instance : instances_) instance->poison();
  }
  void call(int copy) override {
    Instance& instance = *instances_[static_cast<std::size_t>(copy)];
    team_.session([&] { instance.run(kernel_, team_); });
  }
  Verdict judge(int copy) override { return instances_[static_cast<std::size_t>(copy)]->judge(*inputs_); }
  Cost cost() const override { return instances_[0]->cost(*inputs_); }
  std::size_t bytes_read() const override { return instances_[0]->bytes_read(); }
  bool in_place() const override {
    return requires { Instance::kInPlace; };
  }

 private:
  std::shared_ptr<Inputs> inputs_;
  const Kernel& kernel_;
  Team team_;
  std::vector<std::unique_ptr<Instance>> instances_;
};

template <class Kernel, class Inputs, class Instance>
class InstanceProblem final : public Problem<Kernel> {
 public:
  explicit InstanceProblem(const Case& c) : inputs_(std::make_shared<Inputs>(c)) {}
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
