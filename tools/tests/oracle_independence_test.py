"""The oracles share no code with the kernels they judge: else one mistake could sit on both sides.

By include: of kernels/, the compiler opens nothing but contracts when it compiles reference/, however deep the includes.
By symbol: reference/ needs nothing that kernels/ defines, and of what both define, the linker may keep one copy for both
only of the standard library's templates.

usage: oracle_independence_test.py SOURCE_DIR BUILD_DIR libbitproof_reference.a libbitproof_kernels.a
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BUILD, REFERENCE, KERNELS = (Path(argument).resolve() for argument in sys.argv[1:5])
del sys.argv[1:5]
CONTRACT = re.compile(r"kernels/(?:(?:matmul|model|tile|variant|isa)\.hpp|\w+/contract\.hpp)")
STANDARD = re.compile(r"_Z(T[ISV]|GV|Z)?N?[KVRO]*(S[tabsiod]|9__gnu_cxx)|DW\.ref\.__gxx_personality")


def compile_commands():
    """{source: command words} of the library of reference/, not of its tests."""
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    commands = {Path(e["file"]).resolve(): shlex.split(e["command"]) for e in entries}
    return {f: words for f, words in commands.items() if f.parent == SOURCE / "reference"}


def compiler(words):
    """The command without the object that it makes."""
    return words[: words.index("-o")]


def opened(words, source):
    """Every file that the compiler opens for a source, system headers too."""
    rule = subprocess.run(
        [*compiler(words), "-M", source], cwd=BUILD, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return {(BUILD / name).resolve() for name in rule.replace("\\\n", " ").split(":", 1)[1].split()}


def include_faults(words, source):
    """What a source opens of this project that is neither reference/ nor a contract."""
    for file in sorted(opened(words, source)):
        if file == source or not (file.is_relative_to(SOURCE) or file.is_relative_to(BUILD)):
            continue
        name = file.relative_to(BUILD if file.is_relative_to(BUILD) else SOURCE).as_posix()
        if not name.startswith("reference/") and not CONTRACT.fullmatch(name):
            yield f"{source.name} opens {name}"


def symbols(archive, *flags):
    listing = subprocess.run(
        ["nm", "--format=posix", *flags, archive], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return {line.split()[0] for line in listing.splitlines() if len(line.split()) > 1}


def symbol_faults(reference, kernels):
    defined_here = symbols(reference, "--defined-only", "--extern-only")
    defined_there = symbols(kernels, "--defined-only", "--extern-only")
    needed = symbols(reference, "--undefined-only") - defined_here
    assert defined_here and defined_there and needed
    for verb, names in (("needs", needed & defined_there), ("shares", defined_here & defined_there)):
        yield from (f"{verb} {name}" for name in sorted(names) if not STANDARD.match(name))


class OracleIndependence(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.commands = compile_commands()
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name).resolve()

    def planted(self, code):
        """A source of reference/ that is not there, and how to compile it."""
        source = self.scratch / "planted.cpp"
        source.write_text(code)
        return next(iter(self.commands.values())), source

    def archive(self, code):
        words, source = self.planted(code)
        obj, library = self.scratch / "planted.o", self.scratch / "planted.a"
        subprocess.run([*compiler(words), "-o", obj, "-c", source], cwd=BUILD, check=True)
        library.unlink(missing_ok=True)
        subprocess.run(["ar", "rcs", library, obj], check=True)
        return library

    def test_reference_opens_no_code_of_kernels(self):
        self.assertEqual(set(self.commands), set((SOURCE / "reference").glob("*.cpp")))
        seen = set()
        for source, words in self.commands.items():
            seen |= opened(words, source)
            self.assertEqual(list(include_faults(words, source)), [])
        self.assertIn(SOURCE / "kernels/matmul.hpp", seen, "contracts are opened: the list is that of the compiler")

    def test_reference_needs_no_symbol_of_kernels(self):
        self.assertEqual(list(symbol_faults(REFERENCE, KERNELS)), [])

    def test_a_planted_include_is_found_however_deep(self):
        (self.scratch / "between.hpp").write_text('#include "plain_dot.hpp"\n')
        for line, opens in (
            ('#include "ternary_matmul/plain.hpp"', "kernels/ternary_matmul/plain.hpp"),
            ('#include "between.hpp"', "kernels/plain_dot.hpp"),
        ):
            with self.subTest(line=line):
                words, source = self.planted(line + "\n")
                self.assertIn(f"planted.cpp opens {opens}", list(include_faults(words, source)))
        words, source = self.planted('#include "ternary_matmul/contract.hpp"\n#include "reference/matmul.hpp"\n')
        self.assertEqual(list(include_faults(words, source)), [])

    def test_a_planted_symbol_is_found(self):
        declared = "#include <cstdint>\nint f();\nnamespace bitproof { std::uint32_t machine_features(); }\n"
        needs = declared + "unsigned planted() { return bitproof::machine_features(); }\n"
        shares = declared + "std::uint32_t bitproof::machine_features() { return f() != 0; }\n"
        clean = "#include <string>\nint f(); std::string planted() { return std::to_string(f()); }\n"
        self.assertEqual(list(symbol_faults(self.archive(needs), KERNELS)), ["needs _ZN8bitproof16machine_featuresEv"])
        self.assertEqual(list(symbol_faults(self.archive(shares), KERNELS)), ["shares _ZN8bitproof16machine_featuresEv"])
        self.assertEqual(list(symbol_faults(self.archive(clean), KERNELS)), [])


if __name__ == "__main__":
    unittest.main()
