"""The `bitproof` command: JSON, exit codes, error lines, interrupts. usage: cli_test.py SOURCE_DIR BITPROOF

All on the tiny model and the smoke suite. Nothing here asserts on a time: commands that measure may exit 1, because a
busy machine can break a ledger.
"""

import contextlib
import functools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SOURCE, BITPROOF = (Path(a).resolve() for a in (sys.argv.pop(1), sys.argv.pop(1)))
CORES = len(os.sched_getaffinity(0))
MEASURED = (0, 1)

VARIANT = {"id", "op", "isa", "techniques", "exact", "runnable", "reason"}
CHECK = {"cases", "passed", "failed", "mistrusted", "fallback", "skipped", "failures"}
SELFTEST = {"planted", "killed", "survivors", "clean_twins", "false_alarms", "faults"}
BENCH = {"id", "case", "median_ns", "ci_low_ns", "ci_high_ns", "samples", "gb_per_s", "gop_per_s",
         "fraction_of_ceiling", "state"}  # fmt: skip
ESTIMATE = {"median", "ci_low", "ci_high"}
LOOP = {"tok_per_s", "layers", "tokens", "bytes_per_token", "gb_per_s", "ceiling_gb_per_s", "fraction_of_ceiling",
        "state", "ops", "residual_ns", "ledger_ok", "witnesses", "peak_rss_bytes", "logits_hash"}  # fmt: skip
ATTRIBUTE = {"techniques", "total_speedup", "cells_measured", "cells_total", "depth", "interactions"}
CREDIT = {"name", "alone", "without", "shapley", "ci_low", "ci_high", "predicted", "expected", "realization", "engaged"}
TECHNIQUES = {"memory_pool", "simd", "threading", "prefetch", "tmac", "kv_cache"}

TWO_FACTORS = Path(__file__).with_name("two_factors.toml").read_text()

CASE = "rows=5,cols=64,batch=2,fill=random,seed=3"
NO_CEILING = ("--ceiling-rounds", "0")  # seconds each; the tests of `machine` and of the smoke run measure them
LOOP_TINY = ("loop", "--model", "tiny", "--depth", "4", *NO_CEILING, "--tokens", "2", "--samples", "2")


def bitproof(*arguments, limit=None, **options):
    """limit: called in the child before it starts."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 250, **options}
    return subprocess.run([BITPROOF, *map(str, arguments)], preexec_fn=limit, **options)


def limited(what, most):
    return lambda: resource.setrlimit(what, (most, most))


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


@functools.cache
def smoke_run():
    """What a finished `run --suite smoke --json` printed; its files are for reading."""
    scratch = tempfile.TemporaryDirectory(prefix="bitproof-cli-")
    unittest.addModuleCleanup(scratch.cleanup)
    done = bitproof("run", "--suite", "smoke", "--out", Path(scratch.name) / "out", "--json")
    assert done.returncode in MEASURED, done.stderr
    return done.stdout


class CommandLine(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-cli-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def parse(self, text):
        """One JSON object, in which whatever is null says why."""

        def check_nulls(pairs):
            keys = dict(pairs)
            for key, value in pairs:
                if value is None:
                    self.assertTrue(keys.get(f"{key}_why"), f"{key} is null without a reason")
            return keys

        parsed = json.loads(text, object_pairs_hook=check_nulls, parse_constant=self.fail)
        self.assertIsInstance(parsed, dict)
        return parsed

    def json_of(self, *arguments, codes=(0,)):
        done = bitproof(*arguments, "--json")
        self.assertIn(done.returncode, codes, done.stderr)
        return self.parse(done.stdout)

    def assert_keys(self, wanted, *objects):
        self.assertTrue(objects)
        for o in objects:
            self.assertLessEqual(wanted, o.keys())

    def assert_refused(self, done, *words, lines_before=False):
        """Exit 2, nothing on standard output, and one line on standard error that holds the words."""
        lines = done.stderr.splitlines()
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        if not lines_before:
            self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[-1].startswith("bitproof: "), done.stderr)
        for word in words:
            self.assertIn(word, lines[-1])

    def start(self, *arguments):
        child = subprocess.Popen(
            [BITPROOF, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.addCleanup(lambda: child.poll() is None and child.kill())
        self.wait_for(child, lambda: self.catches_interrupts(child))
        return child

    @staticmethod
    def catches_interrupts(child):
        caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{child.pid}/status").read_text(), re.MULTILINE)
        return int(caught[1], 16) >> (signal.SIGINT - 1) & 1

    def wait_for(self, child, condition):
        while not condition():
            self.assertIsNone(child.poll(), "ended too early")
            time.sleep(0.01)


class Json(CommandLine):
    def test_list(self):
        variants = self.json_of("list")["variants"]
        self.assert_keys(VARIANT, *variants)
        self.assertEqual(len({v["id"] for v in variants}), len(variants))
        for v in variants:
            self.assertTrue(v["runnable"] or v["reason"])

    def test_selftest(self):
        zeros = self.json_of("selftest", "ternary_matmul/zeros", "--repeat", "2")
        self.assert_keys(SELFTEST, zeros)
        self.assertEqual([zeros[k] for k in ("planted", "killed", "clean_twins", "clean_runs")], [1, 1, 1, 2])
        self.assertEqual((zeros["survivors"], zeros["false_alarms"]), ([], 0))
        [fault] = zeros["faults"]
        self.assertEqual((fault["name"], fault["killed_by"]), ("ternary_matmul/zeros", "oracle"))
        table = bitproof("selftest", "ternary_matmul/zeros", "--markdown")
        self.assertIn("| ternary_matmul/zeros |", table.stdout)
        self.assert_refused(bitproof("selftest", "ternary_matmul/zeroes"), "zeroes", "ternary_matmul/zeros")

    def test_check(self):
        checked = self.json_of("check", "--suite", "smoke")
        self.assert_keys(CHECK, checked)
        self.assertGreater(checked["passed"], 0)
        self.assertEqual(checked["passed"] + checked["skipped"], checked["cases"])
        self.assertEqual(self.json_of("check", "--suite", "smoke", "--here"), checked)  # not on several processes

    def test_a_checking_process_that_dies_fails_its_cases(self):
        child = self.start("check", "ternary_matmul/scalar", "--suite", "seed_shapes", "--json")
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children")
        self.wait_for(child, lambda: children.read_text().split())
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)  # the largest matrix takes a while
        out, err = child.communicate(timeout=600)
        checked = json.loads(out)
        self.assertEqual((child.returncode, checked["failed"]), (1, 1), err)
        for words in ("the process that checked ternary_matmul rows=", "ended: Killed"):
            self.assertIn(words, checked["failures"][0]["reason"])
        self.assertGreater(checked["passed"], 0)

    def test_check_on_random_cases(self):
        checked = self.json_of("check", "residual_add/", "--random", 3, "--seed", 5)
        ran = {v["id"] for v in self.json_of("list")["variants"] if v["op"] == "residual_add" and v["runnable"]}
        self.assertEqual(checked["passed_by_variant"], dict.fromkeys(ran, 3))
        self.assertEqual((checked["random_cases_per_op"], checked["random_seed"]), (3, 5))
        said = bitproof("check", "residual_add/scalar", "--random", 3, "--seed", 5)
        self.assertIn("3 random cases of each op, seed 5", said.stdout)
        both = self.json_of("check", "residual_add/scalar", "--random", 3, "--suite", "smoke")
        self.assertGreater(both["cases"], 3)

    def test_check_has_random_cases_by_default(self):
        checked = self.json_of("check", "rms_norm/scalar")
        self.assertGreater(checked["random_cases_per_op"], 0)
        self.assertGreater(checked["cases"], checked["random_cases_per_op"])

    def test_bench(self):
        results = self.json_of("bench", "memory/", "--suite", "smoke", *NO_CEILING, codes=MEASURED)["results"]
        self.assert_keys(BENCH, *results)
        for r in results:
            self.assertTrue(r["ci_low_ns"] <= r["median_ns"] <= r["ci_high_ns"], r)

    def test_bench_hands_flags_to_google_benchmark(self):
        bench = ("bench", "ternary_matmul/scalar", "--suite", "smoke", *NO_CEILING, "--benchmark_repetitions=3")
        [r] = self.json_of(*bench, codes=MEASURED)["results"]
        self.assertEqual(len(r["samples"]), 3)

    def test_loop(self):
        measured = [w for w in LOOP_TINY if w not in NO_CEILING]
        j = self.json_of(*measured, "--recipe", "all", "--prefill", 16, codes=MEASURED)
        self.assert_keys(LOOP, j)
        self.assertTrue(j["ceiling_gb_per_s"] or j["ceiling_gb_per_s_why"])
        self.assert_keys(ESTIMATE, j["tok_per_s"], j["prefill_tok_per_s"])
        self.assert_keys({"op", "ns_per_token"}, *j["ops"])
        self.assertEqual(j["witnesses"].keys(), TECHNIQUES)
        self.assert_keys({"engaged", "evidence"}, *j["witnesses"].values())
        self.assertEqual((j["tokens"], j["layers"]), (4, 3))

    def test_loop_says_what_the_prefix_and_the_layers_are(self):
        j = self.json_of(*LOOP_TINY, "--recipe", "none", "--layers", 2, "--prefill", 8, codes=MEASURED)
        self.assertEqual((j["layers"], j["model_layers"], j["whole_model"]), (2, 3, False))
        self.assertIsNone(j["prefill_tok_per_s"])

    def test_loop_by_depth(self):
        by_depth = ("loop", "--model", "tiny", "--depth", 70, *NO_CEILING, "--tokens", 2, "--samples", 2, "--by-depth")
        straight, deep = (
            self.json_of(*by_depth[: -1 if alone else None], "--recipe", "kv_cache", codes=MEASURED) for alone in (True, False)
        )
        self.assertEqual([(d["depth"], d["physics"]["verdict"]) for d in deep["by_depth"]], [(64, "not judged"), (70, "not judged")])
        self.assertEqual(straight["logits_hash"], deep["logits_hash"])
        self.assertTrue(deep["ledger_ok"])
        self.assertIsNone(self.json_of(*by_depth, "--recipe", "simd", codes=MEASURED)["by_depth"])

    def test_loop_of_a_batch(self):
        one, four = (
            self.json_of(*LOOP_TINY, "--recipe", "kv_cache", "--batch", n, codes=MEASURED) for n in (1, 4)
        )
        self.assertEqual((one["batch"], one["tokens"], four["batch"], four["tokens"]), (1, 4, 4, 16))
        self.assertEqual(one["bytes_per_step"], one["bytes_per_token"])
        for j in (one, four):
            self.assertEqual((j["ledger_ok"], j["trial"]["verdict"]), (True, "PASS"))
        bytes_of = lambda j: {op["op"]: j["batch"] * op["bytes_per_token"] for op in j["ops"]}
        single, batched = bytes_of(one), bytes_of(four)
        for op in single:  # weights once a step, caches and the rows of the embedding for each sequence
            once = op.startswith("ternary_matmul") or op == "lm_head"
            self.assertAlmostEqual(batched[op], (1 if once else 4) * single[op], msg=op)
        self.assertAlmostEqual(four["bytes_per_step"], sum(batched.values()))
        each = four["tok_per_s_per_sequence"]["median"]
        self.assertAlmostEqual(4 * each / four["tok_per_s"]["median"], 1)
        done = bitproof(*LOOP_TINY, "--recipe", "none", "--batch", 2)
        self.assertIn(done.returncode, MEASURED, done.stderr)
        for said in ("batch 2, depth 4", "tok/s a sequence", "GB a step"):
            self.assertIn(said, done.stdout)

    def test_loop_logits_do_not_depend_on_the_kernel(self):
        hashes = {
            self.json_of(*LOOP_TINY, "--slot", f"ternary_matmul={v}", codes=MEASURED)["logits_hash"]
            for v in ("scalar", "ternary_matmul/tmac.scalar")
        }
        self.assertEqual(len(hashes), 1)

    def test_the_best_recipe_is_searched_once(self):
        folder = self.folder / "cache" / "bitproof"
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent)}
        best = ("loop", "--recipe", "best", "--threads", 1, *LOOP_TINY[1:])
        first, second = (bitproof(*best, env=environment) for _ in range(2))
        [kept] = folder.iterdir()
        self.assertNotIn("searched before", first.stderr)
        self.assertIn(f"searched before: {kept}", second.stderr)
        slots = json.loads(kept.read_text())["slots"]
        self.assertIn(slots["ternary_matmul"], second.stderr)
        kept.write_text(kept.read_text().replace(slots["ternary_matmul"], "ternary_matmul/gone"))
        third = bitproof(*best, env=environment)
        self.assertIn("not used", third.stderr)
        self.assertIn("'ternary_matmul/gone'", third.stderr)
        self.assertNotIn("gone", kept.read_text())

    def test_more_threads_than_cores(self):
        j = self.json_of(*LOOP_TINY, "--threads", CORES + 1, "--oversubscribe", codes=MEASURED)
        self.assertEqual(j["threads"], CORES + 1)
        self.assertTrue(j["witnesses"]["threading"]["engaged"])

    def test_attribute(self):
        j = self.json_of("attribute", "--model", "tiny", "--rounds", 2, "--budget", "25m", *NO_CEILING, codes=MEASURED)
        self.assert_keys(ATTRIBUTE, j)
        self.assert_keys(CREDIT, *j["techniques"])
        self.assertEqual({t["name"] for t in j["techniques"]}, TECHNIQUES)
        self.assertEqual(bitproof("report", self.write("attribution.json", json.dumps(j))).returncode, 0)
        j["techniques"][0]["alone_detail"]["median"] *= 2  # over a baseline of its own
        done = bitproof("report", self.write("attribution.json", json.dumps(j)))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("alone_detail.median: WRONG", done.stderr)

    def test_attribute_goes_on_where_it_was(self):
        cells = self.folder / "cells.json"
        lattice = self.write("two.toml", TWO_FACTORS)
        arguments = ("attribute", "--model", "tiny", "--depth", 3, *NO_CEILING, "--lattice", lattice, "--cells", "all",
                     "--resume", cells)  # fmt: skip
        measured = lambda: [c["samples"] for c in json.loads(cells.read_text())["cells"]]
        child = self.start(*arguments)
        self.wait_for(child, lambda: cells.exists() and any(measured()))
        child.kill()
        child.communicate()
        saved = measured()
        first = self.json_of(*arguments, "--rounds", 1, "--budget", "2m", codes=MEASURED)
        self.assertTrue(all(after[: len(before)] == before for before, after in zip(saved, measured())))
        self.assertEqual(files_in(self.folder), ["cells.json", "two.toml"])  # nothing half-written is left
        self.assertEqual((first["cells_measured"], first["cells_total"], first["rounds"]), (4, 4, 1))
        self.assertIsNone(first["techniques"][0]["ci_low"])  # one round bounds nothing
        kept = json.loads(cells.read_text())
        second = self.json_of(*arguments, "--rounds", 2, "--budget", "2m", codes=MEASURED)
        self.assertEqual(second["rounds"], 2)
        for before, after in zip(kept["cells"], json.loads(cells.read_text())["cells"]):
            self.assertEqual(before["samples"], after["samples"][: len(before["samples"])])
        product = 1.0
        for t in second["techniques"]:
            self.assertLess(t["ci_low"], t["ci_high"])
            product *= t["shapley"]
        self.assertAlmostEqual(product, second["total_speedup"], places=6)
        self.assertEqual(len(second["interactions"]), 1)

        moved = json.loads(cells.read_text())
        moved["identity"]["machine"] = "0" * 16
        elsewhere = self.write("moved.json", json.dumps(moved))
        self.assert_refused(bitproof(*arguments[:-1], elsewhere, "--rounds", 2), "moved.json", "another machine")
        kept["identity"]["build"] = "0" * 16
        other = self.write("other.json", json.dumps(kept))
        self.assert_refused(bitproof(*arguments[:-1], other, "--rounds", 2), "other.json", "another build")
        self.assert_refused(bitproof("attribute", "--lattice", self.write("none.toml", 'name = "x"')), "none.toml:1", "factors")

    def test_attribute_by_depth(self):
        j = self.json_of("attribute", "--model", "tiny", "--depths", "4,16,64", "--rounds", 2, *NO_CEILING, codes=MEASURED)["depth_axis"]
        self.assertEqual([p["depth"] for p in j["points"]], [4, 8, 16, 64])
        self.assertEqual([p["scalar"] is None for p in j["points"]], [False, False, False, True])
        self.assertIsNotNone(j["points"][3]["scalar_modelled"])
        self.assertEqual((j["fitted_on_depths"], j["held_out_depth"]), ([4, 16], 8))
        self.assertEqual([p["positions"] for p in j["fitted_points"]], [5, 17])

    def test_whatif(self):
        j = self.json_of("whatif", "--op", "ternary_matmul", "--faster", "2x", "--model", "tiny", "--rounds", 3, *NO_CEILING,
                         codes=MEASURED)  # fmt: skip
        self.assert_keys({"op", "tok_per_s", "predicted_tok_per_s", "share", "validation", "failures"}, j)
        self.assert_keys(ESTIMATE, j["tok_per_s"])
        self.assertGreater(j["predicted_speedup"], 1)
        self.assertEqual(len(j["validation"]["doses"]), 4)

    def test_machine(self):
        self.assert_keys({"cpu_model", "physical_cores", "features", "compiler", "fingerprint", "ceilings"},
                         self.json_of("machine"))  # fmt: skip

    def test_run_then_report(self):
        j = self.parse(smoke_run())
        self.assert_keys({"run_json", "report", "html", "failed"}, j)
        text = Path(j["run_json"]).read_text()
        run = self.parse(text)
        self.assertEqual((run["partial"], bool(run["failures"])), (False, j["failed"]))
        self.assertTrue(run["schema"])
        self.assertEqual(bitproof("report", j["run_json"]).stdout, Path(j["report"]).read_text())

        copy = self.folder / "copy.json"
        done = bitproof("report", j["run_json"], "--format", "json", "-o", copy)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(json.loads(copy.read_text()), json.loads(text))

        self.assert_refused(bitproof("report", self.write("cut.json", text[: len(text) // 2])), "cut.json", "cut off")
        other = self.write("other.json", text.replace(run["schema"], "bitproof-run/0"))
        for form in ("md", "json"):
            self.assert_refused(bitproof("report", other, "--format", form), "other.json", run["schema"])
        to = self.folder / "cut.json/report.md"
        self.assert_refused(bitproof("report", copy, "-o", to), str(to))

        for form in ("gbench", "bmf", "gha", "gha-bigger"):
            self.assertTrue(json.loads(bitproof("report", copy, "--format", form).stdout), form)
        lines = bitproof("report", copy, "--format", "jsonl").stdout.splitlines()
        self.assertEqual(len(lines), len(run["bench"]) + len(run["arms"]))
        self.assertEqual(len(bitproof("report", copy, "--format", "csv").stdout.splitlines()), len(lines) + 1)
        junit = ElementTree.fromstring(bitproof("report", copy, "--format", "junit").stdout)
        self.assertEqual(len(junit.findall("./testsuite[@name='bitproof.loop']/testcase")), len(run["arms"]))

        db = self.folder / "runs.db"
        saved = self.json_of("history", "--db", db, "--add", copy, "--add", j["run_json"])
        self.assertEqual((len(saved["saved"]), len(saved["already_saved"]), saved["runs"]), (1, 1, 1))
        self.assertEqual(bitproof("history", "--db", db).stdout.splitlines(), sorted(json.loads(x)["name"] for x in lines))
        [case] = self.json_of("history", "loop/none/", "--db", db)["cases"]
        [series] = case["series"]
        self.assertEqual((series["fingerprint"], len(series["points"])), (run["machine"]["fingerprint"], 1))
        self.assertIn("no change of level shown", bitproof("history", "loop/none/", "--db", db).stdout)
        self.assert_refused(bitproof("history", "loop/nome/", "--db", db), "'loop/nome/'", "loop/none")

    def test_report_refuses_a_run_that_does_not_add_up(self):
        run = json.loads(Path(self.parse(smoke_run())["run_json"]).read_text())
        measured = next(a for a in run["arms"] if a["tok_per_s"])
        rate = measured["tok_per_s"]
        for key in ("median", "ci_low", "ci_high", "p5", "p95"):
            rate[key] *= 32  # a layer as a token
        done = bitproof("report", self.write("forged.json", json.dumps(run)), "-o", self.folder / "report.md")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("gb_per_s: WRONG", done.stderr)
        self.assertFalse((self.folder / "report.md").exists())

    def test_audit(self):
        claims = SOURCE / "suites/claims"
        seeds = sorted(claims.glob("*.toml"))
        j = self.json_of("audit", *seeds, codes=(1,))
        self.assert_keys({"claims", "reports"}, j)
        self.assertEqual({r["name"] for r in j["reports"]}, {p.stem for p in seeds})
        self.assert_keys({"id", "verdict", "findings"}, *j["claims"])
        self.assert_keys({"rule", "severity", "text", "quote", "arithmetic"}, *(f for c in j["claims"] for f in c["findings"]))
        verdicts = {c["id"]: c["verdict"] for c in j["claims"]}
        self.assertEqual(verdicts["phase2_results/throughput"], "IMPOSSIBLE")
        self.assertTrue(bitproof("audit", *seeds).stdout.startswith("phase2_results: "))
        j = self.json_of("audit", *sorted((claims / "honest").glob("*.toml")))
        self.assertEqual({c["verdict"] for c in j["claims"]}, {"HOLDS"})

    def test_audit_measures_what_was_claimed(self):
        def claims(reproduce, **more):
            head = "".join(f"[{k}]\n{v}\n" for k, v in more.items())
            claim = '[[claims]]\nid = "a"\nline = 1\nquote = "q"\n'
            return self.write("claims.toml", head + claim + reproduce)

        checked = f'command = "bitproof check ternary_matmul/scalar --case {CASE}"'
        mismatches = 'metric = "mismatches"\nvalue = "0"\nreproduce = {{ {}, value = "{}", unit = "" }}'
        j = self.json_of("audit", claims(mismatches.format(checked, "passed")), "--reproduce")
        [a] = j["reproduced"]
        self.assertEqual((a["id"], a["claimed"], a["measured"]), ("claims/a", "0", "1"))
        j = self.json_of("audit", claims(mismatches.format(checked, "nowhere")), "--reproduce", codes=(1,))
        self.assertEqual(j["reproduced"][0]["measured"], None)
        self.assertIn("no number at nowhere", j["reproduced"][0]["measured_why"])
        refused = claims(mismatches.format('command = "bitproof run --out elsewhere"', "failed"))
        self.assert_refused(bitproof("audit", refused, "--reproduce"), "no command that measures")

        fast = claims('metric = "throughput"\nvalue = "100000"\nunit = "tok/s"\n',
                      model='parameters = 7_000_000_000\nweight_bits = "2"')  # fmt: skip
        self.assertEqual(self.json_of("audit", fast)["claims"][0]["verdict"], "HOLDS")
        here = bitproof("audit", fast, "--machine", "--json")
        if here.returncode == 2:  # no ceiling was seen, which is all that this machine may say while others have it
            self.assert_refused(here, "--machine: ", lines_before=True)
        else:
            self.assertEqual(self.parse(here.stdout)["claims"][0]["verdict"], "IMPOSSIBLE")

    def test_audit_shows_the_table_of_the_readme(self):
        seeds = sorted((SOURCE / "suites/claims").glob("*.toml"))
        self.assertIn(bitproof("audit", *seeds, "--markdown").stdout.strip(), (SOURCE / "README.md").read_text())

    def test_replay_runs_one_case(self):
        done = bitproof("replay", f"bitproof check ternary_matmul/scalar --case {CASE} --json")
        self.assertEqual(done.returncode, 0, done.stderr)
        checked = self.parse(done.stdout)
        self.assertEqual((checked["cases"], checked["passed"]), (1, 1))

    def test_replay_reads_quotes(self):
        done = bitproof("replay", f"bitproof check 'ternary_matmul/sca'\"lar\" --case '{CASE}' --js\\on")
        self.assertEqual(self.parse(done.stdout)["passed"], 1, done.stderr)

    def test_import_refuses_a_loop_that_is_none(self):
        peer = self.write("peer.json", json.dumps([{"n_prompt": 0, "n_gen": 1, "n_threads": 1, "model_size": 1, "avg_ts": 1,
                                                    "avg_ns": 1e9}]))  # fmt: skip
        loop = {"recipe": "all", "threads": 1, "depth": 4, "bytes_per_token": 1, "gb_per_s": 1,
                "tok_per_s": {"median": 1, "ci_low": 1, "ci_high": 1}}  # fmt: skip
        done = bitproof("import", peer, "--beside", self.write("loop.json", json.dumps(loop)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("decode, all", done.stdout)
        for key, value in (("tok_per_s", {}), ("tok_per_s", None), ("recipe", 1), ("threads", "2"), ("depth", None), ("gb_per_s", [])):
            other = self.write("loop.json", json.dumps({**loop, key: value}))
            self.assert_refused(bitproof("import", peer, "--beside", other), "loop.json", "--beside", key)
        batch = self.write("loop.json", json.dumps({**loop, "batch": 4}))
        self.assert_refused(bitproof("import", peer, "--beside", batch), "loop.json", "--beside", "batch of 4")


COMPARE = {"cases", "aa_false_alarms", "state", "kind", "partial", "failures"}
COMPARED = {"id", "verdict", "ratio", "ci_low", "ci_high", "control", "by_state", "samples", "stopped", "seed"}


class Compare(CommandLine):
    """No verdict of a comparison that measures is asserted: a busy machine may make any of them AMBIGUOUS."""

    def saved(self, name, ns, fingerprint="0123456789abcdef", variant="x/y"):
        result = {"id": variant, "case": "rows=4", "threads": 1, "temperature": "cold", "state": "one state",
                  "benchmark": "kernel", "skipped": False, "gb_per_s": None, "gop_per_s": None,
                  "median_ns": ns, "ci_low_ns": 0.99 * ns, "ci_high_ns": 1.01 * ns,
                  "samples": [ns, 1.01 * ns, 0.99 * ns, ns, ns], "n": 5}  # fmt: skip
        run = {"schema": "bitproof-run/1", "machine": {"fingerprint": fingerprint}, "bench": [result]}
        return self.write(name, json.dumps(run))

    def stub(self, script):
        path = self.write("bitproof-base", f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def test_two_variants(self):
        j = self.json_of("compare", "residual_add/scalar", "residual_add/autovec", "--case", "cols=64", "--hot",
                         "--budget", "1s", "--seed", 7, codes=MEASURED)  # fmt: skip
        self.assert_keys(COMPARE, j)
        [case] = j["cases"]
        self.assert_keys(COMPARED, case)
        self.assertEqual(case["id"], "residual_add/autovec/cols=64,batch=1,fill=random,seed=1/threads:1/hot")
        self.assertIn(case["verdict"], ("FASTER", "SLOWER", "SAME", "AMBIGUOUS"))
        self.assertEqual({s["seat"] for s in case["samples"]}, {"a", "b", "control"})
        for s in case["samples"]:
            self.assertGreater(s["median_ns"], 0)
            self.assert_keys({"before", "after", "load", "counters"}, s["state"])
        self.assertEqual((j["kind"], j["seed"], j["failures"]), ("variants", 7, []))

    def test_two_recipes_in_words(self):
        done = bitproof("compare", "loop/default", "loop/default", "--threads", 1, "--budget", "1s")
        self.assertIn(done.returncode, MEASURED, done.stderr)
        for word in ("loop/default/model=tiny,depth=16/threads:1", "A / A", "B / A", "interval", "seed"):
            self.assertIn(word, done.stdout)

    def test_two_builds(self):
        copy = self.folder / "bitproof"
        copy.symlink_to(BITPROOF)
        j = self.json_of("compare", copy, BITPROOF, "--of", "residual_add/scalar", "--case", "cols=64", "--hot",
                         "--budget", "1s", codes=MEASURED)  # fmt: skip
        self.assertEqual((j["kind"], j["cases"][0]["a"], j["failures"]), ("builds", str(copy), []))

    def test_a_base_that_crashes_is_said(self):
        crash = self.stub("kill -SEGV $$")
        done = bitproof("compare", crash, BITPROOF, "--of", "residual_add/scalar", "--case", "cols=64", "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        j = self.parse(done.stdout)
        self.assertIn("crashed", j["failures"][0])
        self.assertIn(str(crash), j["failures"][0])
        self.assertEqual(j["cases"][0]["verdict"], "AMBIGUOUS")

    def test_a_base_that_cannot_sample_is_bad_input(self):
        old = self.stub("echo \"bitproof: no command is named 'sample'\" >&2; exit 2")
        done = bitproof("compare", old, BITPROOF, "--of", "residual_add/scalar", "--case", "cols=64")
        self.assert_refused(done, str(old), "sample")

    def test_a_base_that_talks_nonsense(self):
        mad = self.stub("echo hello; sleep 5")
        done = bitproof("compare", mad, BITPROOF, "--of", "residual_add/scalar", "--case", "cols=64", "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("no JSON", self.parse(done.stdout)["failures"][0])

    def test_a_loop_of_two_builds_has_all_cores(self):
        crash = self.stub("kill -SEGV $$")
        for options, threads in (((), CORES), (("--threads", 1), 1)):
            j = self.json_of("compare", crash, BITPROOF, "--of", "loop/none", *options, codes=(1,))
            self.assertIn(f"threads:{threads}", j["cases"][0]["id"])

    def test_what_a_terminal_would_obey_is_not_printed(self):
        hostile = "x/\x1b[31m\x9b2Jy"
        a, b = self.saved("a.json", 100, variant=hostile), self.saved("b.json", 130, variant=hostile)
        db = self.folder / "runs.db"
        run = {**json.loads(a.read_text()), "partial": False, "started": "2026-01-01T00-00-00Z", "suite": "s", "failures": []}
        run["machine"].update(cpu_model="\x1b]0;cpu\x07", git_revision="\x1b[2J")
        bitproof("history", "--db", db, "--add", self.write("run.json", json.dumps(run)))
        for arguments in (("compare", a, b), ("history", "--db", db), ("history", "x/", "--db", db)):
            out = bitproof(*arguments).stdout
            self.assertIn("x/", out)
            self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f]", arguments)

    def test_two_saved_runs(self):
        a, slow, same = self.saved("a.json", 100), self.saved("b.json", 130), self.saved("c.json", 100)
        slower = self.json_of("compare", a, slow, codes=(1,))
        self.assertEqual((slower["cases"][0]["verdict"], slower["aa_false_alarms"]), ("SLOWER", None))
        self.assertEqual(self.json_of("compare", a, same)["cases"][0]["verdict"], "SAME")
        self.assertEqual(self.json_of("compare", slow, a)["cases"][0]["verdict"], "FASTER")
        self.assertIn("WEAKER", bitproof("compare", a, same).stdout)

    def test_saved_runs_of_two_machines(self):
        a, b = self.saved("a.json", 100), self.saved("b.json", 100, "f" * 16)
        self.assert_refused(bitproof("compare", a, b), "different machines", "--force")
        self.assertIn("DIFFERENT MACHINES", self.json_of("compare", a, b, "--force")["warning"])

    def test_a_sampler_ends_with_its_input(self):
        done = bitproof("sample", "residual_add/scalar", "--case", "cols=64", "--hot", stdin=None, input="warm\ntake\n")
        ready, plan, batch = map(json.loads, done.stdout.splitlines())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("residual_add/scalar", ready["name"])
        self.assertGreater(plan["call_ns"], 0)
        self.assertEqual(len(batch["ns"]), plan["chunks"])

    def test_bench_along_an_axis(self):
        results = self.json_of("bench", "--suite", "smoke", "--axis", "rows=8,16", "--axis", "cols=64",
                               *NO_CEILING, "--benchmark_repetitions=2", codes=MEASURED)["results"]  # fmt: skip
        self.assertEqual({r["case"].split(",")[0] for r in results if r["id"].startswith("ternary")}, {"rows=8", "rows=16"})
        for r in results:
            self.assertEqual(len(r["samples"]), len(r["sample_states"]))


class Baseline(CommandLine):
    """Whether this machine calls a build SLOWER than itself is not asserted: only what is said of it, and where."""

    BENCH = ("--suite", "smoke", "--filter", "ternary_matmul/scalar", "--budget", "1s", "--threads", 1, *NO_CEILING)

    def outputs(self):
        return self.folder / "answer.md", self.folder / "answer.xml"

    def check(self, base, *options):
        page, junit = self.outputs()
        done = bitproof("baseline", "check", base, *self.BENCH, "--markdown", page, "--junit", junit, *options)
        self.assertIn(done.returncode, MEASURED, done.stderr)
        self.assertEqual(page.read_text().startswith("### bitproof: failed"), done.returncode == 1)
        return done, page.read_text(), ElementTree.parse(junit).getroot()

    def test_against_a_binary(self):
        done, page, junit = self.check(BITPROOF)
        self.assertEqual(done.stdout, page)
        self.assertIn("ternary_matmul/scalar", page)
        self.assertTrue(junit.findall("./testsuite[@name='bitproof.baseline']/testcase"))

    def test_a_base_that_crashes_fails(self):
        crash = self.write("bitproof-base", "#!/bin/sh\nkill -SEGV $$\n")
        crash.chmod(0o755)
        done, page, junit = self.check(crash, "--json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED", page)
        self.assertTrue(junit.findall(".//error"))
        self.assertTrue(self.parse(done.stdout)["failed"])

    def test_against_a_saved_run(self):
        base = self.folder / "base.json"
        saved = self.json_of("baseline", "save", base, *self.BENCH, codes=MEASURED)
        self.assertGreater(saved["results"], 0)
        self.assertEqual(json.loads(base.read_text())["command"],
                         f"bitproof baseline save {base} --suite smoke --filter ternary_matmul/scalar --threads 1 "
                         "--ceiling-rounds 0 --budget 1s --seed 1 --json")  # fmt: skip
        done, page, _ = self.check(base)
        self.assertIn("No A/A control", page)
        run = json.loads(base.read_text())
        self.assertEqual(bitproof("report", base).returncode, 0)

        for result in run["bench"]:  # a base that was 4x as fast
            result["samples"] = [ns / 4 for ns in result["samples"]]
            for key in ("median_ns", "ci_low_ns", "ci_high_ns"):
                result[key] /= 4
        _, page, junit = self.check(self.write("fast.json", json.dumps(run)))
        self.assertRegex(page, r"\*\*(SLOWER|AMBIGUOUS)\*\*")  # the latter where the machine has moved meanwhile
        self.assertNotIn("**FASTER**", page)
        self.assertEqual(len(junit.findall("./testsuite[@name='bitproof.baseline']/testcase")), len(run["bench"]))

        run["machine"]["fingerprint"] = "f" * 16
        other = self.write("other.json", json.dumps(run))
        self.assert_refused(bitproof("baseline", "check", other, *self.BENCH), "other.json", "another machine", "f" * 16)
        cut = self.write("cut.json", base.read_text()[:500])
        self.assert_refused(bitproof("baseline", "check", cut, *self.BENCH), "cut.json", "cut off")


class BadInput(CommandLine):
    def test_the_line_names_the_place_and_the_fix(self):
        refused = (
            ((), "list, check"),
            (("chek",), "'chek'", "check"),
            (("list", "--by", "isa"), "--by", "technique"),
            (("list", "--jsn"), "--jsn", "list --help"),
            (("check", "ternary_matmul/scaler"), "ternary_matmul/scaler", "ternary_matmul/scalar"),
            (("check", "--suite", "smok"), "--suite", "'smok'", "smoke"),
            (("check", "--suite", "no/such.toml"), "no/such.toml"),
            (("check", "rope/scalar", "--case", "rows=0"), "--case", "rows"),
            (("check", "rope/scalar", "--case", "rows=x"), "--case", "'x'"),
            (("check", "rope/scalar", "--case", "raws=1"), "--case", "'raws'"),
            (("check", "rope/scalar", "--case", "rows"), "--case", "key=value"),
            (("check", "rop/scalar", "--case", "rows=1"), "'rop'"),
            (("check", "--case", CASE), "--case", "bitproof check"),
            (("check", "--random", "x"), "--random", "x"),
            (("check", "--random", "-1"), "--random", "-1"),
            (("bench", "--suite", "edges"), "edges", "[[benchmarks]]"),
            (("bench", "--suite", "smoke", "--threads", 0), "--threads"),
            (("bench", "nothing", "--suite", "smoke"), "'nothing'"),
            (("bench", "--suite", "smoke", "--benchmark_no=1"), "--benchmark_no"),
            (("list", "--benchmark_repetitions=1"), "--benchmark_repetitions", "bitproof bench"),
            (("loop", "--recipe", "simt"), "--recipe", "'simt'", "simd"),
            (("loop", "--slot", "rope"), "--slot", "op=variant"),
            (("loop", "--slot", "rop=scalar"), "--slot", "'rop'", "rope"),
            (("loop", "--slot", "rope=scaler"), "--slot", "rope/scaler", "rope/scalar"),
            (("loop", "--tokens", 0), "--tokens", "1"),
            (("loop", "--depth", -1), "--depth"),
            (("loop", "--samples", 0), "--samples"),
            (("loop", "--threads", 0), "--threads"),
            (("loop", "--threads", 999), "--threads"),
            (("loop", "--threads", CORES + 1), f"--threads {CORES + 1}", "--oversubscribe"),
            (("loop", "--layers", 99), "--layers 99", "32"),
            (("loop", "--depth", 2040, "--tokens", 9), "--depth 2040", "--tokens 9", "2048"),
            (("loop", "--prefill", 2049), "--prefill 2049", "2048"),
            (("loop", "--batch", 0), "--batch", "1"),
            (("loop", "--batch", 2, "--prompt-ids", "1,2"), "--batch 2", "leave out --prompt-ids"),
            (("loop", "--batch", 2, "--prompt", "Once"), "--batch 2", "leave out --prompt"),
            (("loop", "--batch", 2, "--by-depth"), "--batch 2", "leave out --by-depth"),
            (("loop", "--batch", 2, "--prefill", 8), "--batch 2", "leave out --prefill"),
            (("loop", "--model", "tiny", "--recipe", "kv_cache", "--batch", 999999, "--depth", 200), "--batch 999999", "a smaller --batch"),
            (("loop", "--model", "8b"), "--model", "'8b'", "7b"),
            (("attribute", "--budget", "5 parsecs"), "--budget", "5m"),
            (("attribute", "--budget", "-5m"), "--budget"),
            (("attribute", "--rounds", 0), "--rounds"),
            (("attribute", "--depth", 2048), "--depth 2048", "2048"),
            (("attribute", "--depths", "4,x"), "--depths", "'4,x'"),
            (("attribute", "--depths", "4,2048"), "--depth 2048", "2048"),
            *((("attribute", "--depths", "4", *option), "--depths", option[0]) for option in (
                ("--cells", "all"), ("--depth", 4), ("--budget", "1m"), ("--predict",),
                ("--lattice", "x.toml"))),
            (("attribute", "--lattice", "no/such.toml"), "no/such.toml"),
            (("whatif",), "--op"),
            (("whatif", "--op", "atention"), "--op", "'atention'", "attention"),
            (("whatif", "--op", "attention", "--faster", "2 times"), "--faster", "2x"),
            (("run", "--suite", "smok"), "--suite", "smoke"),
            (("audit",), "claims"),
            (("audit", "no/such.toml"), "no/such.toml"),
            (("audit", SOURCE / "suites/smoke.toml"), "smoke.toml", "unknown key"),
            (("audit", SOURCE / "suites/claims/phase2_results.toml", "--machines", "no/such.toml"), "no/such.toml"),
            (("audit", *[SOURCE / "suites/claims/phase2_results.toml"] * 2), "a second file"),
            (("bench", "--suite", "smoke", "--axis", "height=1"), "--axis", "height", "rows"),
            (("bench", "--suite", "smoke", "--width", 0), "--width"),
            (("bench", "--suite", "smoke", "--budget", "1 day"), "--budget", "5m"),
            (("compare", "rope/scalar"), "b is required"),
            (("compare", "rope/scaler", "rope/scalar", "--case", "rows=1"), "rope/scaler", "rope/scalar"),
            (("compare", "rope/scalar", "rms_norm/scalar"), "do not compute the same"),
            (("compare", "rope/scalar", "loop/default"), "do not compute the same"),
            (("compare", "rope/scalar", "rope/scalar", "--case", "raws=1"), "--case", "'raws'"),
            (("compare", "memory/pool", "memory/pool", "--case", "rows=1"), "memory/pool", "loop"),
            (("compare", "loop/bset", "loop/default"), "'bset'"),
            (("compare", "loop/default", "loop/default", "--model", "8b"), "'8b'"),
            (("compare", "loop/default", "loop/default", "--budget", "5"), "--budget"),
            (("compare", "a.json", "rope/scalar"), "not of one kind"),
            (("compare", "no/a.json", "no/b.json"), "no/a.json"),
            (("sample", "rope/scalar", "--case", "rows=x"), "--case", "'x'"),
            (("report", "no/such.json"), "no/such.json"),
            (("report", SOURCE / "LICENSE"), "LICENSE", "JSON"),
            (("report", SOURCE / "CMakePresets.json"), "CMakePresets.json", "schema"),
            (("report",), "run"),
            (("history", "--db", "no/such.db"), "no/such.db", "--add"),
            (("history", "--db", SOURCE / "LICENSE"), "LICENSE", "not an SQLite file"),
            (("history", "x", "--add", "y"), "CASE", "--add"),
            (("history", "--db", "/dev/null/x.db", "--add", "no.json"), "/dev/null/x.db", "--db"),
            (("baseline", "chek", "x"), "action", "check"),
            (("baseline", "check", "no/such.json"), "no/such.json"),
            (("baseline", "check", "no/such/bitproof"), "no/such/bitproof", "baseline save"),
            (("baseline", "check", "x", "--ambiguous", "maybe"), "--ambiguous", "warn"),
            (("baseline", "check", "x", "--width", 0), "--width"),
            (("baseline", "save", "x.json", "--suite", "edges"), "edges", "[[benchmarks]]"),
            (("replay", "replay x"), "replay"),
            (("replay", "bitproof check 'rope/scalar"), "quote"),
        )
        for arguments, *words in refused:
            with self.subTest(arguments=arguments):
                self.assert_refused(bitproof(*arguments, cwd=self.folder), *words)
                self.assertEqual(files_in(self.folder), [])

    def test_a_suite_is_refused_by_file_and_line(self):
        case = '[[cases]]\nop = "rms_norm"\ncols = 3\n'
        for text, where in (
            (case + "raws = 2\n", ":4:"),
            (case + '[[cases]]\nop = "rmsnorm"\n', ":5:"),
            (case + "batch = [1, \n", ":"),
            ("cases = 1\n", ":1:"),
            ("", ""),
        ):
            with self.subTest(text=text):
                path = self.write("mine.toml", text)
                self.assert_refused(bitproof("check", "--suite", path), f"{path}{where}")
                self.assert_refused(bitproof("bench", "--suite", path), f"{path}{where}")

    def test_a_check_of_no_case_fails(self):
        done = bitproof("check", "rope/scalar", "--suite", self.write("norm.toml", '[[cases]]\nop = "rms_norm"\n'))
        self.assertEqual(done.returncode, 1)
        self.assertIn("no case ran", done.stderr)

    def test_too_little_memory(self):
        limit = limited(resource.RLIMIT_AS, 1_300_000_000)
        if bitproof("list", limit=limit).returncode != 0:
            self.skipTest("this build (sanitizers) needs more address space than the limit leaves")
        self.assert_refused(bitproof("loop", "--recipe", "simd", limit=limit), "memory", "--model")

    def test_an_unwritable_folder(self):
        file = self.write("file", "")
        self.assert_refused(bitproof("run", "--suite", "smoke", "--out", file / "out"), str(file), "name another place")
        self.assertEqual(files_in(self.folder), ["file"])

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            done = bitproof("list", capture_output=False, stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output", done.stderr)


class FullDisk(CommandLine):
    LEFT = 20_000  # bytes: less than a finished run.json

    @contextlib.contextmanager
    def small_disk(self):
        """A folder on a file system of 8 MiB, and a function that leaves little space there and gives a limit for the
        child; where nothing can be mounted, the limit is one on the size of files."""
        mount = self.folder / "disk"
        mount.mkdir()
        mounted = shutil.which("mount") and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "none", mount], capture_output=True
        )
        if not mounted or mounted.returncode != 0:
            yield mount, lambda: limited(resource.RLIMIT_FSIZE, self.LEFT)
            return

        def fill():
            space = os.statvfs(mount)
            (mount / "filler").write_bytes(bytes(space.f_bavail * space.f_bsize - self.LEFT))

        try:
            yield mount, fill
        finally:
            subprocess.run(["umount", mount], check=True)

    def test_the_last_complete_run_is_kept(self):
        with self.small_disk() as (disk, fill):
            run = ("run", "--suite", "smoke", "--out", disk / "out")
            kept = Path(self.parse(smoke_run())["run_json"])
            first = Path(shutil.copytree(kept.parent, disk / "out" / kept.parent.name)) / kept.name
            complete = first.read_bytes()
            self.assertGreater(len(complete), self.LEFT)

            self.assert_refused(bitproof(*run, limit=fill()), str(disk / "out"), "name another place", lines_before=True)
            self.assertEqual(first.read_bytes(), complete)
            for name in files_in(disk / "out"):
                self.assertIn(Path(name).name, ("run.json", "report.md", "report.html"))
            for path in (disk / "out").glob("*/run.json"):
                self.assertEqual(json.loads(path.read_text())["partial"], path != first)


class Interrupts(CommandLine):
    def interrupt(self, child):
        child.send_signal(signal.SIGINT)
        stdout, stderr = child.communicate(timeout=900)
        self.assertEqual(child.returncode, 130, stderr)
        return stdout

    def test_run_keeps_what_it_has_as_partial(self):
        out = self.folder / "out"
        child = self.start("run", "--suite", "smoke", "--out", out, "--json")
        self.wait_for(child, lambda: list(out.glob("*/report.md")))
        j = self.parse(self.interrupt(child))
        self.assertIs(self.parse(Path(j["run_json"]).read_text())["partial"], True)
        self.assertIn("Partial", Path(j["report"]).read_text())

    def test_loop_keeps_its_samples(self):
        child = self.start(*LOOP_TINY[:-1], 1_000_000, "--json")
        while "decoding" not in (line := child.stderr.readline()):
            self.assertTrue(line, "ended too early")
        j = self.parse(self.interrupt(child))
        self.assertIs(j["partial"], True)
        self.assertGreater(j["tok_per_s"]["n"], 0)

    def test_early_interrupts(self):
        for arguments in (("attribute", "--model", "tiny"), ("bench", "--suite", "smoke"), ("check",), LOOP_TINY):
            with self.subTest(arguments=arguments):
                self.interrupt(self.start(*arguments, "--json"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
