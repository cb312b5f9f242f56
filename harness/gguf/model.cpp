#include "gguf/model.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

#include "error.hpp"
#include "every_core.hpp"
#include "gguf/layouts.hpp"
#include "interrupt.hpp"

namespace bitproof::gguf {
namespace {

constexpr std::size_t kWorthThreads = std::size_t{4} << 20;  // bytes of a file
constexpr std::int64_t kTableRows = 256;  // of an embedding or a head that one thread converts at once

std::span<const std::byte> rows_of(const Tensor& t, std::int64_t row0, std::int64_t row1) {
  const auto row_bytes = static_cast<double>(t.data.size()) / static_cast<double>(t.rows());
  const auto begin = static_cast<std::size_t>(row_bytes * static_cast<double>(row0));
  const auto end = std::min(t.data.size(), static_cast<std::size_t>(row_bytes * static_cast<double>(row1)) + 1);
  return t.data.subspan(begin, end - begin);
}

// The one magnitude of a row's values that are not zero: 0 if all are. The value that breaks it is refused by `refuse`.
template <class Refuse>
float only_magnitude(std::span<const float> row, const Refuse& refuse) {
  float magnitude = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float value = std::abs(row[i]);
    if (value == 0) continue;
    if (!std::isfinite(value) || (magnitude != 0 && value != magnitude)) refuse(i, magnitude);
    magnitude = value;
  }
  return magnitude;
}

// Where all rows but those of zeros agree, one scale is enough.
void share(std::vector<float>& scale) {
  float common = 0;
  for (const float s : scale) {
    if (s == 0) continue;
    if (common != 0 && s != common) return;
    common = s;
  }
  scale.assign(1, common);
}

// Of a table's row; a subnormal scale is coarse enough for more than 127 of it.
std::int8_t to_int8(float value, float scale) {
  return scale == 0 ? std::int8_t{0}
                    : static_cast<std::int8_t>(std::clamp(std::nearbyint(value / scale), -127.0f, 127.0f));
}

}  // namespace

Model::Model(const std::string& path, const OpenOptions& options) : WeightSource({}, options.seed), file_(path) {
  try {
    contents_ = parse(file_->bytes(), path);
    load(options);
  } catch (const std::bad_alloc&) {
    throw BadInput("{}: out of memory while it is read: free some, or use a smaller model", path);
  }
}

Model::Model(std::span<const std::byte> file, const std::string& path, const OpenOptions& options)
    : WeightSource({}, options.seed), contents_(parse(file, path)) {
  load(options);
}

void Model::load(const OpenOptions& options) {
  shape_ = shape_of(contents_, options);
  for (std::int64_t l = 0; l < shape_.layers; ++l) {
    const auto norm_of = [&](const char* name, std::int64_t width) {
      return norm(fmt::format("blk.{}.{}.weight", l, name), width);
    };
    norms_.push_back({norm_of("attn_norm", shape_.hidden), {}, norm_of("ffn_norm", shape_.hidden), {}});
    if (!shape_.sub_norms) continue;
    norms_.back().attention_sub = norm_of("attn_sub_norm", shape_.q_width());
    norms_.back().ffn_sub = norm_of("ffn_sub_norm", shape_.ffn);
  }
  output_norm_ = norm("output_norm.weight", shape_.hidden);

  ternary_.resize(static_cast<std::size_t>(shape_.layers * kMatrixCount));
  on_every_core(ternary_.size(), contents_.size >= kWorthThreads, [&](std::size_t i) {
    if (interrupted()) throw Interrupted();
    verify(static_cast<std::int64_t>(i) / kMatrixCount, static_cast<Matrix>(i % kMatrixCount));
  });
  embedding_.tensor = contents_.tensor("token_embd.weight");
  convert(embedding_);
  embedding_scale_ = embedding_.scale;
  if (shape_.tied_head) return;
  head_.tensor = contents_.tensor("output.weight");
  convert(head_);
  head_scale_ = head_.scale;
}

std::vector<float> Model::norm(const std::string& name, std::int64_t width) const {
  const Tensor& t = *contents_.tensor(name);
  if (t.type != Type::f32 && t.type != Type::f16) {
    throw contents_.bad(t.at, "tensor {} is {}; norms are f32 or f16", in_quotes(name), info(t.type).name);
  }
  std::vector<float> values(static_cast<std::size_t>(width));
  decode(t.type, t.data, 0, width, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw contents_.bad(t.begin + i * static_cast<std::size_t>(info(t.type).block_bytes),
                          "tensor {}: weight {} is {}", in_quotes(name), i, values[i]);
    }
  }
  return values;
}

// Fills in the scales of one matrix, having seen that every value is one of -scale, 0 and +scale.
void Model::verify(std::int64_t layer, Matrix m) {
  Ternary& out = ternary_[static_cast<std::size_t>(layer * kMatrixCount + static_cast<std::int64_t>(m))];
  const std::string name = tensor_name(layer, m);
  out.tensor = contents_.tensor(name);
  const Tensor& t = *out.tensor;
  const auto refuse = [&](std::int64_t byte, const std::string& why) {
    return contents_.bad(t.begin + static_cast<std::size_t>(byte), "tensor {} ({}): {}", in_quotes(name),
                         info(t.type).name, why);
  };
  const auto check_scale = [&](float scale, std::int64_t byte) {
    if (!std::isfinite(scale) || scale < 0)
      throw refuse(byte, fmt::format("its scale is {}: not a finite number from 0 on", scale));
    return scale;
  };
  const TypeInfo& type = info(t.type);
  const auto size = static_cast<std::int64_t>(t.data.size());
  if (is_packed_ternary(t.type)) {
    if (const std::int64_t byte = invalid_code(t.type, t.data); byte >= 0) {
      throw refuse(byte, "not ternary: a code of 3, which is no trit");
    }
  }
  if (t.type == Type::i2_s) {
    out.scale = {check_scale(i2s_scale(t.data), size - type.trailer)};
  } else if (is_packed_ternary(t.type)) {
    const std::int64_t blocks = t.cols() / type.block;
    for (std::int64_t row = 0; row < t.rows(); ++row) {
      float scale = 0;  // a block of zeros may have any
      for (std::int64_t i = row * blocks; i < (row + 1) * blocks; ++i) {
        const std::int64_t byte = (i + 1) * type.block_bytes - 2;
        const float d = check_scale(block_scale(t.type, t.data, i), byte);
        if (d != 0 && scale != 0 && d != scale) {
          throw refuse(byte, fmt::format("row {} has blocks of scale {} and {}: not one scale a row", row, scale, d));
        }
        if (d != 0) scale = d;
      }
      out.scale.push_back(scale);
    }
    share(out.scale);
  } else {
    std::vector<float> values(static_cast<std::size_t>(t.cols()));
    for (std::int64_t row = 0; row < t.rows(); ++row) {
      decode(t.type, t.data, row * t.cols(), t.cols(), values.data());
      out.scale.push_back(only_magnitude(values, [&](std::size_t i, float magnitude) {
        const std::int64_t byte = (row * t.cols() + static_cast<std::int64_t>(i)) / type.block * type.block_bytes;
        throw refuse(byte, fmt::format("not ternary: row {} holds {} beside {}", row, values[i], magnitude));
      }));
    }
    share(out.scale);
  }
  release(t.data);

  const Tensor* factor = contents_.tensor(tensor_name(layer, m, "scale"));
  if (!factor) return;
  const std::vector<float> factors = norm(factor->name, factor->cols());
  if (factors.size() > out.scale.size()) out.scale.assign(factors.size(), out.scale[0]);
  for (std::size_t i = 0; i < out.scale.size(); ++i) {
    out.scale[i] *= factors[factors.size() > 1 ? i : 0];
    if (!std::isfinite(out.scale[i])) {
      throw contents_.bad(factor->begin, "tensor {}: the scale of row {} becomes {}", in_quotes(factor->name), i,
                          out.scale[i]);
    }
  }
}

// Fills in a scale a row and what is lost by int8. A row of Q8_0 whose blocks share their scale loses nothing.
void Model::convert(Table& table) {
  const Tensor& t = *table.tensor;
  if (is_packed_ternary(t.type)) {
    throw contents_.bad(t.at, "tensor {} is {}: an embedding or a head in f32, f16, q8_0 or q6_k is read here",
                        in_quotes(t.name), info(t.type).name);
  }
  table.scale.resize(static_cast<std::size_t>(t.rows()));
  const auto groups = static_cast<std::size_t>((t.rows() + kTableRows - 1) / kTableRows);
  std::vector<double> error(groups), energy(groups);
  on_every_core(groups, contents_.size >= kWorthThreads, [&](std::size_t group) {
    if (interrupted()) throw Interrupted();
    const std::int64_t row0 = static_cast<std::int64_t>(group) * kTableRows,
                       row1 = std::min(row0 + kTableRows, t.rows());
    std::vector<float> values(static_cast<std::size_t>(t.cols()));
    for (std::int64_t row = row0; row < row1; ++row) {
      decode(t.type, t.data, row * t.cols(), t.cols(), values.data());
      float most = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
          const std::int64_t byte =
              (row * t.cols() + static_cast<std::int64_t>(i)) / info(t.type).block * info(t.type).block_bytes;
          throw contents_.bad(t.begin + static_cast<std::size_t>(byte), "tensor {}: row {} holds {}", in_quotes(t.name),
                              row, values[i]);
        }
        most = std::max(most, std::abs(values[i]));
      }
      float scale = most / 127;
      if (t.type == Type::q8_0) {
        const std::int64_t first = row * t.cols() / 32, last = (row + 1) * t.cols() / 32;
        const float d = block_scale(t.type, t.data, first);
        bool shared = d > 0 && most <= 127 * d;
        for (std::int64_t i = first; i < last && shared; ++i) shared = block_scale(t.type, t.data, i) == d;
        if (shared) scale = d;
      }
      table.scale[static_cast<std::size_t>(row)] = scale;
      for (const float value : values) {
        const double stands_for = to_int8(value, scale) * static_cast<double>(scale);
        error[group] += (static_cast<double>(value) - stands_for) * (static_cast<double>(value) - stands_for);
        energy[group] += static_cast<double>(value) * static_cast<double>(value);
      }
    }
    release(rows_of(t, row0, row1));
  });
  double errors = 0, energies = 0;
  for (std::size_t i = 0; i < groups; ++i) {
    errors += error[i];
    energies += energy[i];
  }
  table.conversion = {t.type, energies > 0 ? errors / energies : 0};
}

void Model::rows(const Table& table, std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  const Tensor& t = *table.tensor;
  std::vector<float> values(static_cast<std::size_t>(t.cols()));
  for (std::int64_t row = row0; row < row1; ++row, out += t.cols()) {
    decode(t.type, t.data, row * t.cols(), t.cols(), values.data());
    const float scale = table.scale[static_cast<std::size_t>(row)];
    for (std::size_t i = 0; i < values.size(); ++i) {
      out[i] = to_int8(values[i], scale);
    }
  }
  release(rows_of(t, row0, row1));
}

void Model::trits(std::int64_t layer, Matrix m, std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  const Tensor& t = *ternary(layer, m).tensor;
  const std::int64_t first = row0 * t.cols(), count = (row1 - row0) * t.cols();
  if (is_packed_ternary(t.type)) {
    decode_trits(t.type, t.data, first, count, out);
  } else {
    std::vector<float> values(static_cast<std::size_t>(t.cols()));
    for (std::int64_t row = row0; row < row1; ++row, out += t.cols()) {
      decode(t.type, t.data, row * t.cols(), t.cols(), values.data());
      std::ranges::transform(values, out, [](float v) { return static_cast<std::int8_t>((v > 0) - (v < 0)); });
    }
  }
  release(rows_of(t, row0, row1));
}

void Model::embedding(std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  rows(embedding_, row0, row1, out);
}

void Model::head(std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  rows(shape_.tied_head ? embedding_ : head_, row0, row1, out);
}

double bytes_per_token(const Contents& contents) {
  const bool tied = contents.tensor("output.weight") == nullptr;
  double bytes = 0;
  for (const Tensor& t : contents.tensors) {
    if (tied || t.name != "token_embd.weight") bytes += static_cast<double>(t.data.size());
  }
  return bytes;
}

}  // namespace bitproof::gguf
