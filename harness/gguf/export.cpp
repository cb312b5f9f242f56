#include "gguf/export.hpp"

#include <algorithm>
#include <memory>

#include "error.hpp"
#include "gguf/layouts.hpp"
#include "gguf/model.hpp"
#include "gguf/writer.hpp"
#include "half.hpp"
#include "interrupt.hpp"

namespace bitproof::gguf {
namespace {

constexpr std::int64_t kRowsAtOnce = 128;  // whole blocks of I2_S, whatever the columns

using Append = std::function<void(std::string_view)>;

std::string_view view(const void* data, std::size_t bytes) { return {static_cast<const char*>(data), bytes}; }

TensorPlan floats(const std::string& name, std::span<const float> values) {
  return {name, Type::f32, {std::ssize(values)}, [values](const Append& append) {
            append(view(values.data(), values.size_bytes()));
          }};
}

// A scale that the type holds itself; otherwise it holds 1 and the scales are a tensor of their own.
bool holds(Type type, std::span<const float> scale) {
  return scale.size() == 1 && (type == Type::i2_s || rounded_to_half(scale[0]) == scale[0]);
}

TensorPlan ternary(const WeightSource& model, std::int64_t layer, Matrix m, Type type) {
  const matmul::Shape s = matrix_shape(model.shape(), m);
  const float scale = holds(type, model.scales(layer, m)) ? model.scales(layer, m)[0] : 1;
  return {tensor_name(layer, m), type, {s.cols, s.rows}, [=, &model](const Append& append) {
            const TypeInfo& t = info(type);
            std::vector<std::int8_t> trits;
            std::vector<std::byte> bytes;
            for (std::int64_t row = 0; row < s.rows; row += kRowsAtOnce) {
              const std::int64_t end = std::min(row + kRowsAtOnce, s.rows);
              trits.resize(static_cast<std::size_t>((end - row) * s.cols));
              model.trits(layer, m, row, end, trits.data());
              bytes.resize(trits.size() / static_cast<std::size_t>(t.block) * static_cast<std::size_t>(t.block_bytes));
              encode_trits(type, trits, scale, bytes.data());
              append(view(bytes.data(), bytes.size()));
            }
            if (type != Type::i2_s) return;
            float trailer[8] = {scale};
            append(view(trailer, sizeof trailer));
          }};
}

template <class Rows>
TensorPlan table(const std::string& name, const ModelShape& m, const std::vector<float>& scale, Rows&& make_rows) {
  return {name, Type::q8_0, {m.hidden, m.vocab}, [&m, &scale, make_rows](const Append& append) {
            std::vector<std::int8_t> q(static_cast<std::size_t>(m.hidden));
            std::vector<std::byte> bytes(q.size() / 32 * 34);
            for (std::int64_t row = 0; row < m.vocab; ++row) {
              make_rows(row, row + 1, q.data());
              encode_q8_0(q, scale[static_cast<std::size_t>(row)], bytes.data());
              append(view(bytes.data(), bytes.size()));
            }
          }};
}

void require_exact(const ModelShape& m, Type type, std::span<const float> table_scales) {
  for (const Matrix matrix : kMatrices) {
    const matmul::Shape s = matrix_shape(m, matrix);
    if (!tensor_bytes(type, s.cols, s.rows * s.cols)) {
      throw BadInput("--format {}: {} is {} x {}, no whole blocks of {}; use {}", info(type).name,
                     tensor_name(0, matrix), s.rows, s.cols, info(type).block,
                     type == Type::i2_s ? "another model" : "i2_s");
    }
  }
  if (m.hidden % 32 != 0) throw BadInput("export: the embedding is {} wide, no whole blocks of Q8_0 (32)", m.hidden);
  const auto inexact = std::ranges::find_if(table_scales, [](float s) { return rounded_to_half(s) != s; });
  if (inexact != table_scales.end()) {
    throw BadInput("export: the embedding's row scale {} is no binary16 number, and Q8_0 would round it", *inexact);
  }
}

// SentencePiece-style: <unk>, <s>, </s>, 256 bytes, a space, then words " w260" of ever lower score.
void add_vocabulary(Metadata& out, std::int64_t size) {
  constexpr std::int64_t kSpace = 3 + 256;
  constexpr std::int32_t kNormal = 1, kUnknown = 2, kControl = 3, kByte = 6;
  if (size <= kSpace) {
    out.put("tokenizer.ggml.model", std::string("no_vocab"));
    return;
  }
  std::vector<std::string> words = {"<unk>", "<s>", "</s>"};
  std::vector<float> scores(static_cast<std::size_t>(size));
  std::vector<std::int32_t> types = {kUnknown, kControl, kControl};
  for (int byte = 0; byte < 256; ++byte) words.push_back(fmt::format("<0x{:02X}>", byte));
  types.resize(words.size(), kByte);
  for (std::int64_t i = kSpace; i < size; ++i) {
    words.push_back(i == kSpace ? "\u2581" : fmt::format("\u2581w{}", i));
    scores[static_cast<std::size_t>(i)] = static_cast<float>(kSpace - i);
  }
  types.resize(words.size(), kNormal);
  out.put("tokenizer.ggml.model", std::string("llama"));
  out.put("tokenizer.ggml.tokens", words);
  out.put("tokenizer.ggml.scores", scores);
  out.put("tokenizer.ggml.token_type", types);
  out.put("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  out.put("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  out.put("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
  out.put("tokenizer.ggml.add_bos_token", true);
}

Metadata metadata(const ModelShape& m, const std::string& name) {
  const std::string arch = architecture_of(m);
  const auto size = [](std::int64_t n) { return static_cast<std::uint32_t>(n); };
  Metadata out;
  out.put("general.architecture", arch);
  out.put("general.name", name);
  out.put("general.alignment", static_cast<std::uint32_t>(kAlignment));
  out.put(arch + ".context_length", size(m.context));
  out.put(arch + ".embedding_length", size(m.hidden));
  out.put(arch + ".block_count", size(m.layers));
  out.put(arch + ".feed_forward_length", size(m.ffn));
  out.put(arch + ".attention.head_count", size(m.heads));
  out.put(arch + ".attention.head_count_kv", size(m.kv_heads));
  out.put(arch + ".attention.key_length", size(m.head_dim));
  out.put(arch + ".attention.value_length", size(m.head_dim));
  out.put(arch + ".attention.layer_norm_rms_epsilon", m.norm_eps);
  out.put(arch + ".rope.dimension_count", size(m.head_dim));
  out.put(arch + ".rope.freq_base", static_cast<float>(m.rope_base));
  out.put(arch + ".vocab_size", size(m.vocab));
  add_vocabulary(out, m.vocab);
  return out;
}

std::vector<TensorPlan> plan(const WeightSource& model, Type type) {
  const ModelShape& m = model.shape();
  std::vector<TensorPlan> all;
  all.push_back(table("token_embd.weight", m, model.embedding_scale(),
                      [&model](std::int64_t a, std::int64_t b, std::int8_t* out) { model.embedding(a, b, out); }));
  for (std::int64_t l = 0; l < m.layers; ++l) {
    const LayerNorms& n = model.norms(l);
    const auto norm = [&](const char* name, const std::vector<float>& values) {
      if (!values.empty()) all.push_back(floats(fmt::format("blk.{}.{}.weight", l, name), values));
    };
    norm("attn_norm", n.attention);
    norm("attn_sub_norm", n.attention_sub);
    norm("ffn_norm", n.ffn);
    norm("ffn_sub_norm", n.ffn_sub);
    for (const Matrix matrix : kMatrices) {
      all.push_back(ternary(model, l, matrix, type));
      const std::span<const float> scale = model.scales(l, matrix);
      if (!holds(type, scale)) all.push_back(floats(tensor_name(l, matrix, "scale"), scale));
    }
  }
  all.push_back(floats("output_norm.weight", model.output_norm()));
  if (!m.tied_head) {
    all.push_back(table("output.weight", m, model.head_scale(),
                        [&model](std::int64_t a, std::int64_t b, std::int8_t* out) { model.head(a, b, out); }));
  }
  return all;
}

}  // namespace

std::string architecture_of(const ModelShape& m) {
  const bool silu = m.activation == gated_ffn::Activation::silu, neox = m.rope_style == rope::Style::neox;
  if (m.sub_norms && neox) return silu ? "bitnet" : "bitnet-b1.58";
  if (!m.sub_norms && !neox && silu) return "llama";
  throw BadInput(
      "export: no architecture has {}, {} and {} sub-norms: bitnet has SiLU, NEOX RoPE and sub-norms, "
      "bitnet-b1.58 ReLU^2 instead, llama SiLU, interleaved RoPE and no sub-norms",
      silu ? "SiLU" : "ReLU^2", neox ? "NEOX RoPE" : "interleaved RoPE", m.sub_norms ? "" : "no");
}

std::string scales_of_ours(const WeightSource& model, Type type) {
  const std::string architecture = architecture_of(model.shape());
  for (std::int64_t l = 0; l < model.shape().layers; ++l) {
    for (const Matrix m : kMatrices) {
      const std::span<const float> scale = model.scales(l, m);
      if (holds(type, scale)) continue;
      const std::string name = tensor_name(l, m, "scale");
      if (scale.size() > 1) {
        return fmt::format(
            "{} holds one scale a row, which no other engine is known to read: it would not run the same weights",
            name);
      }
      if (architecture != "bitnet") {
        return fmt::format(
            "architecture {} with {}: other engines read scale tensors of bitnet alone, and would not run "
            "the same weights",
            architecture, name);
      }
    }
  }
  return "";
}

void export_model(const WeightSource& model, Type type, const std::string& name, std::ostream& out,
                  const Progress& progress) {
  const ModelShape& m = model.shape();
  if (!is_packed_ternary(type))
    throw BadInput("--format {}: ternary weights are written as i2_s, tq1_0 or tq2_0", info(type).name);
  require_exact(m, type, model.embedding_scale());
  require_exact(m, type, model.head_scale());
  std::vector<TensorPlan> tensors = plan(model, type);
  for (std::size_t i = 0; progress && i < tensors.size(); ++i) {
    tensors[i].write = [&progress, i, n = tensors.size(), inner = std::move(tensors[i].write)](const Append& append) {
      if (interrupted()) throw Interrupted();
      inner(append);
      progress(static_cast<double>(i + 1) / static_cast<double>(n));
    };
  }
  write(out, metadata(m, name), tensors);
}

}  // namespace bitproof::gguf
