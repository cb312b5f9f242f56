"""CONTRIBUTING.md says that a variant is one file. This builds the file it shows, in a copy of the source tree.

usage: contributing_example.py SOURCE_DIR BUILD_DIR

Only what sees the file is built, itself and the table of all variants; the rest of bitproof is linked from BUILD_DIR.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BUILD = (Path(sys.argv.pop(1)).resolve() for _ in range(2))
KERNELS = "kernels/libbitproof_kernels.a"
GUIDE = (SOURCE / "CONTRIBUTING.md").read_text()
PATH, CODE = re.search(r"^```cpp (kernels/\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL).groups()
VARIANT = PATH.removeprefix("kernels/").removesuffix(".cpp")


class ContributingExample(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-contributing-")
        cls.addClassCleanup(scratch.cleanup)
        cls.tree = Path(scratch.name) / "tree"
        shutil.copytree(SOURCE, cls.tree, ignore=cls.not_source)
        cls.file = cls.tree / PATH
        assert not cls.file.exists(), f"{PATH} is in the tree: the guide would show nothing new"
        cls.file.write_text(CODE)
        for command in (cls.configure, cls.build):
            result = command()
            assert result.returncode == 0, result.stdout

    @staticmethod
    def not_source(folder, names):
        top = ("build", "out") if Path(folder) == SOURCE else ()
        return [n for n in names if n in top or n.startswith(".") or n == "__pycache__"]

    @classmethod
    def run_in_tree(cls, *command, stderr=subprocess.STDOUT):
        return subprocess.run(
            command, cwd=cls.tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True
        )

    @classmethod
    def configure(cls):
        flags = ("-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1")  # built fast: no verdict depends on it
        return cls.run_in_tree("cmake", "-G", "Ninja", "-S", ".", "-B", "build", *flags)

    @classmethod
    def build(cls):
        """What the new file changes: its own object, and the table of all variants."""
        objects = [f"kernels/CMakeFiles/{name}.o" for name in
                   (f"bitproof_variants.dir/{PATH.removeprefix('kernels/')}", "bitproof_kernels.dir/generated/tables.cpp")]  # fmt: skip
        built = cls.run_in_tree("ninja", "-C", "build", *objects)
        if built.returncode != 0:
            return built
        shutil.copy(BUILD / KERNELS, cls.tree / "build" / KERNELS)
        replaced = cls.run_in_tree("ar", "rs", f"build/{KERNELS}", *(f"build/{o}" for o in objects))
        return replaced if replaced.returncode != 0 else cls.link()

    @classmethod
    def link(cls):
        """BUILD_DIR's own link of bitproof, with the tree's kernels in the place of its own."""
        steps = subprocess.run(
            ["ninja", "-t", "commands", "-s", "bitproof"], cwd=BUILD, check=True, capture_output=True, text=True
        )
        step = steps.stdout.strip()
        for ours, theirs in ((f" {KERNELS} ", f" {cls.tree}/build/{KERNELS} "), (" -o bitproof ", f" -o {cls.tree}/build/bitproof ")):
            assert step.count(ours) >= 1, f"no {ours!r} in {step}"
            step = step.replace(ours, theirs)
        return subprocess.run(
            step, shell=True, cwd=BUILD, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def bitproof(self, *arguments):
        json_flag = () if arguments[0] == "replay" else ("--json",)  # a repro line brings its own
        result = self.run_in_tree("build/bitproof", *arguments, *json_flag, stderr=None)
        return result.returncode, json.loads(result.stdout)

    def rebuilt_with(self, code):
        """Builds with the file's text replaced; the next test writes its own."""
        self.file.write_text(code)
        return self.build()

    def replaced(self, old, new):
        self.assertEqual(CODE.count(old), 1, f"the example holds {old!r} once")
        return CODE.replace(old, new)

    def test_is_listed_and_passes_the_check(self):
        self.assertEqual(self.rebuilt_with(CODE).returncode, 0)
        code, listed = self.bitproof("list")
        self.assertEqual(code, 0)
        [variant] = [v for v in listed["variants"] if v["id"] == VARIANT]
        self.assertEqual((variant["op"], variant["isa"]), ("ternary_matmul", "scalar"))
        self.assertTrue(variant["exact"] and variant["runnable"])

        code, checked = self.bitproof("check", VARIANT)
        self.assertEqual(code, 0, checked)
        self.assertGreater(checked["passed"], 0)
        self.assertEqual([checked[k] for k in ("failed", "mistrusted", "skipped")], [0, 0, 0], checked)

    def test_a_wrong_loop_fails_the_check(self):
        built = self.rebuilt_with(self.replaced("k = 0; k < cols;", "k = 1; k < cols;"))
        self.assertEqual(built.returncode, 0, built.stdout)
        code, checked = self.bitproof("check", VARIANT)
        self.assertEqual(code, 1)
        self.assertGreater(checked["failed"], 0)
        self.assertTrue(all(VARIANT in failure["id"] for failure in checked["failures"]))
        self.a_random_failure_is_shrunk_and_replayed()

    def a_random_failure_is_shrunk_and_replayed(self):
        code, checked = self.bitproof("check", VARIANT, "--random", "5")
        self.assertEqual((code, checked["cases"]), (1, 5))
        smallest = checked["failures"][0]["repro"]
        self.assertIn("--case rows=1,cols=1,batch=1,", smallest)
        code, again = self.bitproof("replay", smallest + " --json")
        self.assertEqual((code, again["failed"], again["failures"][0]["repro"]), (1, 1, smallest))

    def test_a_file_without_a_table_does_not_link(self):
        built = self.rebuilt_with(self.replaced("BITPROOF_VARIANTS(kRows)\n", ""))
        self.assertNotEqual(built.returncode, 0)
        self.assertRegex(built.stdout, "undefined reference to `bitproof_table_ternary_matmul_unpacked_scalar'")

    def test_an_unknown_isa_does_not_configure(self):
        stray = self.file.with_name("x.avx9.cpp")
        stray.write_text(CODE)
        self.addCleanup(stray.unlink)
        configured = self.configure()
        self.assertNotEqual(configured.returncode, 0)
        self.assertIn("'avx9' is no ISA", configured.stdout)
        for word in self.isa_words():
            self.assertIn(word, configured.stdout)

    def test_the_guide_names_every_isa_word(self):
        for word in self.isa_words():
            self.assertIn(f"| `{word}` |", GUIDE)

    def isa_words(self):
        [words] = re.findall(r"set\(BITPROOF_ISA_WORDS ([^)]+)\)", (SOURCE / "tools/cmake/variants.cmake").read_text())
        return words.split()


if __name__ == "__main__":
    unittest.main(verbosity=2)
