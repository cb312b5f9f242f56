#include "gguf/reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "round_up.hpp"

namespace bitproof::gguf {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF is little-endian");

constexpr std::size_t kLongestName = 65'535, kMostAlignment = std::size_t{1} << 20;
constexpr std::size_t kLeastValue = 8 + 4 + 1, kLeastTensor = 8 + 4 + 8 + 4 + 8;  // bytes of the shortest entries

// Bytes of a scalar; 0 for what is none.
std::size_t scalar_bytes(ValueType type) {
  static constexpr std::size_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return kBytes[static_cast<std::size_t>(type)];
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

class Cursor {
 public:
  Cursor(std::span<const std::byte> file, const Contents& contents) : file_(file), contents_(contents) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return file_.size() - at_; }

  std::span<const std::byte> bytes(std::uint64_t count, const char* what) {
    if (count > left()) {
      throw contents_.bad(at_, "{} of {} bytes, and {} are left in the file", what, count, left());
    }
    const auto part = file_.subspan(at_, static_cast<std::size_t>(count));
    at_ += part.size();
    return part;
  }

  template <class T>
  T take(const char* what) {
    return load<T>(bytes(sizeof(T), what).data());
  }

  std::span<const std::byte> string(const char* what) { return bytes(take<std::uint64_t>(what), what); }

  std::string name(const char* what) {
    const std::size_t start = at_;
    const auto chars = string(what);
    if (chars.empty() || chars.size() > kLongestName) {
      throw contents_.bad(start, "{} has {} bytes; 1 to {} are possible", what, chars.size(), kLongestName);
    }
    return {reinterpret_cast<const char*>(chars.data()), chars.size()};
  }

  // A count of entries that take at least `least` bytes each.
  std::uint64_t count(const char* what, std::size_t least) {
    const std::size_t start = at_;
    const auto n = take<std::uint64_t>(what);
    if (n > file_.size() / least)
      throw contents_.bad(start, "{} {} do not fit into a file of {} bytes", n, what, file_.size());
    return n;
  }

  ValueType value_type(const char* what) {
    const std::size_t start = at_;
    const auto id = take<std::uint32_t>(what);
    if (id > static_cast<std::uint32_t>(ValueType::f64)) throw contents_.bad(start, "{} {} is unknown", what, id);
    return static_cast<ValueType>(id);
  }

  void seek(std::size_t to) { at_ = to; }

 private:
  std::span<const std::byte> file_;
  const Contents& contents_;
  std::size_t at_ = 0;
};

Value read_value(Cursor& in, const Contents& contents) {
  const std::size_t start = in.at();
  const ValueType type = in.value_type("value type");
  Value value{type, type, 0, {}, start};
  if (type == ValueType::string) {
    value.bytes = in.string("string");
  } else if (type == ValueType::array) {
    value.element = in.value_type("array element type");
    if (value.element == ValueType::array)
      throw contents.bad(start, "an array of arrays: no key that is read here has one");
    const bool strings = value.element == ValueType::string;
    const std::size_t least = strings ? 8 : scalar_bytes(value.element);
    value.count = in.count("array items", least);
    const std::size_t items = in.at();
    if (strings) {
      for (std::uint64_t i = 0; i < value.count; ++i) in.string("string of an array");
    } else {
      in.bytes(value.count * least, "array");
    }
    const std::size_t end = in.at();
    in.seek(items);
    value.bytes = in.bytes(end - items, "array");
  } else {
    value.bytes = in.bytes(scalar_bytes(type), "value");
  }
  return value;
}

Tensor read_tensor(Cursor& in, const Contents& contents) {
  const std::size_t start = in.at();
  Tensor t{in.name("tensor name"), Type::f32, {1, 1, 1, 1}, start, 0, {}};
  const auto refuse = [&](const std::string& why) {
    return contents.bad(start, "tensor {}: {}", in_quotes(t.name), why);
  };
  const auto dims = in.take<std::uint32_t>("dimensions");
  if (dims < 1 || dims > 4) throw refuse(fmt::format("{} dimensions; 1 to 4 are possible", dims));
  std::int64_t count = 1;
  for (std::uint32_t d = 0; d < dims; ++d) {
    const auto n = in.take<std::uint64_t>("dimension");
    if (n < 1 || n > std::uint64_t{1} << 40 || __builtin_mul_overflow(count, static_cast<std::int64_t>(n), &count)) {
      throw refuse(fmt::format("dimension {} of {} is out of range", d, n));
    }
    t.ne[d] = static_cast<std::int64_t>(n);
  }
  const auto id = in.take<std::uint32_t>("tensor type");
  const auto type = type_of(id);
  if (!type) {
    throw refuse(
        fmt::format("type {} is not read here; F32 (0), F16 (1), Q8_0 (8), Q6_K (14), TQ1_0 (34), TQ2_0 (35) "
                    "and bitnet.cpp's I2_S (36) are",
                    id));
  }
  t.type = *type;
  if (!tensor_bytes(t.type, t.cols(), count)) {
    throw refuse(fmt::format("{} x {} weights are no whole blocks of {}, which has {} each", t.cols(), count / t.cols(),
                             info(t.type).name, info(t.type).block));
  }
  t.begin = static_cast<std::size_t>(in.take<std::uint64_t>("tensor offset"));  // from the data's start, for now
  return t;
}

void place(Contents& contents, std::span<const std::byte> file, std::size_t directory_end) {
  std::size_t alignment = 32;
  if (const auto given = contents.integer("general.alignment")) {
    const std::size_t at = contents.values.find("general.alignment")->second.at;
    if (*given < 1 || *given > static_cast<std::int64_t>(kMostAlignment) ||
        !std::has_single_bit(static_cast<std::uint64_t>(*given))) {
      throw contents.bad(at, "general.alignment {} is no power of two up to {}", *given, kMostAlignment);
    }
    alignment = static_cast<std::size_t>(*given);
  }
  const std::size_t start = round_up(directory_end, alignment);
  for (Tensor& t : contents.tensors) {
    const auto size = static_cast<std::size_t>(*tensor_bytes(t.type, t.cols(), t.cols() * t.rows()));
    if (t.begin % alignment != 0) {
      throw contents.bad(t.at, "tensor {}: offset {} is no multiple of the alignment {}", in_quotes(t.name), t.begin,
                         alignment);
    }
    if (start > file.size() || t.begin > file.size() - start || size > file.size() - start - t.begin) {
      throw contents.bad(t.at, "tensor {}: {} bytes at {} + {} end after the file, which has {}", in_quotes(t.name),
                         size, start, t.begin, file.size());
    }
    t.begin += start;
    t.data = file.subspan(t.begin, size);
  }
  std::vector<const Tensor*> order;
  for (const Tensor& t : contents.tensors) order.push_back(&t);
  std::ranges::sort(order, {}, [](const Tensor* t) { return t->begin; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Tensor &before = *order[i - 1], &t = *order[i];
    if (before.begin + before.data.size() > t.begin) {
      throw contents.bad(t.at, "tensor {} at byte {} overlaps tensor {}", in_quotes(t.name), t.begin,
                         in_quotes(before.name));
    }
  }
}

std::int64_t as_integer(ValueType type, const std::byte* p, const Contents& contents, std::size_t at) {
  switch (type) {
    case ValueType::u8:
      return load<std::uint8_t>(p);
    case ValueType::i8:
      return load<std::int8_t>(p);
    case ValueType::u16:
      return load<std::uint16_t>(p);
    case ValueType::i16:
      return load<std::int16_t>(p);
    case ValueType::u32:
      return load<std::uint32_t>(p);
    case ValueType::i32:
      return load<std::int32_t>(p);
    case ValueType::i64:
      return load<std::int64_t>(p);
    case ValueType::u64:
      if (const auto value = load<std::uint64_t>(p); value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        return static_cast<std::int64_t>(value);
      }
      throw contents.bad(at, "an integer over 2^63");
    default:
      throw contents.bad(at, "not an integer");
  }
}

double as_real(ValueType type, const std::byte* p, const Contents& contents, std::size_t at) {
  if (type == ValueType::f32) return static_cast<double>(load<float>(p));
  if (type == ValueType::f64) return load<double>(p);
  return static_cast<double>(as_integer(type, p, contents, at));
}

}  // namespace

std::string in_quotes(std::string_view name) {
  constexpr std::size_t kMost = 80;
  return fmt::format("'{}{}'", name.substr(0, kMost), name.size() > kMost ? "..." : "");
}

Contents parse(std::span<const std::byte> file, const std::string& path) {
  Contents contents;
  contents.path = path;
  contents.size = file.size();
  Cursor in(file, contents);
  if (const auto magic = in.bytes(4, "magic number"); std::memcmp(magic.data(), "GGUF", 4) != 0) {
    throw contents.bad(0, "no GGUF file: it does not begin with GGUF");
  }
  if (const auto version = in.take<std::uint32_t>("version"); version != 3) {
    throw contents.bad(4, "GGUF version {}{}; version 3 is read here", version,
                       version == 3u << 24 ? " (big-endian)" : "");
  }
  const auto tensors = in.count("tensors", kLeastTensor);
  const auto values = in.count("metadata values", kLeastValue);
  for (std::uint64_t i = 0; i < values; ++i) {
    const std::size_t at = in.at();
    std::string key = in.name("metadata key");
    const Value value = read_value(in, contents);
    if (!contents.values.emplace(key, value).second)
      throw contents.bad(at, "the key {} is there twice", in_quotes(key));
  }
  for (std::uint64_t i = 0; i < tensors; ++i) contents.tensors.push_back(read_tensor(in, contents));
  place(contents, file, in.at());
  for (std::size_t i = 0; i < contents.tensors.size(); ++i) {
    const Tensor& t = contents.tensors[i];
    if (!contents.tensor_index_.emplace(t.name, i).second) {
      throw contents.bad(t.at, "tensor {} is there twice", in_quotes(t.name));
    }
  }
  return contents;
}

const Tensor* Contents::tensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors[found->second];
}

const Value* Contents::find(std::string_view key) const {
  const auto found = values.find(key);
  return found == values.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Contents::integer(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return std::nullopt;
  if (scalar_bytes(v->type) == 0) throw bad(v->at, "{} is not an integer", key);
  return as_integer(v->type, v->bytes.data(), *this, v->at);
}

std::optional<double> Contents::real(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return std::nullopt;
  if (scalar_bytes(v->type) == 0) throw bad(v->at, "{} is not a number", key);
  return as_real(v->type, v->bytes.data(), *this, v->at);
}

std::optional<bool> Contents::boolean(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return std::nullopt;
  if (v->type != ValueType::boolean) throw bad(v->at, "{} is not true or false", key);
  return v->bytes[0] != std::byte{0};
}

std::optional<std::string_view> Contents::text(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return std::nullopt;
  if (v->type != ValueType::string) throw bad(v->at, "{} is not text", key);
  return std::string_view(reinterpret_cast<const char*>(v->bytes.data()), v->bytes.size());
}

std::optional<std::vector<std::string_view>> Contents::texts(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return std::nullopt;
  if (v->type != ValueType::array || v->element != ValueType::string) throw bad(v->at, "{} is no list of texts", key);
  std::vector<std::string_view> all;
  const std::byte* p = v->bytes.data();
  for (std::uint64_t i = 0; i < v->count; ++i) {
    const auto length = static_cast<std::size_t>(load<std::uint64_t>(p));  // parse has walked them
    all.emplace_back(reinterpret_cast<const char*>(p + 8), length);
    p += 8 + length;
  }
  return all;
}

std::optional<std::vector<double>> Contents::numbers(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return std::nullopt;
  if (v->type != ValueType::array || scalar_bytes(v->element) == 0) throw bad(v->at, "{} is no list of numbers", key);
  std::vector<double> all;
  for (std::uint64_t i = 0; i < v->count; ++i) {
    all.push_back(as_real(v->element, v->bytes.data() + i * scalar_bytes(v->element), *this, v->at));
  }
  return all;
}

}  // namespace bitproof::gguf
