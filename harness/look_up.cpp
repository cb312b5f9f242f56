#include "look_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "entry_points.hpp"
#include "memory_map.hpp"
#include "rng.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kRows = 192, kCols = 64;
constexpr std::int64_t kMostProbes = 512;
constexpr std::byte kChange{0x40};  // of a byte: more than rounding hides

Mapping buffer(std::size_t bytes) { return {bytes, Pages::small}; }

TableReach measure(const ternary_matmul::Kernel& k) {
  const matmul::Shape shape{round_up(kRows, k.row_multiple), round_up(kCols, k.col_multiple)};
  const std::size_t prepared_bytes = k.prepared_bytes(shape.cols, 1);
  if (prepared_bytes == 0) return {};
  Rng rng(stream_seed(1, 0x7461626c65));
  std::vector<std::int8_t> w(static_cast<std::size_t>(shape.rows * shape.cols)),
      x(static_cast<std::size_t>(shape.cols));
  for (auto& v : w) v = static_cast<std::int8_t>(static_cast<int>(rng.below(3)) - 1);
  for (auto& v : x) v = static_cast<std::int8_t>(static_cast<int>(rng.below(127)) + 1);
  const Mapping packed = buffer(k.packed_bytes(shape)), prepared = buffer(prepared_bytes);
  const Mapping scratch = buffer(k.scratch_bytes(shape, 1));
  k.pack(shape, w.data(), 0, shape.rows, packed.data());
  const matmul::Input input{x.data(), 1, shape.cols, shape.cols};
  k.prepare(input, prepared.data(), 0, 1);

  const auto product = [&] {
    std::vector<std::int32_t> y(static_cast<std::size_t>(shape.rows));
    k.multiply({shape, packed.data(), input, prepared.data(), y.data(), shape.rows}, {0, shape.rows, 0, 1},
               scratch.data());
    return y;
  };
  const std::vector<std::int32_t> y = product();
  const auto size = static_cast<std::int64_t>(prepared_bytes);
  const std::int64_t step = (size + kMostProbes - 1) / kMostProbes | 1;  // odd: not always the same byte of a table
  std::int64_t bytes = 0, reached = 0;
  for (std::int64_t at = 0; at < size; at += step, ++bytes) {
    prepared.data()[at] ^= kChange;
    const std::vector<std::int32_t> changed = product();
    prepared.data()[at] ^= kChange;
    for (std::size_t row = 0; row < y.size(); ++row) reached += changed[row] != y[row];
  }
  return {bytes, static_cast<double>(reached) / static_cast<double>(bytes * shape.rows)};
}

}  // namespace

TableReach table_reach(const ternary_matmul::Kernel& kernel) {
  static std::mutex mutex;
  static std::map<EntryPoints, TableReach> known;
  const std::lock_guard lock(mutex);
  const EntryPoints code = entry_points(kernel);
  const auto found = known.find(code);
  return found != known.end() ? found->second : known.emplace(code, measure(kernel)).first->second;
}

Verdict screen_look_up(const ternary_matmul::Kernel& kernel) {
  const TableReach reach = table_reach(kernel);
  if (reach.is_table()) return Verdict::pass();
  const std::string why =
      reach.bytes == 0
          ? "prepares nothing"
          : fmt::format("a changed byte of what it prepared reaches {:.0f} % of the rows", 100 * reach.mean);
  return {Status::fallback, "technique tmac, but nothing is looked up in a table: " + why, "look-up"};
}

}  // namespace bitproof
