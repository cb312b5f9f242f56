// A model as a GGUF file that other engines run: the very same weights, so that a comparison is of kernels.
#pragma once

#include <ostream>
#include <string>

#include "gguf/types.hpp"
#include "packed_model.hpp"

namespace bitproof::gguf {

// The architecture whose graph computes this shape; throws BadInput if there is none.
std::string architecture_of(const ModelShape& shape);

// Why other engines would not run the same weights: scales that stand in a tensor of their own, which llama.cpp reads
// for architecture `bitnet` alone, and there one a matrix. "" if they would.
std::string scales_of_ours(const WeightSource& model, Type ternary);

// Ternary matrices as I2_S, TQ1_0 or TQ2_0; embedding and head as Q8_0, one scale a row; norms as F32. Nothing is
// rounded: throws BadInput, before the first byte, where the type cannot hold the shape or a scale.
// A model without a vocabulary gets one of made-up words behind 256 bytes, so that any text can be fed to it.
void export_model(const WeightSource& model, Type ternary, const std::string& name, std::ostream& out,
                  const Progress& progress = {});

}  // namespace bitproof::gguf
