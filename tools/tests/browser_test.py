"""The pages of a smoke run in headless Chromium, with hostile names and without charts. usage: browser_test.py SOURCE_DIR BITPROOF

Needs node, Chromium and reports/charts/node_modules, which tools/setup ci installs; exit 77 without them.
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
MODULES = SOURCE / "reports/charts/node_modules"
SMOKE = BITPROOF.parent / "smoke"  # left there by report_test.py
NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium")
HOSTILE = "x/<img src=x onerror='window.injected=1'></script><script>window.injected=1</script>\x1b[31m|`**y**`"


def bitproof(*arguments, codes=(0,), **options):
    done = subprocess.run([BITPROOF, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, **options)
    assert done.returncode in codes, done.stderr
    return done.stdout


class Pages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-browser-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        cls.run_json, cls.page = SMOKE / "run.json", SMOKE / "report.html"
        if not cls.page.is_file():
            run = json.loads(bitproof("run", "--suite", "smoke", "--out", "out", "--json", cwd=cls.folder, codes=(0, 1)))
            cls.run_json, cls.page = cls.folder / run["run_json"], cls.folder / run["html"]

    def report(self, *arguments, **options):
        return bitproof("report", *arguments, **options)

    def browse(self, *pages):
        command = [NODE, Path(__file__).with_name("browser.cjs"), MODULES, CHROMIUM, *pages]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def changed(self, name, change):
        run = json.loads(self.run_json.read_text())
        change(run)
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(run))
        return path

    @staticmethod
    def poison(run):
        run["bench"][0].update(id=HOSTILE, benchmark=HOSTILE, case=HOSTILE)
        run["machine"]["cpu_model"] = HOSTILE
        run["failures"] = [HOSTILE]
        run["check"]["passed_by_variant"][HOSTILE] = 1
        run["check"]["failures"] = [{"id": HOSTILE, "verdict": HOSTILE, "reason": HOSTILE, "repro": HOSTILE}]
        run["attribution"]["techniques"][0]["evidence"] = HOSTILE

    def test_hostile_names_in_other_formats(self):
        evil = self.changed("evil", self.poison)
        for form in ("md", "csv", "junit"):
            self.assertNotIn("\x1b", self.report(evil, "--format", form), form)
        page = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", self.report(evil, "--format", "md"))  # code is shown as it is
        self.assertIn("onerror", page)
        self.assertNotIn("<img", re.sub(r"\\<", "", page))
        ElementTree.fromstring(self.report(evil, "--format", "junit"))

    def companions(self):
        """What other commands print of the same model and machine, for the full report."""
        for name, codes, *command in (
            ("lattice", (0, 1), "attribute", "--model", "tiny", "--depth", 3, "--rounds", 2, "--ceiling-rounds", 0),
            ("depths", (0, 1), "attribute", "--model", "tiny", "--depths", "4,16,64", "--rounds", 2, "--ceiling-rounds", 0),
            ("selftest", (0,), "selftest", "ternary_matmul/zeros"),
        ):
            path = self.folder / f"{name}.json"
            path.write_text(bitproof(*command, "--json", codes=codes, cwd=self.folder))
            yield path

    def test_pages(self):
        later = self.changed("later", lambda run: run.update(started="2099-01-01T00-00-00Z"))
        evil = self.changed("evil", self.poison)
        bare, compared, trend, hostile = (self.folder / f"{n}.html" for n in ("bare", "compared", "trend", "hostile"))
        self.report(self.run_json, "--format", "html", "-o", bare, env={**os.environ, "BITPROOF_CHARTS": "/nowhere"})
        self.report(self.run_json, later, "--compare", "--format", "html", "-o", compared)
        self.report(self.run_json, later, "--format", "html", "-o", trend)
        self.report(evil, "--format", "html", "-o", hostile)
        whole = self.folder / "whole.html"
        self.report(self.run_json, *self.companions(), "--format", "html", "-o", whole)
        audited = self.folder / "audit.html"
        claims = self.folder / "claims.json"
        claims.write_text(bitproof("audit", *sorted((SOURCE / "suites/claims").glob("*.toml")), "--json", codes=(0, 1)))
        self.report(claims, "--format", "html", "-o", audited)
        for found in self.browse(self.page, whole, bare, compared, trend, hostile, audited):
            with self.subTest(page=found["page"], view=found["view"]):
                self.assertNotIn('<th scope="col" class="number">', Path(found["page"]).read_text(), "numbers without a source")
                self.assertEqual((found["errors"], found["requests"], found["strangers"], found["injected"]), ([], [], 0, False))
                self.assertLessEqual(found["overflow"], 0, "wider than the screen")
                self.assertGreater(found["tables"], 0)
                if found["page"] != str(audited):  # tables alone
                    self.assertGreater(found["charts"], 0)
                self.assertEqual((found["drawn"], found["empty"]), (found["charts"] if found["library"] else 0, 0))
                self.assertEqual(found["notes"], 0 if found["library"] else found["charts"])
                self.assertEqual(found["library"], found["page"] != str(bare))
                if "keyboard" in found:
                    self.assertEqual(found["keyboard"]["reached"], found["keyboard"]["wanted"])
                    if found["page"] == str(self.page):
                        self.assertEqual(found["keyboard"]["copied"], "copied")


if __name__ == "__main__":
    wanted = {"node": NODE, "chromium": CHROMIUM, "playwright-core": (MODULES / "playwright-core").is_dir()}
    missing = [name for name, there in wanted.items() if not there]
    if missing:
        print(f"not installed: {', '.join(missing)}; run tools/setup ci")
        sys.exit(77)
    unittest.main(verbosity=2)
