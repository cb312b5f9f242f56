// A model's weights in the packed forms that a set of recipes needs. Each weight is made once and packed into every
// form from the same block; variants with the same pack function share one form.
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "dense_matmul/contract.hpp"
#include "ledger.hpp"
#include "memory_map.hpp"
#include "ternary_matmul/contract.hpp"
#include "weight_source.hpp"

namespace bitproof {

// All ternary matrices in one form, in the order the loop reads them, each at a 64-byte boundary.
class PackedTernary {
 public:
  PackedTernary(const ModelShape&, const ternary_matmul::Kernel&);

  const ternary_matmul::Kernel& packer() const { return *kernel_; }
  std::byte* matrix(std::int64_t layer, Matrix m) { return storage_.data() + offset(layer, m); }
  const std::byte* matrix(std::int64_t layer, Matrix m) const { return storage_.data() + offset(layer, m); }
  std::size_t matrix_bytes(Matrix m) const { return bytes_[static_cast<std::size_t>(m)]; }
  static std::size_t total_bytes(const ModelShape&, const ternary_matmul::Kernel&);
  const Mapping& storage() const { return storage_; }

 private:
  std::size_t offset(std::int64_t layer, Matrix m) const;

  const ternary_matmul::Kernel* kernel_;
  std::size_t bytes_[kMatrixCount];   // as the kernel declares
  std::size_t offset_[kMatrixCount];  // within a layer
  std::size_t layer_bytes_;
  Mapping storage_;
};

struct PackedHead {
  const dense_matmul::Kernel* packer;
  std::size_t bytes;  // as the kernel declares
  Mapping storage;
};

using Progress = std::function<void(double fraction)>;

class PackedModel {
 public:
  // Packs on every core. Throws BadInput, before touching a page, when the forms and `other_bytes` that the caller
  // is going to need do not fit into the memory that is available.
  PackedModel(std::shared_ptr<const WeightSource> model, std::span<const ternary_matmul::Kernel* const> ternary,
              std::span<const dense_matmul::Kernel* const> heads, std::size_t other_bytes = 0,
              const Progress& progress = {});
  template <std::derived_from<WeightSource> Source>
  PackedModel(Source model, std::span<const ternary_matmul::Kernel* const> ternary,
              std::span<const dense_matmul::Kernel* const> heads)
      : PackedModel(std::make_shared<Source>(std::move(model)), ternary, heads) {}

  const WeightSource& model() const { return *model_; }
  const ModelShape& shape() const { return model_->shape(); }
  const PackedTernary& ternary(const ternary_matmul::Kernel&) const;  // must have been asked for at construction
  const PackedHead& head(const dense_matmul::Kernel&) const;
  const std::int8_t* embedding() const { return reinterpret_cast<std::int8_t*>(embedding_.data()); }  // row-major

  WeightBytes weight_bytes(const ternary_matmul::Kernel&, const dense_matmul::Kernel&) const;

 private:
  std::shared_ptr<const WeightSource> model_;
  std::vector<PackedTernary> ternary_;
  std::vector<PackedHead> heads_;
  Mapping embedding_;
};

}  // namespace bitproof
