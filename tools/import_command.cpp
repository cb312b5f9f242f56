#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "gguf/model.hpp"
#include "machine.hpp"
#include "reports/file.hpp"
#include "reports/llama_bench.hpp"
#include "reports/look.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

void require_measured_here(const std::vector<PeerResult>& peers, const std::string& path) {
  const auto here = read_machine().cpu_model.value;
  for (const PeerResult& p : peers) {
    if (!here || p.cpu != *here) {
      throw BadInput("{}: --here: its tests ran on '{}', and this machine is '{}': leave --here out", path, p.cpu,
                     here.value_or("unknown"));
    }
  }
}

std::optional<double> bytes_of_file(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const gguf::MappedFile file(path);
  return gguf::bytes_per_token(gguf::parse(file.bytes(), path));
}

// What `bitproof loop --json` wrote.
Json read_loop(const std::string& path) {
  const Json j = Json::parse(read_file(path), nullptr, false);
  const auto refuse = [&](const std::string& key) {
    throw BadInput("{}: --beside: not what bitproof loop --json writes: '{}' is missing or of another kind", path, key);
  };
  if (!j.is_object()) throw BadInput("{}: --beside: not what bitproof loop --json writes: no JSON object", path);
  if (!look(j, {"recipe"}).is_string()) refuse("recipe");
  for (const char* key : {"threads", "depth"}) {
    if (!look(j, {key}).is_number_integer()) refuse(key);
  }
  for (const char* key : {"bytes_per_token", "gb_per_s"}) {
    if (!look(j, {key}).is_number()) refuse(key);
  }
  for (const char* key : {"median", "ci_low", "ci_high"}) {
    if (!look(j, {"tok_per_s", key}).is_number()) refuse(fmt::format("tok_per_s.{}", key));
  }
  if (j.value("batch", Json(1)) != 1) {
    throw BadInput("{}: --beside: a batch of {} sequences, and a peer decodes one: measure it with --batch 1", path,
                   words(j, "batch"));
  }
  Json ours;
  for (const char* key :
       {"recipe", "model", "threads", "depth", "layers", "whole_model", "tok_per_s", "bytes_per_token", "gb_per_s"}) {
    if (j.contains(key)) ours[key] = j[key];
  }
  ours["engine"] = "bitproof";
  ours["provenance"] = "measured";
  return ours;
}

void print_peers(const Json& j) {
  TextTable table("<<>>>>>><");
  table.row({"engine", "test", "threads", "depth", "tok/s", "low", "high", "GB/s", "provenance"});
  const auto number = [](const Json& value) {
    return value.is_number() ? fmt::format("{:.2f}", value.get<double>()) : "-";
  };
  const auto row = [&](const Json& r, const std::string& test, const std::string& source) {
    const Json& rate = look(r, {"tok_per_s"});
    table.row({words(r, "engine"), test, words(r, "threads"), words(r, "depth"),
               number(rate.is_object() ? look(rate, {"median"}) : look(r, {"tok_per_s_mean"})),
               number(look(rate, {"ci_low"})), number(look(rate, {"ci_high"})), number(look(r, {"gb_per_s"})), source});
  };
  if (!j["beside"].is_null()) row(j["beside"], "decode, " + j["beside"]["recipe"].get<std::string>(), "measured");
  for (const Json& r : j["results"])
    row(r, r["kind"].get<std::string>() + ", " + r["model"].get<std::string>(), r["provenance"]["tok_per_s"]);
  table.print();
  fmt::print("{}\n", j["what_this_does_not_show"].get<std::string>());
}

}  // namespace

int import_command(const ImportOptions& options) {
  const std::vector<PeerResult> peers = parse_llama_bench(read_file(options.file), options.file);
  if (options.here) require_measured_here(peers, options.file);
  const std::optional<double> bytes = bytes_of_file(options.model);
  Json j = {{"results", Json::array()}, {"beside", nullptr}};
  for (const PeerResult& p : peers) j["results"].push_back(to_json(p, options.here, bytes));
  if (options.beside.empty()) {
    j["beside_why"] = "not asked for: --beside LOOP.json";
  } else {
    j["beside"] = read_loop(options.beside);
  }
  j["what_this_does_not_show"] =
      "which is faster: these runs were not interleaved, and head, cache type and shape may differ; compare bytes per "
      "token and GB/s beside tok/s";
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else {
    print_peers(j);
  }
  return kOk;
}

void add_import(CommandLine& line) {
  auto [sub, o] = line.add("import", "another engine's results beside ours: llama-bench -o json", import_command);
  sub.option("file", o.file, "what llama-bench -o json wrote").required();
  sub.option("--beside", o.beside, "what bitproof loop --json wrote");
  sub.option("--model", o.model, "the GGUF file that it ran: for the bytes that a token reads");
  sub.flag("--here", o.here, "it was measured on this machine; refused where its CPU is another");
  sub.json(o.json);
  sub.examples({"bitproof import llama-bench.json"});
}

}  // namespace bitproof
