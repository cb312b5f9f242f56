// A model out of a GGUF file, in canonical form: trits and scales, an int8 embedding and head.
//
// Architectures bitnet, bitnet-25, bitnet-b1.58 and llama. Nothing is converted in silence: a matrix that is not
// ternary, a tensor that the architecture does not have and RoPE scaling are refused, and what an embedding or a head
// of another type lost on its way to int8 is counted.
#pragma once

#include <optional>
#include <string>

#include "gguf/mapped_file.hpp"
#include "gguf/reader.hpp"
#include "weight_source.hpp"

namespace bitproof::gguf {

struct OpenOptions {
  std::int64_t layers = 0;                            // the first so many; 0: all
  std::optional<gated_ffn::Activation> activation{};  // instead of the architecture's
  std::uint64_t seed = 1;                             // of prompt()
};

// Contexts are cut to this: the loop holds a table of angles for each position.
inline constexpr std::int64_t kLongestContext = 131'072;

// Of contents alone: nothing of the weights is read. Throws BadInput naming file, key or tensor, and byte.
ModelShape shape_of(const Contents&, const OpenOptions& options = {});

// Bytes of the tensors that decoding a token reads once: all but an embedding that is not the head, too.
double bytes_per_token(const Contents&);

// What became of a table of floats: error energy over energy, 0 where every value is an int8 times its row's scale.
struct Requantized {
  Type from;
  double nmse;
};

class Model : public WeightSource {
 public:
  // Reads all of it once, to verify it, on every core. Throws BadInput.
  explicit Model(const std::string& path, const OpenOptions& options = {});
  // The same of bytes in memory, which must outlive the model.
  Model(std::span<const std::byte> file, const std::string& path, const OpenOptions& options = {});

  const Contents& contents() const { return contents_; }
  const Requantized& embedding_conversion() const { return embedding_.conversion; }
  const Requantized& head_conversion() const { return shape_.tied_head ? embedding_.conversion : head_.conversion; }

  void trits(std::int64_t layer, Matrix, std::int64_t row0, std::int64_t row1, std::int8_t* out) const override;
  std::span<const float> scales(std::int64_t layer, Matrix m) const override { return ternary(layer, m).scale; }
  void embedding(std::int64_t row0, std::int64_t row1, std::int8_t* out) const override;
  void head(std::int64_t row0, std::int64_t row1, std::int8_t* out) const override;

 private:
  struct Ternary {
    const Tensor* tensor = nullptr;
    std::vector<float> scale;
  };
  struct Table {
    const Tensor* tensor = nullptr;
    std::vector<float> scale;
    Requantized conversion{};
  };

  void load(const OpenOptions& options);
  void verify(std::int64_t layer, Matrix m);
  void convert(Table& table);
  void rows(const Table& table, std::int64_t row0, std::int64_t row1, std::int8_t* out) const;
  // What was read of the file need not stay in memory.
  void release(std::span<const std::byte> part) const {
    if (file_) MappedFile::release(part);
  }
  std::vector<float> norm(const std::string& name, std::int64_t width) const;
  const Ternary& ternary(std::int64_t layer, Matrix m) const {
    return ternary_[static_cast<std::size_t>(layer * kMatrixCount + static_cast<std::int64_t>(m))];
  }

  std::optional<MappedFile> file_;
  Contents contents_;
  std::vector<Ternary> ternary_;
  Table embedding_, head_;
};

// "blk.3.attn_q.weight"
std::string tensor_name(std::int64_t layer, Matrix m, const char* suffix = "weight");

}  // namespace bitproof::gguf
