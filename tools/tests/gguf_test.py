"""Models as files: export, loop, eval and import of `bitproof`, and what they refuse. usage: gguf_test.py SOURCE_DIR BITPROOF

The files that are read here are also written here, by tools/fuzzers/small_gguf.py, and the files that bitproof writes are
read here: both from the format's definition alone. Nothing asserts on a time; commands that measure may exit 1.
"""

import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BITPROOF = (Path(a).resolve() for a in (sys.argv.pop(1), sys.argv.pop(1)))
sys.path.insert(0, str(SOURCE / "tools/fuzzers"))
import small_gguf  # noqa: E402

MEASURED = (0, 1)


# A slot each, so that no fastest recipe is searched.
PLAIN = ("--recipe", "kv_cache", "--samples", 1, "--ceiling-rounds", 0)


def bitproof(*arguments, address_space=None):
    """Waiting threads leave the cores to others, as under ctest."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))) if address_space else None
    return subprocess.run([BITPROOF, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=900, preexec_fn=limit, env=os.environ | {"OMP_WAIT_POLICY": "passive"})  # fmt: skip


def read_gguf(data):
    """Metadata keys, and tensors {name: (ne, type, bytes)}."""
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0]

    def text():
        nonlocal at
        size = take("Q")
        at += size
        return data[at - size : at].decode()

    scalars = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            element, count = take("I"), take("Q")
            return [value(element) for _ in range(count)]
        return take(scalars[kind])

    assert data[:4] == b"GGUF" and struct.unpack_from("<I", data, 4) == (3,)
    at = 8
    tensors, values = take("Q"), take("Q")
    metadata = {}
    for _ in range(values):
        key = text()
        metadata[key] = value(take("I"))
    infos = []
    for _ in range(tensors):
        name, dims = text(), take("I")
        infos.append((name, [take("Q") for _ in range(dims)], take("I"), take("Q")))
    start = (at + 31) // 32 * 32
    ends = [i[3] for i in infos[1:]] + [len(data) - start]
    return metadata, {n: (ne, k, data[start + o : start + e]) for (n, ne, k, o), e in zip(infos, ends)}


class Gguf(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-gguf-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def write(self, name, metadata, tensors):
        path = self.folder / name
        path.write_bytes(small_gguf.file(metadata, tensors))
        return path

    def json_of(self, *arguments, codes=(0,)):
        result = bitproof(*arguments, "--json")
        self.assertIn(result.returncode, codes, result.stderr)
        return json.loads(result.stdout)

    def refused(self, *arguments, **limits):
        result = bitproof(*arguments, **limits)
        self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
        lines = [line for line in result.stderr.splitlines() if line.startswith("bitproof: ")]
        self.assertEqual(len(lines), 1, result.stderr)
        return lines[0]

    def test_an_exported_model_is_what_its_json_says(self):
        path = self.folder / "tiny.gguf"
        j = self.json_of("export", "--model", "tiny", "--seed", 4, "--layers", 2, path)
        self.assertEqual((j["architecture"], j["format"], j["layers"]), ("bitnet", "i2_s", 2))
        self.assertEqual((j["bytes"], j["weights"]), (path.stat().st_size, {"source": "synthetic", "seed": 4}))
        metadata, tensors = read_gguf(path.read_bytes())
        self.assertEqual((metadata["bitnet.block_count"], metadata["bitnet.attention.head_count_kv"]), (2, 3))
        self.assertEqual(len(tensors), 2 + 2 * 11)
        self.assertEqual(tensors["blk.1.ffn_down.weight"][:2], ([528, 192], small_gguf.TYPE_I2_S))

    def test_what_another_writer_wrote_is_read_and_written_again_byte_for_byte(self):
        metadata, tensors = small_gguf.model(layers=2)
        path, again = self.write("in.gguf", metadata, tensors), self.folder / "out.gguf"
        self.json_of("export", "--model", path, again)
        written, copies = read_gguf(again.read_bytes())
        self.assertEqual(written["bitnet.attention.head_count_kv"], 1)
        self.assertEqual(copies.keys(), tensors.keys())
        for name, (ne, kind, content) in tensors.items():
            self.assertEqual(copies[name][:2], (ne, kind), name)
            self.assertEqual(copies[name][2][: len(content)], content, name)

    def test_text_goes_in_and_out_and_another_engine_stands_beside_it(self):
        path = self.write("words.gguf", *small_gguf.model())
        j = self.json_of("loop", "--model", path, "--prompt", "a a", "--tokens", 5, "--samples", 1, "--temperature", 9,
                         "--recipe", "kv_cache", "--seed", 3, codes=MEASURED)  # fmt: skip
        self.assertEqual(j["text"]["prompt_ids"], [1, 261, 261])
        self.assertEqual(j["text"]["sampling"], {"temperature": 9.0, "top_k": 0, "seed": 3})
        self.assertLessEqual(len(j["text"]["token_ids"]), 5)
        self.assertEqual((j["depth"], j["weights"]["source"]), (2, "gguf"))
        self.assertEqual(j["weights"]["head"], {"type": "q8_0", "int8_nmse": 0})
        self.assertIn("--prompt: model tiny has no vocabulary", self.refused("loop", "--model", "tiny", "--prompt", "a"))
        mute = self.write("mute.gguf", *small_gguf.model(vocabulary=False))
        self.assertIn("has no vocabulary", self.refused("loop", "--model", mute, "--prompt", "a"))
        loop = self.folder / "loop.json"
        loop.write_text(json.dumps(j))
        self.imports_beside(loop)

    def test_a_prompt_of_token_ids_needs_no_vocabulary(self):
        whole, mute = self.write("words.gguf", *small_gguf.model()), self.write("mute.gguf", *small_gguf.model(vocabulary=False))
        ids = self.folder / "ids.txt"
        ids.write_text("1\n261 261\n")
        texts = [self.json_of("loop", "--model", model, "--tokens", 3, *PLAIN, *prompt, codes=MEASURED)["text"]
                 for model, prompt in ((whole, ("--prompt", "a a")), (whole, ("--prompt-ids", "1,261,261")),
                                       (mute, ("--prompt-ids", ids)))]  # fmt: skip
        self.assertEqual(texts[0], texts[1])
        self.assertEqual((texts[2]["prompt_ids"], texts[2]["text"], texts[2]["vocabulary"]), ([1, 261, 261], None, None))
        self.assertEqual(texts[2]["token_ids"][: len(texts[0]["token_ids"])], texts[0]["token_ids"])
        made_up = self.json_of("loop", "--model", "tiny", "--prompt-ids", "5, 6", "--tokens", 2, *PLAIN, codes=MEASURED)
        self.assertEqual((made_up["depth"], len(made_up["text"]["token_ids"])), (1, 2))
        said = bitproof("loop", "--model", mute, "--prompt-ids", "5", "--tokens", 2, *PLAIN).stdout
        self.assertIn("goes on: tokens [", said)

        def refuses(ids, *words):
            line = self.refused("loop", "--model", mute, "--prompt-ids", ids)
            for word in words:
                self.assertIn(word, line)

        refuses("1,262", "--prompt-ids: byte 2: token 262 is not in the vocabulary of 262")
        refuses("1,-1", "--prompt-ids: byte 2: token -1")
        refuses("1,99999999999", "--prompt-ids: byte 2: not a token id")
        refuses(", ,", "no token id in it")
        refuses(",".join(["1"] * 80), "64")
        refuses(self.folder / "none.txt", "none.txt: cannot be read")
        ids.write_text("1 two")
        refuses(ids, f"{ids}: byte 2: not a token id")
        self.assertIn("--prompt-ids", self.refused("loop", "--model", whole, "--prompt", "a", "--prompt-ids", "1"))

    def test_the_same_seed_draws_the_same_text_and_greedy_takes_the_best(self):
        path = self.write("words.gguf", *small_gguf.model())

        def text(*how):
            return self.json_of("loop", "--model", path, "--prompt", "a a", "--tokens", 6, *PLAIN, *how, codes=MEASURED)["text"]

        drawn = [text("--temperature", 5, "--seed", 3) for _ in range(2)]
        self.assertEqual(drawn[0], drawn[1])
        greedy = text("--seed", 9)
        self.assertEqual((greedy["sampling"]["temperature"], len(greedy["token_ids"]) > 0), (0, True))
        self.assertEqual(greedy["token_ids"], text("--temperature", 5, "--top-k", 1)["token_ids"])

    def test_depths_and_prefill_of_a_file_are_measured(self):
        path = self.write("model.gguf", *small_gguf.model())
        j = self.json_of("loop", "--model", path, "--depth", 40, "--by-depth", "--prefill", 30, "--tokens", 2, *PLAIN,
                         codes=MEASURED)  # fmt: skip
        self.assertEqual([d["depth"] for d in j["by_depth"]], [40])
        self.assertGreater(j["by_depth"][0]["tok_per_s"]["median"], 0)
        self.assertEqual((j["prefill"], j["prefill_tok_per_s"]["n"]), (30, 1))
        self.assertIn("--prefill 65 is over the context of 64", self.refused("loop", "--model", path, "--prefill", 65))

    def test_recipes_of_a_file_are_attributed_and_one_op_of_it_is_questioned(self):
        path = self.write("model.gguf", *small_gguf.model())
        j = self.json_of("attribute", "--model", path, "--cells", "corners", "--rounds", 1, "--ceiling-rounds", 0, "--depth", 2,
                         codes=MEASURED)  # fmt: skip
        self.assertEqual(len(j["techniques"]), 6)
        self.assertIn(str(path), json.dumps(j))
        j = self.json_of("whatif", "--model", path, "--op", "ternary_matmul", "--recipe", "kv_cache", "--rounds", 1,
                         codes=MEASURED)  # fmt: skip
        self.assertEqual((j["model"], j["layers"]), (str(path), 1))

    def test_files_of_every_kind_decode(self):
        for name, parts in small_gguf.variants().items():
            path = self.write(f"{name}.gguf", *parts)
            j = self.json_of("eval", "--model", path, "--tokens", 4, "--recipe", "kv_cache", "--reference", 3, codes=MEASURED)
            self.assertEqual((j["weights"]["architecture"], j["reference"]["ok"]), (name, True), j["reference"])
        relu = self.folder / "bitnet-b1.58.gguf"
        j = self.json_of("loop", "--model", relu, "--prompt", "ab ab", "--tokens", 2, *PLAIN, codes=MEASURED)
        self.assertEqual(j["text"]["prompt_ids"], [257, 258])

    def test_without_room_the_file_is_named(self):
        metadata, tensors = small_gguf.model(vocabulary=False)
        tensors = {name: t for name, t in tensors.items() if name != "token_embd.weight"}
        rows = 60_000_000  # 2 GB of zeros that no disk holds
        tensors["token_embd.weight"] = ([small_gguf.WIDTH, rows], small_gguf.TYPE_Q8_0, b"")
        path = self.write("large.gguf", metadata, tensors)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size + 34 * rows)
        line = self.refused("export", "--model", path, self.folder / "out.gguf", address_space=1 << 30)
        self.assertIn(f"{path}: ", line)
        self.assertIn("Cannot allocate memory", line)

    def test_export_says_what_others_would_not_run(self):
        for scales, same in ((("attn_q",), True), (("ffn_up",), False)):
            path, out = self.write("in.gguf", *small_gguf.model(scales=scales)), self.folder / "out.gguf"
            self.assertEqual(self.json_of("export", "--model", path, out)["same_in_other_engines"], same)
        result = bitproof("export", "--model", path, out)
        self.assertEqual(result.stderr.count("note: blk.0.ffn_up.scale holds one scale a row"), 1, result.stderr)

    def test_broken_files_are_refused_with_their_byte(self):
        metadata, tensors = small_gguf.model()
        whole = small_gguf.file(metadata, tensors)
        broken = self.folder / "broken.gguf"

        def refuses(content, *words):
            broken.write_bytes(content)
            line = self.refused("export", "--model", broken, self.folder / "out.gguf")
            for word in (f"{broken}: byte ", *words):
                self.assertIn(word, line)

        refuses(whole[:-40], "tensor 'output_norm.weight'", "end after the file")
        refuses(whole[:3000], "are left in the file")
        refuses(b"GGUX" + whole[4:], "byte 0: no GGUF file")
        refuses(whole[:4] + b"\x02" + whole[5:], "byte 4: GGUF version 2")
        ne, _, content = tensors["blk.0.attn_q.weight"]
        refuses(small_gguf.file(metadata, tensors | {"blk.0.attn_q.weight": (ne, 39, content)}), "'blk.0.attn_q.weight': type 39")
        refuses(small_gguf.file(metadata, tensors | {"blk.0.attn_q.weight": (ne, 36, b"\xff" + content[1:])}), "not ternary")
        nan = content[:-32] + struct.pack("<f", float("nan")) + content[-28:]
        refuses(small_gguf.file(metadata, tensors | {"blk.0.attn_q.weight": (ne, 36, nan)}), "its scale is nan")
        refuses(small_gguf.file(metadata, {n: t for n, t in tensors.items() if n != "blk.0.ffn_up.weight"}), "'blk.0.ffn_up.weight' is missing")
        refuses(small_gguf.file(metadata | {"bitnet.embedding_length": 64}, tensors), "32")
        broken.write_bytes(b"")
        self.assertIn("the file is empty", self.refused("loop", "--model", broken))
        self.assertIn("No such file", self.refused("attribute", "--model", self.folder / "none.gguf"))
        self.assertIn("not a regular file", self.refused("run", "--model", self.folder_named("folder.gguf")))
        self.assertIn("no whole blocks of 256; use i2_s", self.refused("export", "--model", "tiny", "--format", "tq2_0", self.folder / "o.gguf"))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["broken.gguf", "folder.gguf"], "nothing half-written")

    def folder_named(self, name):
        path = self.folder / name
        path.mkdir()
        return path

    def test_eval_predicts_compares_and_holds_layers_against_the_reference(self):
        path = self.write("model.gguf", *small_gguf.model(layers=2, head=True))
        ids = self.folder / "ids.txt"
        ids.write_text("\n".join(str(i * 37 % 262) for i in range(20)))
        j = self.json_of("eval", "--model", path, "--tokens-file", ids, "--context", 8, "--recipe", "memory_pool,kv_cache",
                         "--against", "kv_cache", "--reference", 6,
                         codes=MEASURED)  # fmt: skip
        self.assertEqual((j["tokens"], j["windows"], j["window"]), (7 + 7 + 3, 3, 8))
        self.assertGreater(j["perplexity"]["value"], 1)
        self.assertLessEqual(j["perplexity"]["ci_low"], j["perplexity"]["value"])
        self.assertTrue(j["reference"]["ok"], j["reference"])
        self.assertGreater(j["reference"]["steps"], 6 * 2 * 19)
        self.assertGreaterEqual(j["kld"]["max"], j["kld"]["median"])
        ids.write_text("1 2 262")
        self.assertIn(f"{ids}: byte 4: token 262 is not in the vocabulary of 262",
                      self.refused("eval", "--model", path, "--tokens-file", ids))  # fmt: skip

    def imports_beside(self, loop):
        """Another engine's results, beside ours."""
        test = {"build_commit": "abc", "cpu_info": "a CPU of elsewhere", "model_filename": "m.gguf", "model_type": "bitnet",
                "model_size": 1000, "n_threads": 1, "n_prompt": 0, "n_gen": 4, "avg_ns": 4e9, "avg_ts": 1.0,
                "samples_ts": [1.0, 1.0], "test_time": ""}  # fmt: skip
        peer = self.folder / "llama-bench.json"
        peer.write_text(json.dumps([test]))
        j = self.json_of("import", peer, "--beside", loop)
        self.assertEqual(j["results"][0]["provenance"]["tok_per_s"], "claimed")
        self.assertEqual(j["results"][0]["bytes_per_token"], 1000)
        self.assertEqual((j["beside"]["depth"], j["beside"]["provenance"]), (2, "measured"))
        self.assertIn("which is faster", j["what_this_does_not_show"])
        model = self.write("m.gguf", *small_gguf.model(head=True))
        tensors = small_gguf.model(head=True)[1]
        streamed = sum(len(t[2]) for name, t in tensors.items() if name != "token_embd.weight")
        self.assertEqual(self.json_of("import", peer, "--model", model)["results"][0]["bytes_per_token"], streamed)
        self.assertIn("--here: its tests ran on 'a CPU of elsewhere'", self.refused("import", peer, "--here"))
        self.assertIn("claimed", bitproof("import", peer, "--beside", loop).stdout)


if __name__ == "__main__":
    unittest.main()
