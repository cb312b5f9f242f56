#include "case.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "error.hpp"
#include "matmul.hpp"

namespace bitproof {
namespace {

const std::map<std::string, std::vector<const char*>>& dimension_table() {
  static const std::map<std::string, std::vector<const char*>> table = {
      {"activation_quant", {"cols", "batch"}},
      {"attention", {"rows", "cols", "batch", "kv_heads", "positions", "mode"}},
      {"dense_matmul", {"rows", "cols", "batch"}},
      {"dequantize", {"rows", "batch", "mode"}},
      {"embedding", {"rows", "cols", "batch"}},
      {"gated_ffn", {"cols", "batch", "mode"}},
      {"kv_cache", {"rows", "cols", "batch", "kv_heads", "positions"}},
      {"memory", {"rows", "cols", "batch"}},
      {"residual_add", {"cols", "batch"}},
      {"rms_norm", {"cols", "batch"}},
      {"rope", {"rows", "cols", "batch", "positions", "mode"}},
      {"sampling", {"rows"}},
      {"ternary_matmul", {"rows", "cols", "batch"}},
      {"threading", {"rows", "cols", "batch"}},
  };
  return table;
}

bool is_product(const std::string& op) {
  return op == "ternary_matmul" || op == "dense_matmul" || op == "threading" || op == "memory";
}

// Judged by a contract's properties and through other kernels' work.
bool is_slot(const std::string& op) { return op == "threading" || op == "memory" || op == "kv_cache"; }

template <class Integer>
Integer parse_integer(const std::string& text, const std::string& where) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw BadInput("{}: '{}' is not an integer", where, text);
  }
  return value;
}

}  // namespace

std::span<const char* const> dimensions(const std::string& op) {
  const auto found = dimension_table().find(op);
  if (found == dimension_table().end()) throw BadInput("no op is named '{}'; `bitproof list --by op` shows them", op);
  return found->second;
}

std::int64_t& dimension(Case& c, const std::string& name) {
  if (name == "rows") return c.rows;
  if (name == "cols") return c.cols;
  if (name == "batch") return c.batch;
  if (name == "kv_heads") return c.kv_heads;
  if (name == "positions") return c.positions;
  if (name == "mode") return c.mode;
  throw BadInput("no dimension is named '{}'; known: rows, cols, batch, kv_heads, positions, mode", name);
}

std::int64_t dimension(const Case& c, const std::string& name) { return dimension(const_cast<Case&>(c), name); }

Fill parse_fill(const std::string& text) {
  for (std::size_t i = 0; i < std::size(kFillNames); ++i) {
    if (text == kFillNames[i]) return static_cast<Fill>(i);
  }
  throw BadInput("no fill is named '{}'; known: {}", text, fmt::join(kFillNames, ", "));
}

bool has_fill(const std::string& op, Fill fill) {
  if (is_product(op)) return fill <= Fill::one_hot;
  return !is_slot(op) || fill < Fill::nan;
}

std::string to_string(const Case& c) {
  std::string text;
  for (const char* d : dimensions(c.op)) text += fmt::format("{}={},", d, dimension(c, d));
  return text + fmt::format("fill={},seed={}{}", kFillNames[static_cast<int>(c.fill)], c.seed,
                            c.every_offset ? ",offsets=all" : "");
}

Case parse_case(const std::string& op, const std::string& text) {
  Case c;
  c.op = op;
  const auto known = dimensions(op);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string item = text.substr(begin, comma - begin);
    begin = comma + 1;
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) throw BadInput("--case: '{}' is not key=value", item);
    const std::string key = item.substr(0, equals), value = item.substr(equals + 1);
    if (key == "fill") {
      c.fill = parse_fill(value);
    } else if (key == "seed") {
      c.seed = parse_integer<std::uint64_t>(value, "--case: seed");
    } else if (key == "offsets") {
      if (value != "all") throw BadInput("--case: offsets = '{}'; only 'all' is known", value);
      c.every_offset = true;
    } else if (std::find_if(known.begin(), known.end(), [&](const char* d) { return key == d; }) == known.end()) {
      throw BadInput("--case: {} has no dimension '{}'", op, key);
    } else {
      dimension(c, key) = parse_integer<std::int64_t>(value, "--case: " + key);
    }
  }
  validate(c, "--case");
  return c;
}

void validate(const Case& c, const std::string& where) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 31;
  for (const char* d : dimensions(c.op)) {
    const std::int64_t value = dimension(c, d);
    if (std::string(d) == "mode") {
      if (value != 0 && value != 1) throw BadInput("{}: mode = {} is neither 0 nor 1", where, value);
      continue;
    }
    if (value < 1 || value > kLargest) throw BadInput("{}: {} = {} is not in 1 .. 2^31", where, d, value);
  }
  if (!has_fill(c.op, c.fill)) {
    throw BadInput("{}: fill = {} means nothing for {}", where, kFillNames[static_cast<int>(c.fill)], c.op);
  }
  if (c.every_offset && is_slot(c.op))
    throw BadInput("{}: {} has no buffers of its own to put at offsets", where, c.op);
  if (is_product(c.op) && c.cols > matmul::kMaxCols) {
    throw BadInput("{}: cols = {} is over the contract's {}", where, c.cols, matmul::kMaxCols);
  }
  if (c.op == "rope" && c.cols % 2 != 0)
    throw BadInput("{}: rope pairs columns: cols = {} must be even", where, c.cols);
  const bool cached = c.op == "attention" || c.op == "kv_cache";
  if (cached && c.rows % c.kv_heads != 0) {
    throw BadInput("{}: rows (heads) = {} is not a multiple of kv_heads = {}", where, c.rows, c.kv_heads);
  }
  if (cached && c.batch > c.positions) {
    throw BadInput("{}: batch = {} queries need as many positions, not {}", where, c.batch, c.positions);
  }
}

}  // namespace bitproof
