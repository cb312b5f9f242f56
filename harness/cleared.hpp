// The ticket from checking to timing. Only Clearance (check.cpp) can write one, and everything that measures or
// composes takes Cleared variants only: an unchecked kernel cannot be timed, by type.
#pragma once

#include "registry.hpp"

namespace bitproof {

template <class Kernel>
class Cleared {
 public:
  const Kernel& kernel() const { return *variant_->kernel; }
  const VariantOf<Kernel>& variant() const { return *variant_; }
  const std::string& id() const { return variant_->id; }

 private:
  friend class Clearance;
  explicit Cleared(const VariantOf<Kernel>& variant) : variant_(&variant) {}

  const VariantOf<Kernel>* variant_;
};

}  // namespace bitproof
