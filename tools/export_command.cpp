#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "gguf/export.hpp"
#include "model_facts.hpp"
#include "open_model.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

// Beside its place until it is whole.
class Output {
 public:
  explicit Output(const std::string& path) : path_(path), file_(partial(), std::ios::binary) {
    if (!file_) throw BadInput("{}: cannot be written: {}", path_, std::strerror(errno));
  }
  ~Output() { std::remove(partial().c_str()); }

  std::ostream& stream() { return file_; }

  std::int64_t finish() {
    const auto bytes = static_cast<std::int64_t>(file_.tellp());
    file_.close();
    if (!file_ || std::rename(partial().c_str(), path_.c_str()) != 0) {
      throw BadInput("{}: cannot be written: {}; free space there or name another place", path_, std::strerror(errno));
    }
    return bytes;
  }

 private:
  std::string partial() const { return path_ + ".partial"; }

  std::string path_;
  std::ofstream file_;
};

}  // namespace

int export_command(const ExportOptions& options) {
  const auto type = gguf::type_named(options.format);
  if (!type) throw BadInput("--format '{}': i2_s, tq1_0 or tq2_0", options.format);
  if (!is_gguf(options.out)) throw BadInput("{}: the file's name must end in .gguf", options.out);
  const auto model = open_model({options.model, options.layers, options.seed, activation_named(options.act)});
  std::int64_t bytes = 0;
  {
    ProgressLine progress("writing " + options.out);
    Output out(options.out);
    gguf::export_model(*model, *type, fmt::format("{} seed {}", options.model, options.seed), out.stream(),
                       [&](double fraction) { progress.update(fraction); });
    bytes = out.finish();
  }
  const std::string arch = gguf::architecture_of(model->shape());
  const std::string ours = gguf::scales_of_ours(*model, *type);
  if (!ours.empty()) note("note: " + ours);
  if (options.json) {
    const Json j = {{"file", options.out},           {"bytes", bytes},
                    {"format", options.format},      {"architecture", arch},
                    {"model", options.model},        {"layers", model->shape().layers},
                    {"weights", weights_of(*model)}, {"same_in_other_engines", ours.empty()}};
    fmt::print("{}\n", j.dump(2));
  } else {
    fmt::print("{}: {} of model {}, {} layers, {}, {:.2f} GB\n", options.out, arch, options.model,
               model->shape().layers, options.format, static_cast<double>(bytes) * 1e-9);
  }
  return kOk;
}

void add_export(CommandLine& line) {
  auto [sub, o] =
      line.add("export", "a model as a GGUF file, for other engines to run the same weights", export_command);
  sub.option("out", o.out, "FILE.gguf").required();
  sub.option("--model", o.model, model_help());
  sub.option("--format", o.format, "of the ternary matrices").one_of({"i2_s", "tq1_0", "tq2_0"});
  sub.option("--layers", o.layers, "the first so many (default: all)").at_least_one();
  sub.option("--act", o.act, "silu or relu2, instead of the model's own activation");
  sub.option("--seed", o.seed, "of made-up weights");
  sub.json(o.json);
  sub.examples({"bitproof export tiny.gguf --model tiny --format i2_s"});
}

}  // namespace bitproof
