// What a GGUF v3 file says it holds. Nothing is believed: every count, length, offset and size is checked against the
// file before it is used, so that any bytes are either taken or refused in one line that names file and byte.
// Source: ggml's docs/gguf.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "gguf/types.hpp"

namespace bitproof::gguf {

enum class ValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

// A value of the metadata; its bytes lie in the file.
struct Value {
  ValueType type;
  ValueType element;  // of an array; never array
  std::uint64_t count = 0;
  std::span<const std::byte> bytes;  // of a string its characters, of an array its items as they are stored
  std::size_t at = 0;                // where it begins
};

struct Tensor {
  std::string name;
  Type type;
  std::array<std::int64_t, 4> ne;  // ne[0] is contiguous: cols; unused dimensions are 1
  std::size_t at;                  // of its entry in the directory
  std::size_t begin;               // of its data
  std::span<const std::byte> data;

  std::int64_t cols() const { return ne[0]; }
  std::int64_t rows() const { return ne[1] * ne[2] * ne[3]; }
};

// Views into the bytes that it was parsed from, which must outlive it.
struct Contents {
  Contents() = default;
  Contents(Contents&&) = default;  // names are viewed where they lie
  Contents& operator=(Contents&&) = default;

  std::string path;      // for errors
  std::size_t size = 0;  // of the file
  std::map<std::string, Value, std::less<>> values;
  std::vector<Tensor> tensors;

  const Tensor* tensor(std::string_view name) const;  // null if there is none

  // None where the key is missing; BadInput where its value is of another kind.
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> real(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string_view> text(std::string_view key) const;
  std::optional<std::vector<std::string_view>> texts(std::string_view key) const;
  std::optional<std::vector<double>> numbers(std::string_view key) const;  // of integers or floats

  template <class... Args>
  BadInput bad(std::size_t at, fmt::format_string<Args...> format, Args&&... args) const {
    return BadInput("{}: byte {}: {}", path, at, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  const Value* find(std::string_view key) const;
  std::map<std::string_view, std::size_t> tensor_index_;
  friend Contents parse(std::span<const std::byte>, const std::string&);
};

// Throws BadInput. path appears in errors only.
Contents parse(std::span<const std::byte> file, const std::string& path);

// A name out of a file, fit for an error line.
std::string in_quotes(std::string_view name);

}  // namespace bitproof::gguf
