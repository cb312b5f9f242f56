// The reader of GGUF files: what is taken must be a model whose every weight is one, and a vocabulary that spells.
#include <algorithm>
#include <cmath>

#include "gguf/model.hpp"
#include "gguf/vocabulary.hpp"
#include "refused.hpp"

namespace bitproof {
namespace {

// No more of a model than its file holds: a shape may be large only where the tensors are.
void use(const gguf::Model& model) {
  const ModelShape& m = model.shape();
  for (std::int64_t l = 0; l < m.layers; ++l) {
    for (const Matrix matrix : kMatrices) {
      const matmul::Shape s = matrix_shape(m, matrix);
      std::vector<std::int8_t> trits(static_cast<std::size_t>(s.rows * s.cols));
      model.trits(l, matrix, 0, s.rows, trits.data());
      require(std::ranges::all_of(trits, [](int t) { return t >= -1 && t <= 1; }));
      require(std::ranges::all_of(model.scales(l, matrix), [](float x) { return std::isfinite(x); }));
    }
  }
  std::vector<std::int8_t> row(static_cast<std::size_t>(m.hidden));
  model.embedding(m.vocab - 1, m.vocab, row.data());
  model.head(0, 1, row.data());
  require(std::ranges::all_of(row, [](int q) { return q >= -127; }));
}

void spell(const gguf::Vocabulary& vocabulary) {
  taken("--prompt: ", [&] {
    for (const std::int32_t token : vocabulary.encode("Some text, 123 \xc3\xa9\n</s>")) {
      require(token >= 0 && static_cast<std::size_t>(token) < vocabulary.size());
      vocabulary.decode(token);
    }
  });
}

}  // namespace
}  // namespace bitproof

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bitproof;
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  taken("some.gguf: byte ", [&] { use(gguf::Model(file, "some.gguf")); });
  taken("some.gguf: byte ", [&] {
    const gguf::Contents contents = gguf::parse(file, "some.gguf");
    if (const auto vocabulary = gguf::Vocabulary::read(contents, 1 << 20)) spell(*vocabulary);
  });
  return 0;
}
