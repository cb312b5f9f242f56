"""One smoke run, told by every report; the schema of runs; the examples of every --help, and what else helps at a prompt.
usage: report_test.py SOURCE_DIR BITPROOF
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SOURCE, BITPROOF = (Path(a).resolve() for a in (sys.argv.pop(1), sys.argv.pop(1)))
MEASURED = (0, 1)
LLAMA_BENCH = {"build_commit": "abc", "cpu_info": "a CPU", "model_filename": "m.gguf", "model_type": "bitnet",
               "model_size": 1000, "n_threads": 1, "n_prompt": 0, "n_gen": 4, "avg_ns": 4e9, "avg_ts": 1.0,
               "samples_ts": [1.0, 1.0], "test_time": ""}  # fmt: skip
VALIDATE = """
import json, sys, jsonschema
schema, beside, *runs = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(schema)
resolver = jsonschema.RefResolver("file:///", schema, store=beside)
validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
print(json.dumps([[e.message for e in validator.iter_errors(run)] for run in runs]))
"""


def bitproof(*arguments, **options):
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 900, **options}
    return subprocess.run([BITPROOF, *map(str, arguments)], **options)


class Reports(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-report-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        done = bitproof("run", "--suite", "smoke", "--out", "out", "--json", cwd=cls.folder)
        assert done.returncode in MEASURED, done.stderr
        cls.files = {key: cls.folder / path for key, path in json.loads(done.stdout).items() if key != "failed"}
        cls.text = cls.files["run_json"].read_text()
        shutil.copytree(cls.files["run_json"].parent, BITPROOF.parent / "smoke", dirs_exist_ok=True)  # for browser_test.py

    def report(self, *arguments):
        done = bitproof("report", *arguments, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    # schema

    def violations(self, *runs, schema=None):
        """Of each run, or of what else the schema is of, what it does not allow."""
        pythons = ("/usr/bin/python3", sys.executable)  # Debian's has Debian's packages
        able = (p for p in pythons if subprocess.run([p, "-c", "import jsonschema"], capture_output=True).returncode == 0)
        python = next(able, None)
        if not python:
            self.skipTest("python3-jsonschema is not installed: run tools/setup ci")
        of_runs = json.loads((SOURCE / "reports/run.schema.json").read_text())
        given = json.dumps([schema or of_runs, {"file:///run.schema.json": of_runs}, *runs])
        done = subprocess.run([python, "-W", "ignore", "-c", VALIDATE], input=given, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_run_json_is_what_its_schema_says(self):
        def spoiled(change):
            other = json.loads(self.text)
            change(other)
            return other

        run = json.loads(self.text)
        golden = json.loads((SOURCE / "reports/tests/golden/run.json").read_text())
        faults = {
            "'schema' is a required property": lambda r: r.pop("schema"),
            "'bitproof-run/1' was expected": lambda r: r.update(schema="bitproof-run/2"),
            "'median_ns' is a required property": lambda r: r["bench"][0].pop("median_ns"),
            "-1 is less than": lambda r: r["bench"][0].update(median_ns=-1),
            "'median_ns_why' is a required property": lambda r: r["bench"][0].update(median_ns=None),
            "'witnesses' is a required property": lambda r: r["arms"][0].pop("witnesses"),
        }
        clean, saved, *found = self.violations(run, golden, *map(spoiled, faults.values()))
        self.assertEqual((clean, saved), ([], []))
        for expected, messages in zip(faults, found):
            self.assertIn(expected, " ".join(messages))
        schema = json.loads((SOURCE / "reports/run.schema.json").read_text())
        self.assertEqual(schema["title"], run["schema"])
        self.assertLessEqual(run.keys(), schema["properties"].keys())

    def test_what_is_printed_is_what_its_schema_says(self):
        schema = json.loads((SOURCE / "reports/printed.schema.json").read_text())
        claims = sorted((SOURCE / "suites/claims").glob("*.toml"))
        lattice = Path(__file__).with_name("two_factors.toml")
        attribute = ("attribute", "--model", "tiny", "--rounds", 1, "--ceiling-rounds", 0, "--depth", 3, "--lattice", lattice)
        loop = ("loop", "--model", "tiny", "--tokens", 2, "--samples", 2, "--ceiling-rounds", 0)
        printed = {  # by definition of the schema: commands, and what is wrong once a key is gone
            "attribute": ((attribute, (*attribute, "--cells", "all")), "techniques"),
            "attribute_depths": ((("attribute", "--model", "tiny", "--depths", "4,16", "--rounds", 1, "--ceiling-rounds", 0),), "depth_axis"),
            "selftest": ((("selftest", "ternary_matmul/zeros"),), "killed"),
            "compare": ((("report", "--compare", self.files["run_json"], self.files["run_json"], "--format"),), "cases"),
            "audit": ((("audit", *claims),), "claims"),
            "check": ((("check", "rms_norm/", "--suite", "smoke"),), "random_seed"),
            "bench": ((("bench", "memory/pool", "--suite", "smoke", "--budget", "0.1s", "--ceiling-rounds", 0),), "results"),
            "loop": (((*loop, "--recipe", "kv_cache", "--prefill", 8, "--by-depth", "--depth", 66), (*loop, "--recipe", "none", "--prefill", 8)), "whole_model"),
            "whatif": ((("whatif", "--model", "tiny", "--op", "ternary_matmul", "--rounds", 2, "--ceiling-rounds", 0),), "validation"),
            "history_add": ((("history", "--db", "runs.db", "--add", self.files["run_json"]),), "already_saved"),
            "history": ((("history", "--db", "runs.db"),), "cases"),
            "list": ((("list",),), "variants"),
            "doctor": ((("doctor",),), "checks"),
        }
        parts = {"count", "positive", "positive_or_null", "texts", "fingerprint", "provenance", "effect", "contrast", "technique",
                 "cell", "depth_axis", "verdict"}  # fmt: skip
        self.assertEqual(printed.keys(), schema["$defs"].keys() - parts)
        for name, (commands, key) in printed.items():
            for command in commands:
                done = bitproof(*command, "json" if name == "compare" else "--json", cwd=self.folder)
                self.assertIn(done.returncode, MEASURED, done.stderr)
                whole = json.loads(done.stdout)
                lacking = {k: v for k, v in whole.items() if k != key}
                of = {**schema, "$ref": f"#/$defs/{name}"}
                clean, found = self.violations(whole, lacking, schema=of)
                self.assertEqual(clean, [], name)
                self.assertIn(f"'{key}' is a required property", " ".join(found), name)

    def assert_shown(self, heading, rows_at_least, example):
        """Every table row and the total of that section of the README stand in the example."""
        readme = (SOURCE / "README.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
        cells = lambda row: [cell.strip() for cell in row.strip("|").split("|")]  # noqa: E731
        known = [set(cells(row)) for row in example.splitlines() if row.startswith("|")]
        rows = [row for row in readme.splitlines() if row.startswith("|") and not row.startswith(("|-", "| budget", "| 30m", "| less"))]
        self.assertGreater(len(rows), rows_at_least)
        for row in rows:
            self.assertTrue(any(set(cells(row)) <= of for of in known), row)
        [total] = re.findall(r"^All over none: .*$", readme, re.MULTILINE)
        self.assertIn(total, example)

    def test_the_readme_shows_the_examples(self):
        self.assert_shown("What a run says", 15, (SOURCE / "reports/examples/report.md").read_text())

    # several runs

    def test_several_runs(self):
        run, text = self.files["run_json"], self.text
        names = {json.loads(line)["name"] for line in self.report(run, "--format", "jsonl").splitlines()}
        later = self.folder / "again.json"
        later.write_text(json.dumps({**json.loads(text), "started": "2098-01-01T00-00-00Z"}))
        trend = json.loads(self.report(run, later, "--format", "json"))
        self.assertEqual({c["name"] for c in trend["cases"]}, names)
        self.assertEqual({len(s["points"]) for c in trend["cases"] for s in c["series"]}, {2})
        saved = self.folder / "trend.json"
        saved.write_text(json.dumps(trend))
        self.assertEqual(self.report(saved, "--format", "md"), self.report(run, later, "--format", "md"))
        rows = self.report(run, later, "--format", "csv").splitlines()
        self.assertEqual(len(rows), 2 * len(names) + 1)
        junit = ElementTree.fromstring(self.report(run, later, "--format", "junit"))
        self.assertEqual(len(junit.findall(".//testcase")), 2 * len(ElementTree.fromstring(self.report(run, "--format", "junit")).findall(".//testcase")))
        self.assertEqual(bitproof("report", run, later, "--format", "bmf").returncode, 2)

        audit = self.folder / "audit.json"
        audit.write_text(bitproof("audit", *sorted((SOURCE / "suites/claims").glob("*.toml")), "--json").stdout)
        self.assertIn("IMPOSSIBLE", self.report(audit, "--format", "html"))

        compared = json.loads(self.report(run, later, "--compare", "--format", "json"))
        self.assertTrue(compared["cases"])
        self.assertNotIn("SLOWER", {c["verdict"] for c in compared["cases"]})
        for form in ("md", "junit", "csv"):
            self.assertIn(compared["cases"][0]["id"], self.report(run, later, "--compare", "--format", form), form)
        self.assertIn("two runs", bitproof("report", run, "--compare").stderr)

    # command line

    def commands(self):
        """Each command and the examples of its help."""
        words = re.findall(r"^  ([a-z]+) ", bitproof("--help").stdout.split("Subcommands:")[1], re.MULTILINE)
        return {w: re.findall(r"^  (?:\$ )?(\S.*)$", bitproof(w, "--help").stdout.partition("Examples:\n")[2], re.MULTILINE) for w in words}

    def test_the_examples_of_every_help_run(self):
        binary = self.folder / "bin"
        binary.mkdir()
        (binary / "bitproof").symlink_to(BITPROOF)
        (self.folder / "suites").symlink_to(SOURCE / "suites")  # as they are written for the top of the repository
        (self.folder / "llama-bench.json").write_text(json.dumps([LLAMA_BENCH]))
        environment = {**os.environ, "PATH": f"{binary}:{os.environ['PATH']}"}
        for command, examples in self.commands().items():
            self.assertTrue(examples, f"{command} --help has no example")
            for line in examples:
                if command in ("run", "attribute"):
                    continue  # the one is what made this folder; the other is half a minute, and cli_test.py runs its words
                with self.subTest(example=line):
                    done = subprocess.run(["bash", "-c", line], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
                    self.assertIn(done.returncode, MEASURED, done.stderr)

    def test_the_manual_knows_every_command(self):
        page = bitproof("man").stdout
        for command, examples in self.commands().items():
            self.assertIn(f".SS {command}\n", page)
            for line in examples:
                self.assertIn(line.replace("-", "\\-"), page)
        if shutil.which("man"):
            source = self.folder / "bitproof.1"
            source.write_text(page)
            done = subprocess.run(["man", "--warnings", "-l", source], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def complete(self, *words):
        script = 'source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bitproof; printf "%s\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, BITPROOF, "bitproof", *words], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(self.complete("attr"), ["attribute"])
        self.assertEqual(self.complete("run", "--su"), ["--suite"])
        self.assertEqual(self.complete("run", "--suite", "s"), ["smoke"])
        self.assertEqual(self.complete("check", "rope/scal"), ["rope/scalar"])
        self.assertEqual(set(self.complete("")), set(self.commands()))

    def test_quiet_and_colour(self):
        self.assertEqual(bitproof("check", "rms_norm/", "--suite", "smoke", "--quiet").stderr, "")
        self.assertNotEqual(bitproof("check", "rms_norm/", "--suite", "smoke").stderr, "")
        terminal = shutil.which("script")
        if not terminal:
            self.skipTest("no terminal to pretend: script is not installed")
        seen = {}
        for name, change in (("colour", {}), ("none", {"NO_COLOR": "1"}), ("dumb", {"TERM": "dumb"})):
            environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | change
            done = subprocess.run([terminal, "-qec", f"{BITPROOF} doctor -q", "/dev/null"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
            seen[name] = "\x1b[" in done.stdout
        self.assertEqual(seen, {"colour": True, "none": False, "dumb": False})
        self.assertNotIn("\x1b", bitproof("doctor").stdout)

    def test_doctor(self):
        done = bitproof("doctor", "--json")
        found = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if found["fit"] else 1)
        self.assertEqual({c["what"] for c in found["checks"]},
                         {"governor", "huge pages", "SMT", "foreign load", "steal", "placement", "clock", "memory", "counters"})  # fmt: skip
        for c in found["checks"]:
            self.assertTrue(c["found"], c)

    def test_a_mistyped_option_is_guessed(self):
        for arguments, guess in ((("run", "--suit", "smoke"), "--suite"), (("check", "--sede", "1"), "--seed"), (("list", "--jsn"), "--json")):
            self.assertIn(f"did you mean {guess}?", bitproof(*arguments).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
