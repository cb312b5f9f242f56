"""tools/count_tests.py against files as `ctest --output-junit` writes them. usage: count_tests_test.py SOURCE_DIR"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(sys.argv.pop(1)) / "tools/count_tests.py"

PASSED = '<testcase name="a" status="run"><system-out></system-out></testcase>'
FAILED = '<testcase name="b" status="fail"><failure message=""/></testcase>'
SKIPPED = '<testcase name="c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>'
NOT_BUILT = '<testcase name="d" status="notrun"><skipped message="Unable to find executable"/></testcase>'
DISABLED = '<testcase name="e" status="disabled"><system-out>Disabled</system-out></testcase>'


class CountTests(unittest.TestCase):
    def expect(self, line, code, *files):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{i}.xml" for i in range(len(files))]
            for path, text in zip(paths, files):
                if text is not None:
                    path.write_text(text)
            result = subprocess.run([sys.executable, PROGRAM, *paths], capture_output=True, text=True)
        self.assertEqual((result.stdout, result.returncode), (line + "\n", code), result.stderr)

    def junit(self, *cases):
        return '<?xml version="1.0" encoding="UTF-8"?><testsuite name="x">' + "".join(cases) + "</testsuite>"

    def gtest(self, *cases):
        """Of a GoogleTest program that ctest calls `a`, beside ctest's own file."""
        return "<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>"

    def expect_with_gtest(self, line, code, ctest, gtest):
        with tempfile.TemporaryDirectory() as folder:
            path, parts = Path(folder) / "tests.xml", Path(folder) / "gtest"
            parts.mkdir()
            path.write_text(self.junit(ctest))
            (parts / "a.xml").write_text(gtest)
            result = subprocess.run([sys.executable, PROGRAM, path], capture_output=True, text=True)
        self.assertEqual((result.stdout, result.returncode), (line + "\n", code), result.stderr)

    def test_a_program_of_gtest_counts_as_its_tests(self):
        done, skipped = '<testcase name="x" status="run" result="completed"/>', '<testcase name="y" status="run" result="skipped"/>'
        failed = '<testcase name="z" status="run" result="completed"><failure message="no"/></testcase>'
        fell = FAILED.replace('"b"', '"a"')
        self.expect_with_gtest("2 passed, 0 failed, 1 skipped", 0, PASSED, self.gtest(done, done, skipped))
        self.expect_with_gtest("1 passed, 1 failed", 1, fell, self.gtest(done, failed))
        self.expect_with_gtest("1 passed, 1 failed", 1, fell, self.gtest(done))  # it fell after its last test
        self.expect_with_gtest("0 passed, 0 failed", 1, PASSED, self.gtest())
        self.expect_with_gtest("0 passed, 0 failed", 1, PASSED, self.gtest(done)[:-8])

    def test_all_passed(self):
        self.expect("2 passed, 0 failed", 0, self.junit(PASSED, PASSED))

    def test_one_failed(self):
        self.expect("1 passed, 1 failed", 1, self.junit(PASSED, FAILED))

    def test_skips_are_counted_and_do_not_fail(self):
        self.expect("1 passed, 0 failed, 2 skipped", 0, self.junit(PASSED, SKIPPED, DISABLED))

    def test_what_could_not_start_has_failed(self):
        self.expect("1 passed, 1 failed", 1, self.junit(PASSED, NOT_BUILT))

    def test_files_add_up(self):
        self.expect("2 passed, 1 failed, 1 skipped", 1, self.junit(PASSED, FAILED), self.junit(PASSED, SKIPPED))

    def test_nothing_executed_is_a_failure(self):
        self.expect("0 passed, 0 failed", 1)
        self.expect("0 passed, 0 failed", 1, self.junit())
        self.expect("0 passed, 0 failed", 1, self.junit(SKIPPED))
        self.expect("1 passed, 0 failed", 1, self.junit(PASSED), self.junit())

    def test_a_missing_or_truncated_file_is_a_failure(self):
        self.expect("0 passed, 0 failed", 1, None)
        self.expect("1 passed, 0 failed", 1, self.junit(PASSED), None)
        self.expect("1 passed, 0 failed", 1, self.junit(PASSED), self.junit(PASSED)[:-8])


if __name__ == "__main__":
    unittest.main()
