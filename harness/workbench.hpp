// Everything that arms of one comparison share: one model, packed once for all of them, one prompt, one prefix.
#pragma once

#include <memory>
#include <vector>

#include "arm.hpp"

namespace bitproof {

struct WorkbenchOptions {
  std::string model = "7b";  // a name of suites/models, FILE.toml or FILE.gguf
  std::int64_t layers = 0;   // 0: the model's own
  std::uint64_t seed = 1;
  std::int64_t depth = 0;                             // positions before the first timed token
  std::int64_t tokens = 1;                            // decoded after it at most
  std::optional<gated_ffn::Activation> activation{};  // instead of the model's own
  std::vector<std::int32_t> prompt{};                 // depth + 1 tokens; empty: random ones
  std::int64_t sequences = 1;                         // decoded in lock step, each from a prompt of its own
};

// The model that is asked for. Throws BadInput on layers, depth or tokens that do not fit it.
ModelShape shape_for(const WorkbenchOptions& options);

class Workbench {
 public:
  // Clears every variant that the arms name (throws NotCleared), makes or reads and packs the weights, and computes the
  // prefix once, with the best recipe, so that every arm starts from identical keys and values.
  // Throws BadInput on sizes that do not fit the model, its context or this machine's memory.
  // weights: of an earlier bench of the same model and seed, with every form that these arms read; null: made now.
  Workbench(const WorkbenchOptions& options, const std::vector<ArmSpec>& specs, Clearance& clearance,
            const Progress& progress = {}, std::shared_ptr<const PackedModel> weights = nullptr);

  const ModelShape& shape() const { return model_->shape(); }
  const PackedModel& model() const { return *model_; }
  const std::shared_ptr<const PackedModel>& weights() const { return model_; }

  // Puts the loop of every arm on trial on the tiny model, each distinct recipe once; the arms keep what was found.
  // Stops when interrupted.
  void try_loops(const Progress& progress = {});
  std::span<const std::unique_ptr<Arm>> arms() const { return arms_; }
  std::span<const std::int32_t> prompt() const { return prompt_; }  // depth + 1 tokens of each sequence
  const KvSnapshot& prefix() const { return prefix_; }              // empty for one arm: it holds its prefix itself
  double set_up_s() const { return set_up_s_; }                     // generating or reading, and packing

 private:
  void compute_prefix();

  std::shared_ptr<const PackedModel> model_;
  std::vector<std::unique_ptr<Arm>> arms_;
  std::vector<Recipe> recipes_;  // of the arms
  std::vector<std::int32_t> prompt_;
  KvSnapshot prefix_;
  double set_up_s_ = 0;
};

// Threads to use: `asked`, or all cores if 0. Throws BadInput for more than there are, unless oversubscription is
// allowed.
int choose_threads(int asked, bool oversubscribe);

}  // namespace bitproof
