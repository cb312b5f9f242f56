// A GGUF v3 file, written in one pass: metadata, directory, then each tensor's bytes in turn.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "gguf/reader.hpp"

namespace bitproof::gguf {

class Metadata {
 public:
  void put(const std::string& key, std::uint32_t value);
  void put(const std::string& key, float value);
  void put(const std::string& key, bool value);
  void put(const std::string& key, const std::string& value);
  void put(const std::string& key, const std::vector<std::string>& values);
  void put(const std::string& key, const std::vector<float>& values);
  void put(const std::string& key, const std::vector<std::int32_t>& values);

  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void begin(const std::string& key, ValueType type);

  std::uint64_t count_ = 0;
  std::string bytes_;
};

struct TensorPlan {
  std::string name;
  Type type;
  std::vector<std::int64_t> ne;                                                    // ne[0]: cols
  std::function<void(const std::function<void(std::string_view)>& append)> write;  // exactly tensor_bytes of them
};

inline constexpr std::size_t kAlignment = 32;

void write(std::ostream& out, const Metadata& metadata, const std::vector<TensorPlan>& tensors);

}  // namespace bitproof::gguf
