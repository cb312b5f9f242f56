"""The statistics and the table of tools/proofs/comparison, on made-up trials. usage: proof_test.py SOURCE_DIR"""

import importlib.machinery
import importlib.util
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(sys.argv.pop(1)).resolve() / "tools/proofs/comparison"
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("comparison", str(SCRIPT))
proof = importlib.util.module_from_spec(importlib.util.spec_from_loader("comparison", loader))
loader.exec_module(proof)


def trial(effect, verdict, a, b):
    return {"subject": "gemv", "effect": effect, "verdict": verdict, "a": a, "b": b, "control": a,
            "control_verdict": "SAME", "seconds": 30}  # fmt: skip


class MannWhitney(unittest.TestCase):
    def test_exact(self):
        # Complete separation of n and n: 2 / C(2n, n).
        self.assertAlmostEqual(proof.mann_whitney_p_here([1, 2, 3], [4, 5, 6]), 2 / 20)
        self.assertAlmostEqual(proof.mann_whitney_p_here([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), 2 / 252)
        self.assertAlmostEqual(proof.mann_whitney_p_here([1, 4, 5], [2, 3, 6]), 1.0)  # U in the middle
        # The example in SciPy's documentation of mannwhitneyu, by both methods.
        males, females = [19, 22, 16, 29, 24], [20, 11, 17, 12]
        self.assertAlmostEqual(proof.mann_whitney_p_here(males, females), 0.11111111111111, places=12)
        self.assertAlmostEqual(proof.mann_whitney_p_here(males, females, 0), 0.11134688653314041, places=12)

    def test_normal(self):
        x = list(range(20))
        self.assertEqual(proof.mann_whitney_p_here(x, x), 1.0)
        self.assertLess(proof.mann_whitney_p_here(x, [v + 15 for v in x]), 1e-4)
        self.assertEqual(proof.mann_whitney_p_here([1] * 10, [1] * 10), 1.0)

    def test_rate_of_false_alarms(self):
        rng = random.Random(1)
        alarms = sum(
            proof.mann_whitney_p_here([rng.gauss(0, 1) for _ in range(20)], [rng.gauss(0, 1) for _ in range(20)]) < 0.05
            for _ in range(1000)
        )
        self.assertTrue(30 <= alarms <= 70, alarms)

    def test_direction(self):
        a, b = list(range(20)), [v + 100 for v in range(20)]
        self.assertEqual(proof.google_verdict(a, b), "SLOWER")
        self.assertEqual(proof.google_verdict(b, a), "FASTER")
        self.assertEqual(proof.google_verdict(a, a), "SAME")


class Table(unittest.TestCase):
    def test_upper_bound(self):
        self.assertAlmostEqual(proof.upper_bound(0, 300), 1 - 0.05 ** (1 / 300), places=6)
        self.assertAlmostEqual(proof.upper_bound(3, 100), 0.0757, places=3)
        self.assertEqual(proof.upper_bound(5, 5), 1.0)

    def test_counts(self):
        x = list(range(20))
        trials = [trial(0, "SAME", x, x), trial(0, "AMBIGUOUS", x, x), trial(5, "SLOWER", x, [v + 50 for v in x])]
        lines = proof.table(trials).splitlines()
        self.assertEqual(len(lines), 2 + 2 + 1)
        self.assertIn("| gemv | none | 2 | 0 | 0 | 1 | 1 | 0 wrong", lines[2])
        self.assertIn("| gemv | 5 % | 1 | 0 | 1 | 0 | 0 | 100 % found | 0 | 1 | 0 | 100 % found | 30 / 30 |", lines[3])
        self.assertTrue(all(proof.met(trials, e, ["gemv"]) for e in (0, 5)))

    def test_a_claim_that_is_not_met(self):
        x = list(range(20))
        self.assertFalse(proof.met([trial(0, "SLOWER", x, x)], 0, ["gemv"]))
        self.assertFalse(proof.met([trial(5, "SLOWER", x, x)] * 96 + [trial(5, "SAME", x, x)] * 4, 5, ["gemv"]))
        self.assertTrue(proof.met([trial(3, "SLOWER", x, x)] * 80 + [trial(3, "SAME", x, x)] * 20, 3, ["gemv"]))
        self.assertFalse(proof.met([trial(3, "FASTER", x, x)], 3, ["gemv"]))

    def test_what_was_not_tried_is_not_met(self):
        trials = [trial(0, "SAME", [1], [1])]
        self.assertTrue(proof.met(trials, 0, ["gemv"]))
        self.assertFalse(proof.met(trials, 0, ["gemv", "loop"]))
        self.assertFalse(proof.met(trials, 5, ["gemv"]))
        self.assertFalse(proof.met([], 0, ["gemv"]))

    def test_the_plan_is_the_same_each_time(self):
        wanted = proof.plan(["gemv", "loop"], 300, 100)
        self.assertEqual(len(wanted), 300 + 4 * 100)
        self.assertEqual(len(set(wanted)), len(wanted))
        self.assertEqual(wanted, proof.plan(["gemv", "loop"], 300, 100))


class Script(unittest.TestCase):
    """The script as a whole, with a binary that answers at once."""

    BINARY = """#!/bin/sh
case $1 in
machine) echo '{"fingerprint": "f00d"}' ;;
list) echo '{"variants": [{"id": "ternary_matmul/scalar", "runnable": true}]}' ;;
compare) echo '{"failures": [], "cases": [{"verdict": "SAME", "ratio": 1, "ci_low": 1, "ci_high": 1, "state": "A", "stopped": "",
  "seconds": 1, "samples_taken": 0, "samples_set_aside": 0, "control": {"verdict": "SAME"}, "samples": [
  {"seat": "a", "median_ns": 1}, {"seat": "b", "median_ns": 1}, {"seat": "control", "median_ns": 1}]}]}' ;;
esac
"""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-proof-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.binary = self.folder / "bitproof"
        self.binary.write_text(self.BINARY)
        self.binary.chmod(0o755)
        self.out = self.folder / "trials.jsonl"

    def call(self, *options):
        return subprocess.run([sys.executable, "-B", SCRIPT, "--binary", self.binary, "--out", self.out, *options],
                              capture_output=True, text=True)  # fmt: skip

    def test_goes_on_only_with_trials_of_its_own_conditions(self):
        self.assertEqual(self.call("--aa", "2", "--trials", "0").returncode, 0)
        self.assertEqual(len(self.out.read_text().splitlines()), 2)
        again = self.call("--aa", "4", "--trials", "0")
        self.assertEqual((again.returncode, len(self.out.read_text().splitlines())), (0, 4), again.stderr)
        kept = self.out.read_text()
        self.assertIn("of another budget (60s, here 5s)", self.call("--aa", "2", "--trials", "0", "--budget", "5s").stderr)
        self.binary.write_text(self.BINARY.replace("f00d", "beef"))
        other = self.call("--aa", "2", "--trials", "0")
        self.assertEqual((other.returncode, self.out.read_text()), (2, kept))
        self.assertIn("trials.jsonl:1: of another machine (f00d, here beef)", other.stderr)
        self.binary.write_text(self.BINARY + "# later\n")
        self.assertIn("of another build", self.call("--aa", "2", "--trials", "0").stderr)
        self.binary.write_text(self.BINARY)
        self.out.write_text(kept.replace('"machine": "f00d", ', ""))
        self.assertIn("of another machine (None", self.call("--aa", "2", "--trials", "0").stderr)

    def test_nothing_is_no_proof(self):
        for options in (("--aa", "1"), ("--aa", "0", "--trials", "0"), ("--aa", "-1")):
            done = self.call(*options)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)


if __name__ == "__main__":
    unittest.main()
