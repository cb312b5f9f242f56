// Tiered T-MAC as the report in question describes it: pattern frequency analysis, a hot tier, a warm tier, a
// delta-coded tier and a look-up engine over blocks of M = 32 rows, K = 256 columns and N = 64 activations. That one
// was 291-430 % wrong; this one is exact.
//
// A pattern is four weights, one of 81. Pack ranks the patterns of each block by how often they occur. The commonest 16
// are hot: their sums are copied together before a block's rows, 2 KB that stay in the L1 cache. The next 32 are warm:
// looked up in the tables of all patterns. A rarer one is coded as a hot pattern with one weight changed, where there
// is such a neighbour, and else as a warm one.
//
// Packed: [row blocks x column blocks] of {rank -> pattern [kDictionary], codes [rows x groups]}. A code below 81 is a
// rank; from 128 on it is 128 + 8 * hot rank + 2 * position + (0: next, 1: next but one, of -1, 0, 1 in a circle).
// Prepared: int16 [groups x kDictionary], the sum of every pattern.
#include "matmul_blocking.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kBlockRows = 32, kBlockCols = 256, kBlockBatch = 64;
constexpr int kGroupCols = 4, kGroups = kBlockCols / kGroupCols;
constexpr int kPatterns = 81, kDictionary = 96;
constexpr int kHot = 16, kWarm = 32;
constexpr int kDelta = 128;
constexpr int kBlockBytes = kDictionary + kBlockRows * kGroups;

constexpr int kPower[kGroupCols] = {1, 3, 9, 27};
constexpr int weight(int pattern, int position) { return pattern / kPower[position] % 3 - 1; }

// The pattern with the weight at `position` moved on by 1 or 2, in a circle.
constexpr int moved(int pattern, int position, int by) {
  const int digit = pattern / kPower[position] % 3;
  return pattern + ((digit + by) % 3 - digit) * kPower[position];
}

std::size_t packed_bytes(Shape shape) {
  return static_cast<std::size_t>(matmul::round_up(shape.rows, kBlockRows) / kBlockRows *
                                  (matmul::round_up(shape.cols, kBlockCols) / kBlockCols) * kBlockBytes);
}

constexpr std::int64_t block_offset(Shape shape, std::int64_t row, std::int64_t col) {
  return (row / kBlockRows * (matmul::round_up(shape.cols, kBlockCols) / kBlockCols) + col / kBlockCols) * kBlockBytes;
}

// Pattern frequency analysis: the patterns by falling count, equals by number.
struct Ranking {
  std::uint8_t pattern[kPatterns], rank[kPatterns];

  explicit Ranking(const std::uint8_t (&patterns)[kBlockRows][kGroups]) {
    int count[kPatterns] = {};
    for (const auto& row : patterns) {
      for (const std::uint8_t p : row) ++count[p];
    }
    for (int p = 0; p < kPatterns; ++p) {
      int ahead = 0;
      for (int other = 0; other < kPatterns; ++other) {
        ahead += count[other] > count[p] || (count[other] == count[p] && other < p);
      }
      rank[p] = static_cast<std::uint8_t>(ahead);
      pattern[ahead] = static_cast<std::uint8_t>(p);
    }
  }

  std::uint8_t code(int p) const {
    if (rank[p] < kHot + kWarm) return rank[p];
    for (int hot = 0; hot < kHot; ++hot) {
      for (int move = 0; move < 2 * kGroupCols; ++move) {
        if (moved(pattern[hot], move / 2, move % 2 + 1) == p) return static_cast<std::uint8_t>(kDelta + 8 * hot + move);
      }
    }
    return rank[p];
  }
};

void pack_block(Shape shape, const std::int8_t* w, std::int64_t rows, std::int64_t col, std::byte* out) {
  std::uint8_t patterns[kBlockRows][kGroups];
  for (int r = 0; r < kBlockRows; ++r) {
    const matmul::PaddedWeights<kBlockCols> row(r < rows ? w + r * shape.cols : nullptr, col, shape.cols);
    for (int g = 0; g < kGroups; ++g) {
      int pattern = 0;
      for (int i = 0; i < kGroupCols; ++i) pattern += (row.w[g * kGroupCols + i] + 1) * kPower[i];
      patterns[r][g] = static_cast<std::uint8_t>(pattern);
    }
  }
  const Ranking ranking(patterns);
  std::uint8_t code[kPatterns];
  for (int p = 0; p < kPatterns; ++p) code[p] = ranking.code(p);
  for (int i = 0; i < kDictionary; ++i)
    out[i] = i < kPatterns ? static_cast<std::byte>(ranking.pattern[i]) : std::byte{};
  out += kDictionary;
  for (const auto& row : patterns) {
    for (const std::uint8_t p : row) *out++ = static_cast<std::byte>(code[p]);
  }
}

void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < row1; row += kBlockRows) {
    for (std::int64_t col = 0; col < shape.cols; col += kBlockCols) {
      pack_block(shape, w + (row - row0) * shape.cols, row1 - row, col, packed + block_offset(shape, row, col));
    }
  }
}

constexpr std::int64_t tables_bytes(std::int64_t cols) {
  return matmul::round_up(cols, kBlockCols) / kGroupCols * kDictionary * 2;
}

std::size_t prepared_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::size_t>(batch * tables_bytes(cols));
}

// The sums of all patterns, each from the one without its last weight.
void build_table(const std::int8_t* v, std::int16_t* table) {
  table[0] = static_cast<std::int16_t>(-v[0] - v[1] - v[2] - v[3]);
  for (int i = 0; i < kGroupCols; ++i) {
    for (int p = kPower[i]; p < 3 * kPower[i]; ++p) table[p] = static_cast<std::int16_t>(table[p - kPower[i]] + v[i]);
  }
}

void prepare(const Input& in, std::byte* prepared, int part, int parts) {
  const matmul::Range mine = matmul::share(matmul::round_up(in.cols, kBlockCols) / kGroupCols, part, parts);
  for (std::int64_t b = 0; b < in.batch; ++b) {
    auto* tables = reinterpret_cast<std::int16_t*>(prepared + b * tables_bytes(in.cols));
    for (std::int64_t g = mine.begin; g < mine.end; ++g) {
      build_table(in.x + b * in.stride + g * kGroupCols, tables + g * kDictionary);
    }
  }
}

std::size_t scratch_bytes(Shape, std::int64_t) { return kGroups * kHot * sizeof(std::int16_t); }

// The sums of a block's hot patterns: [groups x kHot].
void gather_hot(const std::byte* dictionary, const std::int16_t* tables, std::int16_t* hot) {
  for (int g = 0; g < kGroups; ++g) {
    for (int i = 0; i < kHot; ++i) hot[g * kHot + i] = tables[g * kDictionary + static_cast<int>(dictionary[i])];
  }
}

int look_up(int code, const std::byte* dictionary, const std::int16_t* table, const std::int16_t* hot,
            const std::int8_t* v) {
  if (code < kHot) return hot[code];
  if (code < kDelta) return table[static_cast<int>(dictionary[code])];
  const int parent = (code - kDelta) / 8, position = code / 2 % kGroupCols;
  const int pattern = static_cast<int>(dictionary[parent]);
  const int change = weight(moved(pattern, position, code % 2 + 1), position) - weight(pattern, position);
  return hot[parent] + change * v[position];
}

// One block of rows and columns for one activation.
void multiply_block(const Call& call, std::int64_t row, std::int64_t col, std::int64_t b, std::int16_t* hot) {
  const std::byte* dictionary = call.packed + block_offset(call.shape, row, col);
  const std::byte* code = dictionary + kDictionary;
  const auto* tables = reinterpret_cast<const std::int16_t*>(call.prepared + b * tables_bytes(call.shape.cols)) +
                       col / kGroupCols * kDictionary;
  const std::int8_t* x = call.input.x + b * call.input.stride + col;
  gather_hot(dictionary, tables, hot);
  const std::int64_t rows = matmul::smaller(kBlockRows, call.shape.rows - row);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int32_t sum = 0;
    for (int g = 0; g < kGroups; ++g) {
      sum +=
          look_up(static_cast<int>(*code++), dictionary, tables + g * kDictionary, hot + g * kHot, x + g * kGroupCols);
    }
    std::int32_t& y = call.y[b * call.y_stride + row + r];
    y = col == 0 ? sum : y + sum;
  }
}

void multiply(const Call& call, Tile tile, std::byte* scratch) {
  auto* hot = reinterpret_cast<std::int16_t*>(scratch);
  for (std::int64_t batch = tile.batch0; batch < tile.batch1; batch += kBlockBatch) {
    const std::int64_t end = matmul::smaller(batch + kBlockBatch, tile.batch1);
    for (std::int64_t row = tile.row0; row < tile.row1; row += kBlockRows) {
      for (std::int64_t col = 0; col < call.shape.cols; col += kBlockCols) {
        for (std::int64_t b = batch; b < end; ++b) multiply_block(call, row, col, b, hot);
      }
    }
  }
}

constexpr Kernel kRows[] = {{
    .info = {.row = "",
             .note = "hot, warm and delta-coded patterns of 4 weights, blocks of 32 x 256 x 64, exact",
             .techniques = techniques(Technique::tmac)},
    .row_multiple = kBlockRows,
    .col_multiple = kBlockCols,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .scratch_bytes = scratch_bytes,
    .multiply = multiply,
}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
