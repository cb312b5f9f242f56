// The step that SentencePiece and BPE share: neighbours are joined, the best pair first, the leftmost among equals.
#pragma once

#include <optional>
#include <queue>
#include <string_view>
#include <tuple>
#include <vector>

namespace bitproof::gguf {

// pieces: consecutive views of one text. rank(a, b): lower is joined sooner, none never. O(n log n) calls.
template <class Rank>
std::vector<std::string_view> merge(std::vector<std::string_view> pieces, const Rank& rank) {
  using Pair =
      std::tuple<double, std::size_t, std::size_t, std::size_t>;  // rank, left, right, length when it was found
  const std::size_t n = pieces.size();
  std::vector<std::size_t> before(n), after(n);
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> queue;
  const auto consider = [&](std::size_t left, std::size_t right) {
    if (const std::optional<double> r = rank(pieces[left], pieces[right])) {
      queue.emplace(*r, left, right, pieces[left].size() + pieces[right].size());
    }
  };
  for (std::size_t i = 0; i < n; ++i) {
    before[i] = i - 1;
    after[i] = i + 1;
    if (i > 0) consider(i - 1, i);
  }
  while (!queue.empty()) {
    const auto [r, left, right, length] = queue.top();
    queue.pop();
    // Either may have been joined to another since.
    if (pieces[left].empty() || pieces[right].empty() || after[left] != right) continue;
    if (pieces[left].size() + pieces[right].size() != length) continue;
    pieces[left] = {pieces[left].data(), length};
    pieces[right] = {};
    after[left] = after[right];
    if (after[left] < n) {
      before[after[left]] = left;
      consider(left, after[left]);
    }
    if (left > 0) consider(before[left], left);
  }
  std::erase_if(pieces, [](std::string_view p) { return p.empty(); });
  return pieces;
}

}  // namespace bitproof::gguf
