"""Which folder may include what: tools -> reports -> harness -> {reference, kernels}; reference sees kernel
contracts only. Read from the #include lines, because a path like "../reports/x.hpp" compiles anywhere.

usage: floors_test.py SOURCE_DIR
"""

import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()
BELOW = {  # a folder and those it may include from
    "kernels": {"kernels"},
    "reference": {"reference", "kernels"},
    "harness": {"harness", "reference", "kernels"},
    "reports": {"reports", "harness", "reference", "kernels"},
    "tools": {"tools", "reports", "harness", "reference", "kernels"},
}
CONTRACT = re.compile(r"kernels/((matmul|model|tile|variant|isa)\.hpp|\w+/contract\.hpp)$")
GENERATED = {"all_ops.hpp": "kernels/all_ops.hpp"}
# What a floor takes from outside the tree, where that is restricted: headers of the standard library have no dot.
FOREIGN = {"kernels": r"[a-z_]+|immintrin\.h", "reference": r"[a-z_]+|Eigen/\w+"}
OPENMP = "kernels/threading/"
COMPARATOR = r"kernels/comparators/\w+\.cpp$"  # a foreign library, in a shared library of its own
PAGES = ("sys/mman.h", "kernels/memory/")  # who decides where memory comes from may ask for pages
PLANTED_OPENMP = "harness/zoo/threading/"  # splits over threads with a fault in them

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
PRAGMA_OMP = re.compile(r"^\s*#\s*pragma\s+omp\b")


def resolve(tree, file, name):
    """The file of the tree that an include means, relative to the tree; None for one from outside."""
    if name in GENERATED:
        return GENERATED[name]
    for folder in (file.parent, tree, *(tree / floor for floor in BELOW)):
        found = (folder / name).resolve()
        if found.is_file() and found.is_relative_to(tree):
            return found.relative_to(tree).as_posix()
    return None


def fault(tree, file, line):
    path = file.relative_to(tree).as_posix()
    floor, is_test = path.split("/")[0], "/tests/" in path
    if PRAGMA_OMP.match(line):
        return None if path.startswith((OPENMP, PLANTED_OPENMP)) or is_test else f"OpenMP outside {OPENMP}"
    include = INCLUDE.match(line)
    if not include:
        return None
    name = include[1]
    target = resolve(tree, file, name)
    if target:
        if target.split("/")[0] not in BELOW[floor]:
            return f"{floor}/ includes {target}"
        if floor == "reference" and target.startswith("kernels/") and not CONTRACT.match(target):
            return f"{target} is no contract"
        return None
    if is_test:
        return None
    if name == "omp.h":
        return None if path.startswith((OPENMP, PLANTED_OPENMP)) else f"OpenMP outside {OPENMP}"
    if name == PAGES[0] and path.startswith(PAGES[1]):
        return None
    if re.match(COMPARATOR, path):
        return None
    if floor in FOREIGN and not re.fullmatch(FOREIGN[floor], name):
        return f"{floor}/ includes <{name}>"
    return None


def sources(tree):
    return sorted(f for floor in BELOW for f in (tree / floor).rglob("*") if f.suffix in (".cpp", ".hpp"))


def faults_in(tree, file):
    found = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if why := fault(tree, file, line):
            found.append(f"{file.relative_to(tree)}:{number}: {why}")
    return found


def faults(tree):
    return [line for file in sources(tree) for line in faults_in(tree, file)]


class Floors(unittest.TestCase):
    maxDiff = None

    def test_the_tree_keeps_to_its_floors(self):
        self.assertGreater(len(sources(SOURCE)), 100)
        self.assertEqual(faults(SOURCE), [])

    def test_no_check_knows_a_fault_by_name(self):
        zoo = SOURCE / "harness/zoo"
        names = {f.stem.split(".")[0] for f in zoo.glob("*/*.cpp")} - {f.stem for f in zoo.glob("tests/*.cpp")}
        self.assertGreater(len(names), 100)
        for file in sources(SOURCE):
            path = file.relative_to(SOURCE).as_posix()
            checks = path.startswith(("harness/", "kernels/", "reference/"))
            if not checks or path.startswith("harness/zoo/") or "/tests/" in path:
                continue
            literals = re.findall(r'"((?:[^"\\]|\\.)*)"', file.read_text())
            known = {n for text in literals for n in re.findall(r"\w+", text) if n in names and "_" in n}
            self.assertEqual((path, known, [x for x in literals if "zoo/" in x]), (path, set(), []))

    def test_what_is_planted_is_found(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        tree = Path(scratch.name).resolve()
        for floor in BELOW:
            shutil.copytree(SOURCE / floor, tree / floor, ignore=shutil.ignore_patterns("__pycache__"))
        planted = (
            ("kernels/rope/x.hpp", '#include "reference/rope.hpp"', "kernels/ includes reference/rope.hpp"),
            ("kernels/rope/x.hpp", '#include "../../harness/rng.hpp"', "kernels/ includes harness/rng.hpp"),
            ("kernels/rope/x.hpp", "#include <fmt/format.h>", "kernels/ includes <fmt/format.h>"),
            ("kernels/rope/x.cpp", "#include <sys/mman.h>", "kernels/ includes <sys/mman.h>"),
            ("kernels/rope/x.cpp", "#  include <omp.h>", "OpenMP outside kernels/threading/"),
            ("kernels/rope/x.cpp", "  #pragma omp simd", "OpenMP outside kernels/threading/"),
            ("reference/x.cpp", '#include "rope/plain.hpp"', "kernels/rope/plain.hpp is no contract"),
            ("reference/x.cpp", '#include "kernels/simd.hpp"', "kernels/simd.hpp is no contract"),
            ("reference/x.cpp", "#include <all_ops.hpp>", "kernels/all_ops.hpp is no contract"),
            ("reference/x.cpp", '#include "rng.hpp"', "reference/ includes harness/rng.hpp"),
            ("reference/x.cpp", "#include <fmt/format.h>", "reference/ includes <fmt/format.h>"),
            ("harness/x.cpp", '#include "reports/json.hpp"', "harness/ includes reports/json.hpp"),
            ("harness/x.cpp", '#include "../tools/terminal.hpp"', "harness/ includes tools/terminal.hpp"),
            ("harness/x.cpp", "#pragma omp parallel", "OpenMP outside kernels/threading/"),
            ("harness/tests/x.cpp", '#include "../../reports/json.hpp"', "harness/ includes reports/json.hpp"),
            ("reports/x.cpp", '#include "tools/terminal.hpp"', "reports/ includes tools/terminal.hpp"),
        )
        for path, line, why in planted:
            with self.subTest(path=path, line=line):
                (tree / path).write_text(f"#include <vector>\n{line}\n")
                self.assertIn(tree / path, sources(tree))
                self.assertEqual(faults_in(tree, tree / path), [f"{path}:2: {why}"])
                (tree / path).unlink()
        (tree / "kernels/threading/x.cpp").write_text("#include <omp.h>\n#pragma omp parallel\n")
        self.assertEqual(faults(tree), [])


if __name__ == "__main__":
    unittest.main()
