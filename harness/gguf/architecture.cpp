// What the metadata and the tensors of a file say of the model's shape.
#include <algorithm>
#include <set>

#include "gguf/model.hpp"
#include "model_shapes.hpp"

namespace bitproof::gguf {
namespace {

struct Architecture {
  const char* name;
  gated_ffn::Activation activation;
  rope::Style rope;
};

// Source: the graphs of llama.cpp and of microsoft/BitNet's fork of it.
constexpr Architecture kArchitectures[] = {
    {"bitnet", gated_ffn::Activation::silu, rope::Style::neox},
    {"bitnet-25", gated_ffn::Activation::relu_squared, rope::Style::neox},
    {"bitnet-b1.58", gated_ffn::Activation::relu_squared, rope::Style::neox},
    {"llama", gated_ffn::Activation::silu, rope::Style::interleaved},
};

const char* const kMatrixNames[kMatrixCount] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                                "ffn_gate", "ffn_up", "ffn_down"};

class Reader {
 public:
  explicit Reader(const Contents& contents) : contents_(contents), architecture_(find()) {}

  ModelShape shape(const OpenOptions& options) {
    ModelShape m{.hidden = integer("embedding_length"),
                 .ffn = integer("feed_forward_length"),
                 .layers = integer("block_count"),
                 .heads = integer("attention.head_count"),
                 .kv_heads = 0,
                 .head_dim = 0,
                 .vocab = 0,
                 .context = std::min(integer("context_length"), kLongestContext)};
    m.kv_heads = contents_.integer(key("attention.head_count_kv")).value_or(m.heads);
    m.head_dim = head_dim(m);
    m.activation = options.activation.value_or(architecture_.activation);
    m.rope_style = architecture_.rope;
    m.rope_base = contents_.real(key("rope.freq_base")).value_or(10000.0);
    m.norm_eps = norm_eps();
    m.sub_norms = contents_.tensor("blk.0.attn_sub_norm.weight") != nullptr;
    m.tied_head = contents_.tensor("output.weight") == nullptr;
    const Tensor& table = tensor("token_embd.weight");
    m.vocab = table.rows();
    if (const std::string fault = shape_fault(m); !fault.empty()) {
      throw BadInput("{}: byte {}: {}: {}", contents_.path, table.at, architecture_.name, fault);
    }
    if (std::string(architecture_.name) != "llama" && !m.sub_norms) tensor("blk.0.attn_sub_norm.weight");
    refuse_scaled_rope();
    check_tensors(m);
    if (options.layers < 0 || options.layers > m.layers) {
      throw BadInput("--layers {}: {} has {} layers", options.layers, contents_.path, m.layers);
    }
    if (options.layers > 0) m.layers = options.layers;
    return m;
  }

 private:
  const Architecture& find() const {
    const std::string name(need(contents_.text("general.architecture"), "general.architecture"));
    for (const Architecture& a : kArchitectures) {
      if (a.name == name) return a;
    }
    throw contents_.bad(contents_.values.find("general.architecture")->second.at,
                        "architecture {} is not read here; bitnet, bitnet-25, bitnet-b1.58 and llama are",
                        in_quotes(name));
  }

  std::string key(const char* rest) const { return std::string(architecture_.name) + "." + rest; }

  template <class T>
  T need(const std::optional<T>& value, const std::string& what) const {
    if (!value) throw contents_.bad(24, "the metadata has no {}", what);
    return *value;
  }
  std::int64_t integer(const char* rest) const { return need(contents_.integer(key(rest)), key(rest)); }

  const Tensor& tensor(const std::string& name) const {
    if (const Tensor* t = contents_.tensor(name)) return *t;
    throw contents_.bad(24, "tensor {} is missing", in_quotes(name));
  }

  float norm_eps() const {
    const std::string name = key("attention.layer_norm_rms_epsilon");
    const double eps = need(contents_.real(name), name);
    if (!(eps >= 0 && eps < 1)) throw contents_.bad(contents_.values.find(name)->second.at, "{} is {}", name, eps);
    return static_cast<float>(eps);
  }

  // Key and value heads of one width; RoPE over all of it.
  std::int64_t head_dim(const ModelShape& m) const {
    const auto keys = contents_.integer(key("attention.key_length")),
               values = contents_.integer(key("attention.value_length"));
    if (m.heads < 1) throw contents_.bad(24, "{} is {}", key("attention.head_count"), m.heads);
    const std::int64_t width = keys.value_or(m.hidden / m.heads);
    if (!keys && m.hidden % m.heads != 0)
      throw contents_.bad(24, "{} heads do not divide the width {}", m.heads, m.hidden);
    if (values.value_or(width) != width) {
      throw contents_.bad(24, "keys are {} wide and values {}: not supported", width, *values);
    }
    const std::int64_t turned = contents_.integer(key("rope.dimension_count")).value_or(width);
    if (turned != width) throw contents_.bad(24, "RoPE turns {} of {} dimensions: not supported", turned, width);
    return width;
  }

  // Only what changes nothing: no scaling, or linear by 1.
  void refuse_scaled_rope() const {
    const auto type = contents_.text(key("rope.scaling.type"));
    if (!type || *type == "none") return;
    const double factor = contents_.real(key("rope.scaling.factor")).value_or(1.0);
    if (*type == "linear" && factor == 1.0) return;
    throw contents_.bad(contents_.values.find(key("rope.scaling.type"))->second.at,
                        "RoPE scaling {} by {} is not supported", in_quotes(*type), factor);
  }

  void expect(const std::string& name, std::int64_t cols, std::int64_t rows) {
    const Tensor& t = tensor(name);
    if (t.cols() != cols || t.rows() != rows) {
      throw contents_.bad(t.at, "tensor {} is {} x {}; this model's is {} x {}", in_quotes(name), t.rows(), t.cols(),
                          rows, cols);
    }
    known_.insert(name);
  }

  void check_tensors(const ModelShape& m) {
    expect("token_embd.weight", m.hidden, m.vocab);
    expect("output_norm.weight", m.hidden, 1);
    if (!m.tied_head) expect("output.weight", m.hidden, m.vocab);
    for (std::int64_t l = 0; l < m.layers; ++l) {
      const auto norm = [&](const char* name, std::int64_t width) {
        expect(fmt::format("blk.{}.{}.weight", l, name), width, 1);
      };
      norm("attn_norm", m.hidden);
      norm("ffn_norm", m.hidden);
      if (m.sub_norms) {
        norm("attn_sub_norm", m.q_width());
        norm("ffn_sub_norm", m.ffn);
      }
      for (const Matrix matrix : kMatrices) {
        const matmul::Shape s = matrix_shape(m, matrix);
        expect(tensor_name(l, matrix), s.cols, s.rows);
        const std::string scale = tensor_name(l, matrix, "scale");
        if (const Tensor* t = contents_.tensor(scale)) expect(scale, t->cols() == s.rows ? s.rows : 1, 1);
      }
    }
    for (const Tensor& t : contents_.tensors) {
      if (!known_.contains(t.name)) {
        throw contents_.bad(t.at,
                            "tensor {} is none that a {} of {} layers has; leaving it out would give another model",
                            in_quotes(t.name), architecture_.name, m.layers);
      }
    }
  }

  const Contents& contents_;
  const Architecture& architecture_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace

std::string tensor_name(std::int64_t layer, Matrix m, const char* suffix) {
  return fmt::format("blk.{}.{}.{}", layer, kMatrixNames[static_cast<std::size_t>(m)], suffix);
}

ModelShape shape_of(const Contents& contents, const OpenOptions& options) { return Reader(contents).shape(options); }

}  // namespace bitproof::gguf
