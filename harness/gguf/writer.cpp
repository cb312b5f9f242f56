#include "gguf/writer.hpp"

#include <cstring>
#include <stdexcept>

#include "round_up.hpp"

namespace bitproof::gguf {
namespace {

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& bytes, const std::string& text) {
  append(bytes, static_cast<std::uint64_t>(text.size()));
  bytes += text;
}

template <class T>
void append_array(std::string& bytes, ValueType element, const std::vector<T>& values) {
  append(bytes, element);
  append(bytes, static_cast<std::uint64_t>(values.size()));
  for (const T& value : values) append(bytes, value);
}

std::string padding(std::size_t size) { return std::string(round_up(size, kAlignment) - size, '\0'); }

}  // namespace

void Metadata::begin(const std::string& key, ValueType type) {
  append_text(bytes_, key);
  append(bytes_, type);
  ++count_;
}

void Metadata::put(const std::string& key, std::uint32_t value) {
  begin(key, ValueType::u32);
  append(bytes_, value);
}

void Metadata::put(const std::string& key, float value) {
  begin(key, ValueType::f32);
  append(bytes_, value);
}

void Metadata::put(const std::string& key, bool value) {
  begin(key, ValueType::boolean);
  append(bytes_, static_cast<std::uint8_t>(value));
}

void Metadata::put(const std::string& key, const std::string& value) {
  begin(key, ValueType::string);
  append_text(bytes_, value);
}

void Metadata::put(const std::string& key, const std::vector<std::string>& values) {
  begin(key, ValueType::array);
  append(bytes_, ValueType::string);
  append(bytes_, static_cast<std::uint64_t>(values.size()));
  for (const std::string& value : values) append_text(bytes_, value);
}

void Metadata::put(const std::string& key, const std::vector<float>& values) {
  begin(key, ValueType::array);
  append_array(bytes_, ValueType::f32, values);
}

void Metadata::put(const std::string& key, const std::vector<std::int32_t>& values) {
  begin(key, ValueType::array);
  append_array(bytes_, ValueType::i32, values);
}

void write(std::ostream& out, const Metadata& metadata, const std::vector<TensorPlan>& tensors) {
  std::string head = "GGUF";
  append(head, std::uint32_t{3});
  append(head, static_cast<std::uint64_t>(tensors.size()));
  append(head, metadata.count());
  head += metadata.bytes();
  std::uint64_t offset = 0;
  std::vector<std::size_t> sizes;
  for (const TensorPlan& t : tensors) {
    append_text(head, t.name);
    append(head, static_cast<std::uint32_t>(t.ne.size()));
    std::int64_t count = 1;
    for (const std::int64_t n : t.ne) {
      append(head, static_cast<std::uint64_t>(n));
      count *= n;
    }
    append(head, static_cast<std::uint32_t>(t.type));
    append(head, offset);
    sizes.push_back(static_cast<std::size_t>(tensor_bytes(t.type, t.ne[0], count).value()));
    offset += round_up(sizes.back(), kAlignment);
  }
  out << head << padding(head.size());
  for (std::size_t i = 0; i < tensors.size() && out; ++i) {
    std::size_t written = 0;
    tensors[i].write([&](std::string_view bytes) {
      out << bytes;
      written += bytes.size();
    });
    if (written != sizes[i])
      throw std::logic_error("gguf::write: " + tensors[i].name + " has another size than planned");
    out << padding(written);
  }
}

}  // namespace bitproof::gguf
