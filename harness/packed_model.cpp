#include "packed_model.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <numeric>
#include <thread>

#include "error.hpp"
#include "every_core.hpp"
#include "gguf/model.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "registry.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kLine = 64;

// Rows [row0, row1) of one matrix: the unit that one thread makes and packs.
struct RowBlock {
  std::int64_t layer;  // kHeadBlock for the embedding and the head
  Matrix matrix;
  std::int64_t row0, row1;
};
constexpr std::int64_t kHeadBlock = -1;

std::vector<RowBlock> blocks(const ModelShape& shape, std::int64_t rows_a_block) {
  std::vector<RowBlock> list;
  const auto cut = [&](std::int64_t layer, Matrix m, std::int64_t rows) {
    for (std::int64_t row = 0; row < rows; row += rows_a_block) {
      list.push_back({layer, m, row, std::min(row + rows_a_block, rows)});
    }
  };
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    for (const Matrix m : kMatrices) cut(layer, m, matrix_shape(shape, m).rows);
  }
  cut(kHeadBlock, Matrix::q, shape.vocab);
  return list;
}

// What packing takes, and the form that takes most.
struct Room {
  std::size_t bytes = 0, largest_bytes = 0;
  std::string largest = "none";

  template <class Kernel>
  void add(const Kernel& kernel, std::size_t form_bytes) {
    bytes += form_bytes;
    if (form_bytes <= largest_bytes) return;
    largest_bytes = form_bytes;
    const auto named =
        std::ranges::find_if(variants<Kernel>(), [&](const auto& v) { return v.kernel->pack == kernel.pack; });
    largest = named == variants<Kernel>().end() ? "a form without a name" : named->id;
  }
};

BadInput no_room(const WeightSource& model, std::size_t forms, const Room& room, const std::string& why) {
  const auto* file = dynamic_cast<const gguf::Model*>(&model);
  const auto gb = [](std::size_t bytes) { return static_cast<double>(bytes) * 1e-9; };
  return BadInput(
      "{} {} packed form(s) and caches need {:.2f} GB (the largest form is {} with {:.2f} GB), and {}: use fewer "
      "recipes, a smaller --depth, --batch or --model",
      file ? file->contents().path + ": its" : "the model's", forms, gb(room.bytes), room.largest,
      gb(room.largest_bytes), why);
}

}  // namespace

std::size_t PackedTernary::total_bytes(const ModelShape& shape, const ternary_matmul::Kernel& kernel) {
  std::size_t layer = 0;
  for (const Matrix m : kMatrices) layer += round_up(kernel.packed_bytes(matrix_shape(shape, m)), kLine);
  return layer * static_cast<std::size_t>(shape.layers);
}

PackedTernary::PackedTernary(const ModelShape& shape, const ternary_matmul::Kernel& kernel)
    : kernel_(&kernel), storage_(total_bytes(shape, kernel), kModelPages) {
  layer_bytes_ = 0;
  for (const Matrix m : kMatrices) {
    const auto i = static_cast<std::size_t>(m);
    offset_[i] = layer_bytes_;
    bytes_[i] = kernel.packed_bytes(matrix_shape(shape, m));
    layer_bytes_ += round_up(bytes_[i], kLine);
  }
}

std::size_t PackedTernary::offset(std::int64_t layer, Matrix m) const {
  return static_cast<std::size_t>(layer) * layer_bytes_ + offset_[static_cast<std::size_t>(m)];
}

PackedModel::PackedModel(std::shared_ptr<const WeightSource> model,
                         std::span<const ternary_matmul::Kernel* const> ternary,
                         std::span<const dense_matmul::Kernel* const> heads, std::size_t other_bytes,
                         const Progress& progress)
    : model_(std::move(model)) {
  const ModelShape& m = shape();
  const matmul::Shape head_shape{m.vocab, m.hidden};
  const auto embedding_bytes = static_cast<std::size_t>(m.vocab * m.hidden);

  // Keep one of each form, and learn what fits before touching a page.
  std::vector<const ternary_matmul::Kernel*> forms;
  std::vector<const dense_matmul::Kernel*> head_forms;
  const auto keep_new = [](auto& kept, const auto* kernel) {
    for (const auto* k : kept) {
      if (k->pack == kernel->pack) return;
    }
    kept.push_back(kernel);
  };
  for (const auto* k : ternary) keep_new(forms, k);
  for (const auto* k : heads) keep_new(head_forms, k);
  Room room{.bytes = embedding_bytes + other_bytes};
  for (const auto* k : forms) room.add(*k, PackedTernary::total_bytes(m, *k));
  for (const auto* k : head_forms) room.add(*k, k->packed_bytes(head_shape));
  const auto free = read_machine().memory_available_bytes.value;
  if (free && room.bytes > static_cast<std::size_t>(*free)) {
    throw no_room(*model_, forms.size(), room,
                  fmt::format("{:.2f} GB of memory are free", static_cast<double>(*free) * 1e-9));
  }

  std::int64_t multiple = 64;
  for (const auto* k : forms) multiple = std::lcm(multiple, k->row_multiple);
  for (const auto* k : head_forms) multiple = std::lcm(multiple, k->row_multiple);
  try {
    for (const auto* k : forms) ternary_.emplace_back(m, *k);
    for (const auto* k : head_forms) {
      const std::size_t bytes = k->packed_bytes(head_shape);
      heads_.push_back({k, bytes, Mapping(bytes, kModelPages)});
    }
    embedding_ = Mapping(embedding_bytes, kModelPages);
  } catch (const std::runtime_error& e) {  // a limit of this process
    throw no_room(*model_, forms.size(), room, e.what());
  }

  const std::vector<RowBlock> work = blocks(m, multiple);
  auto* const table = reinterpret_cast<std::int8_t*>(embedding_.data());
  const auto caller = std::this_thread::get_id();
  std::atomic<std::size_t> done{0};
  const auto pack = [&](std::size_t i) {
    if (interrupted()) return;
    const RowBlock& b = work[i];
    const auto rows = std::make_unique_for_overwrite<std::int8_t[]>(
        static_cast<std::size_t>(multiple * std::max({m.hidden, m.q_width(), m.ffn})));
    if (b.layer == kHeadBlock) {
      model_->embedding(b.row0, b.row1, table + b.row0 * m.hidden);
      model_->head(b.row0, b.row1, rows.get());
      for (PackedHead& h : heads_) h.packer->pack(head_shape, rows.get(), b.row0, b.row1, h.storage.data());
    } else {
      model_->trits(b.layer, b.matrix, b.row0, b.row1, rows.get());
      for (PackedTernary& t : ternary_) {
        t.packer().pack(matrix_shape(m, b.matrix), rows.get(), b.row0, b.row1, t.matrix(b.layer, b.matrix));
      }
    }
    ++done;
    if (progress && std::this_thread::get_id() == caller)
      progress(static_cast<double>(done) / static_cast<double>(work.size()));
  };
  try {
    on_every_core(work.size(), true, pack);
  } catch (const std::bad_alloc&) {
    throw no_room(*model_, forms.size(), room, "this process may have no more");
  }
}

const PackedTernary& PackedModel::ternary(const ternary_matmul::Kernel& kernel) const {
  for (const PackedTernary& t : ternary_) {
    if (t.packer().pack == kernel.pack) return t;
  }
  throw std::logic_error("PackedModel: this ternary form was not asked for");
}

const PackedHead& PackedModel::head(const dense_matmul::Kernel& kernel) const {
  for (const PackedHead& h : heads_) {
    if (h.packer->pack == kernel.pack) return h;
  }
  throw std::logic_error("PackedModel: this head form was not asked for");
}

WeightBytes PackedModel::weight_bytes(const ternary_matmul::Kernel& kernel,
                                      const dense_matmul::Kernel& head_kernel) const {
  const PackedTernary& t = ternary(kernel);
  const auto bytes = [&](Matrix m) { return static_cast<double>(t.matrix_bytes(m)); };
  return {bytes(Matrix::q),    bytes(Matrix::k),  bytes(Matrix::v),    bytes(Matrix::o),
          bytes(Matrix::gate), bytes(Matrix::up), bytes(Matrix::down), static_cast<double>(head(head_kernel).bytes)};
}

}  // namespace bitproof
