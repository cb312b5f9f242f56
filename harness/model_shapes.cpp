#include "model_shapes.hpp"

#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "error.hpp"
#include "nearest.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kLongestShape = 16'384;

// Every key is needed, and no other is known: a shape is complete or refused.
class ShapeReader {
 public:
  ShapeReader(const toml::table& table, std::string path) : table_(table), path_(std::move(path)) {}

  template <class T>
  T take(const char* key) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (!node) throw BadInput("{}: '{}' is missing", path_, key);
    if (const auto value = node->value<T>()) return *value;
    throw BadInput("{}:{}: {} must be {}", path_, node->source().begin.line, key,
                   std::is_same_v<T, std::string> ? "text"
                   : std::is_same_v<T, bool>      ? "true or false"
                                                  : "a number");
  }

  template <class T>
  T choose(const char* key, const std::vector<std::pair<std::string, T>>& choices) {
    const auto word = take<std::string>(key);
    std::string words;
    for (const auto& [name, value] : choices) {
      if (name == word) return value;
      words += (words.empty() ? "" : ", ") + name;
    }
    throw BadInput("{}: {} is '{}'; it can be {}", path_, key, word, words);
  }

  void expect_no_other() const {
    for (const auto& [key, node] : table_) {
      if (std::ranges::find(known_, key.str()) == known_.end()) {
        throw BadInput("{}:{}: unknown key '{}'; did you mean {}?", path_, node.source().begin.line, key.str(),
                       nearest(std::string(key.str()), known_));
      }
    }
  }

 private:
  const toml::table& table_;
  std::string path_;
  std::vector<std::string> known_;
};

ModelShape read_shape(const toml::table& table, const std::string& path) {
  ShapeReader in(table, path);
  const auto size = [&](const char* key) { return in.take<std::int64_t>(key); };
  ModelShape m{.hidden = size("hidden"),
               .ffn = size("ffn"),
               .layers = size("layers"),
               .heads = size("heads"),
               .kv_heads = size("kv_heads"),
               .head_dim = size("head_dim"),
               .vocab = size("vocab"),
               .context = size("context")};
  using gated_ffn::Activation;
  m.activation = in.choose<Activation>("activation", {{"silu", Activation::silu}, {"relu2", Activation::relu_squared}});
  m.rope_style =
      in.choose<rope::Style>("rope_style", {{"neox", rope::Style::neox}, {"interleaved", rope::Style::interleaved}});
  m.rope_base = in.take<double>("rope_base");
  m.norm_eps = static_cast<float>(in.take<double>("norm_eps"));
  m.sub_norms = in.take<bool>("sub_norms");
  m.tied_head = in.take<bool>("tied_head");
  in.expect_no_other();
  if (const std::string fault = shape_fault(m); !fault.empty()) throw BadInput("{}: {}", path, fault);
  return m;
}

}  // namespace

ModelShape parse_model_shape(const std::string& text, const std::string& path) {
  if (text.size() > kLongestShape) throw BadInput("{}: over {} bytes are no model's shape", path, kLongestShape);
  try {
    return read_shape(toml::parse(text, path), path);
  } catch (const toml::parse_error& e) {
    throw BadInput("{}:{}: {}", path, e.source().begin.line, e.description());
  }
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(BITPROOF_MODELS_DIR, none)) {
    if (file.path().extension() == ".toml") names.push_back(file.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

ModelShape model_by_name(const std::string& name) {
  std::string path = name;
  if (!name.ends_with(".toml")) {
    const std::vector<std::string> known = model_names();
    if (std::ranges::find(known, name) == known.end()) {
      throw BadInput("--model: no model is named '{}' in {}; known: {} (or a file: FILE.toml, FILE.gguf)", name,
                     BITPROOF_MODELS_DIR, fmt::join(known, ", "));
    }
    path = fmt::format("{}/{}.toml", BITPROOF_MODELS_DIR, name);
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw BadInput("--model: {} cannot be read", path);
  return parse_model_shape(text.str(), path);
}

}  // namespace bitproof
