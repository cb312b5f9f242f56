"""tools/setup, run, test, fuzz and .ci/run with every program they call stubbed. usage: scripts_test.py SOURCE_DIR"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1))
SCRIPTS = ("tools/setup", "tools/run", "tools/test", "tools/count_tests.py", "tools/fuzz", "tools/fuzzers/seeds.py",
           "tools/fuzzers/small_gguf.py", ".ci/run")  # fmt: skip
PACKAGES, CI_PACKAGES = (
    re.search(rf"^{name}=\(\n(.*?)\n\)", (SOURCE / "tools/setup").read_text(), re.DOTALL | re.MULTILINE).group(1).split()
    for name in ("packages", "ci_packages")
)
# What the scripts and the stubs take from the machine.
SYSTEM = ("bash", "dirname", "env", "grep", "mkdir", "mktemp", "nproc", "rm", "sort", "tail", "tee")

DPKG = 'for p in {installed}; do echo "installed $p"; done; exit 1'
CMAKE = """\
[[ $1 == --version ]] && { echo "cmake version ${CMAKE_VERSION:-3.25.1}"; exit; }
echo "cmake $*" >> calls
[[ $1 != --build || -z ${BUILD_FAILS:-} ]]"""
CTEST = """\
echo "ctest $*" >> calls
while [[ $1 != --output-junit ]]; do shift; done
mkdir -p "${2%/*}"; echo "<testsuite>$CASES</testsuite>" > "$2"
echo 'tests ran'"""
PASSED, FAILED = '<testcase status="run"/>', '<testcase status="fail"/>'
OVER_READ = 'echo "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0"; exit 77'
FUZZER = 'echo "$0 $*" >> calls; echo "Done 9 runs in 1 second(s)"'
RUN = '{"schema": "s", "arms": [1, 2, 3], "bench": []}'


class Scripts(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        (self.root / "bin").mkdir()
        for script in SCRIPTS:
            (self.root / script).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(SOURCE / script, self.root / script)
        for program in SYSTEM:
            (self.root / "bin" / program).symlink_to(shutil.which(program))
        (self.root / "bin/python3").symlink_to(sys.executable)
        self.stub("bin/dpkg-query", DPKG.format(installed=" ".join(PACKAGES + CI_PACKAGES)))
        self.stub("bin/apt-get", 'echo "apt-get $*" >> calls')
        self.stub("bin/id", "echo 0")
        self.stub("bin/npm", 'echo "npm $*" >> "$OLDPWD/calls"; [[ -z ${NPM_FAILS:-} ]]')
        self.lock("{}", installed="all")
        self.stub("bin/cmake", CMAKE)
        self.stub("bin/ctest", CTEST)

    def stub(self, path, body):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        file.chmod(0o755)

    def lock(self, text, installed):
        charts = self.root / "reports/charts"
        (charts / "node_modules").mkdir(parents=True, exist_ok=True)
        (charts / "package-lock.json").write_text(text + "\n")
        (charts / "node_modules/.bitproof").write_text(f"{installed} {{}}\n")

    def call(self, script, *arguments, **environment):
        return subprocess.run(
            [self.root / script, *arguments],
            cwd=self.root,
            env={"PATH": str(self.root / "bin"), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def calls(self):
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def lose(self, *packages):
        kept = [p for p in PACKAGES + CI_PACKAGES if p not in packages]
        self.stub("bin/dpkg-query", DPKG.format(installed=" ".join(kept)))

    # setup

    def test_setup_is_silent_when_all_is_there(self):
        done = self.call("tools/setup")
        self.assertEqual((done.returncode, done.stdout, done.stderr, self.calls()), (0, "", "", []))

    def test_setup_installs_only_what_is_missing(self):
        self.lose("g++", "libfmt-dev")
        done = self.call("tools/setup")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(done.stderr, "setup: installing g++ libfmt-dev\n")
        self.assertTrue(self.calls()[-1].endswith("install -y --no-install-recommends g++ libfmt-dev"), self.calls())

    def test_setup_installs_what_only_ci_needs_when_told(self):
        self.lose(*CI_PACKAGES)
        self.assertEqual((self.call("tools/setup").returncode, self.calls()), (0, []))
        for script in ("tools/run", "tools/test"):
            self.stub("build/release/bitproof", "")
            self.assertEqual(self.call(script, CASES=PASSED).returncode, 0)
            self.assertFalse([c for c in self.calls() if c.startswith("apt-get")], script)
        self.assertEqual(self.call("tools/setup", "ci").returncode, 0)
        self.assertTrue(self.calls()[-1].endswith(" ".join(["--no-install-recommends", *CI_PACKAGES])), self.calls())

    def test_setup_rejects_unknown_words(self):
        self.assertEqual(self.call("tools/setup", "all").returncode, 2)

    def test_setup_says_what_to_install_where_it_cannot(self):
        self.lose("ninja-build")
        self.stub("bin/id", "echo 1000")
        done = self.call("tools/setup")
        self.assertEqual((done.returncode, done.stderr), (2, "setup: needs root: apt-get install ninja-build\n"))
        (self.root / "bin/apt-get").unlink()
        done = self.call("tools/setup")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no apt-get here: install ninja-build", done.stderr)
        self.assertEqual(self.call("tools/setup", BITPROOF_SETUP="skip").returncode, 0)

    def test_setup_uses_sudo(self):
        self.lose("git")
        self.stub("bin/id", "echo 1000")
        self.stub("bin/sudo", 'echo "sudo $*" >> calls; exec "$@"')
        self.assertEqual(self.call("tools/setup").returncode, 0)
        self.assertTrue(self.calls()[0].startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get"), self.calls())

    def test_setup_reports_a_failed_installation(self):
        self.lose("git")
        self.stub("bin/apt-get", "exit 100")
        done = self.call("tools/setup")
        self.assertEqual(done.returncode, 2)
        self.assertIn("setup: apt-get could not install git", done.stderr)

    def test_setup_refuses_an_old_cmake(self):
        done = self.call("tools/setup", CMAKE_VERSION="3.9.6")
        self.assertEqual(done.returncode, 2)
        self.assertIn("CMake 3.9.6 is too old", done.stderr)
        self.assertEqual(self.call("tools/setup", CMAKE_VERSION="4.0.1").returncode, 0)

    def test_setup_installs_charts_when_the_lockfile_changed(self):
        install = "npm ci --ignore-scripts --no-audit --no-fund --loglevel=error"
        self.lock('{"new": 1}', installed="all")
        for _ in range(2):  # once
            self.assertEqual(self.call("tools/setup").returncode, 0)
            self.assertEqual(self.calls(), [install + " --omit=dev"])
        self.assertEqual(self.call("tools/setup", "ci").returncode, 0)  # which needs what drives a browser, too
        self.assertEqual(self.calls()[1:], [install])
        self.assertEqual((self.call("tools/setup").returncode, len(self.calls())), (0, 2))  # has all of it

    def test_setup_without_charts_is_ready_and_says_so(self):
        self.lock('{"new": 1}', installed="all")
        done = self.call("tools/setup", NPM_FAILS="1")
        self.assertEqual(done.returncode, 0)
        self.assertIn("HTML reports will hold tables and no charts", done.stderr)
        self.assertEqual(self.call("tools/setup", "ci", NPM_FAILS="1").returncode, 0)
        self.assertEqual(len(self.calls()), 2)  # a failure is tried again
        self.assertEqual((self.call("tools/setup", BITPROOF_SETUP="skip").returncode, len(self.calls())), (0, 2))

    # run

    def test_run_hands_over_arguments_output_and_exit_code(self):
        self.stub("build/release/bitproof", 'printf "[%s]" "$@"; exit 130')
        done = self.call("tools/run", "--suite", "two words")
        self.assertEqual((done.returncode, done.stdout), (130, "[run][--suite][two words]"))

    def test_run_does_not_run_what_did_not_build(self):
        self.stub("build/release/bitproof", "echo stale")
        done = self.call("tools/run", BUILD_FAILS="1")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")

    # test

    def last_line(self, done):
        return done.stdout.splitlines()[-1]

    def test_test_ends_with_the_count(self):
        done = self.call("tools/test", CASES=PASSED * 3)
        self.assertEqual((self.last_line(done), done.returncode), ("3 passed, 0 failed", 0), done.stderr)
        done = self.call("tools/test", CASES=PASSED + FAILED)
        self.assertEqual((self.last_line(done), done.returncode), ("1 passed, 1 failed", 1), done.stderr)

    def test_test_fails_when_nothing_ran(self):
        done = self.call("tools/test", CASES="")
        self.assertEqual((self.last_line(done), done.returncode), ("0 passed, 0 failed", 1))

    def test_test_fails_when_the_build_does_and_forgets_older_results(self):
        self.call("tools/test", CASES=PASSED)
        done = self.call("tools/test", CASES=PASSED, BUILD_FAILS="1")
        self.assertEqual((self.last_line(done), done.returncode), ("0 passed, 0 failed", 1))

    def test_test_fails_when_ctest_does(self):
        self.stub("bin/ctest", CTEST + "\nexit 8")
        done = self.call("tools/test", CASES=PASSED)
        self.assertEqual((self.last_line(done), done.returncode), ("1 passed, 0 failed", 1))

    def test_test_adds_the_sanitizer_run(self):
        done = self.call("tools/test", "--dev", CASES=PASSED)
        self.assertEqual((self.last_line(done), done.returncode), ("2 passed, 0 failed", 0), done.stderr)
        self.assertEqual([c.split()[2] for c in self.calls() if c.startswith("ctest")], ["release", "dev"])

    def test_test_adds_the_threaded_part_under_tsan(self):
        self.lose("libomp-dev")
        done = self.call("tools/test", "--tsan", CASES=PASSED)
        self.assertEqual((self.last_line(done), done.returncode), ("2 passed, 0 failed", 0), done.stderr)
        self.assertEqual([c.split()[2] for c in self.calls() if c.startswith("ctest")], ["release", "tsan"])
        self.assertTrue([c for c in self.calls() if c.endswith("install -y --no-install-recommends libomp-dev")])
        done = self.call("tools/test", "--dev", "--tsan", CASES=PASSED + FAILED)
        self.assertEqual((self.last_line(done), done.returncode), ("3 passed, 3 failed", 1), done.stderr)

    def test_warnings_are_errors_in_ci_only(self):
        self.call("tools/test", CASES=PASSED)
        self.assertNotIn("-DBITPROOF_WERROR=ON", " ".join(self.calls()))
        self.call("tools/test", CASES=PASSED, CI="1")
        self.assertIn("-DBITPROOF_WERROR=ON", " ".join(self.calls()))

    def test_test_rejects_unknown_options(self):
        done = self.call("tools/test", "--fast")
        self.assertEqual((done.returncode, self.calls()), (2, []))

    # fuzz

    def fuzz(self, *arguments, planted=OVER_READ, **others):
        (self.root / "suites").mkdir(exist_ok=True)
        (self.root / "suites/some.toml").write_text("# about\n[[cases]]\nop = 'rope'\n[[cases]]\nop = 'gate'\n")
        (self.root / "calls").unlink(missing_ok=True)
        self.stub("build/fuzz/fuzz_planted", planted)
        for name in ("claims", "gguf", "run", "suite", "words"):
            self.stub(f"build/fuzz/fuzz_{name}", others.get(name, FUZZER))
        return self.call("tools/fuzz", *arguments)

    def fuzz_run(self, path):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(RUN)
        return path

    def test_fuzz_counts_what_each_reader_was_fed(self):
        done = self.fuzz("7", self.fuzz_run("some/run.json"))
        lines = [f"fuzz: {name}: 9 inputs, nothing found" for name in ("run", "suite", "words", "claims", "gguf")]
        self.assertEqual((done.stdout.splitlines(), done.returncode), (lines, 0), done.stderr)
        fuzzers = [c for c in self.calls() if "fuzz_" in c]
        self.assertEqual(len(fuzzers), 5)
        for call in fuzzers:
            self.assertIn("-max_total_time=7 ", call)

    def test_fuzz_begins_with_pieces_of_suites_and_of_a_short_run(self):
        self.assertEqual(self.fuzz("7", self.fuzz_run("some/run.json")).returncode, 0)
        corpus = self.root / "build/fuzz/corpus"
        self.assertEqual((corpus / "suite/seed-some-1").read_text(), "[[cases]]\nop = 'gate'\n")
        self.assertEqual((corpus / "run/seed-whole").read_text(), '{"schema": "s", "arms": [1, 2], "bench": []}')
        self.assertEqual((corpus / "run/seed-only-arms").read_text(), '{"schema": "s", "arms": [1, 2]}')
        self.assertIn('"schema"\n', (corpus / "run.dict").read_text())
        self.assertTrue((corpus / "words/seed-0").exists())
        models = sorted((corpus / "gguf").iterdir())
        self.assertGreaterEqual(len(models), 4)
        self.assertEqual({model.read_bytes()[:4] for model in models}, {b"GGUF"})

    def test_fuzz_takes_the_newest_run_or_makes_one(self):
        self.fuzz_run("out/2026-01-01/run.json")
        newest = self.fuzz_run("out/2026-01-02/run.json")
        (self.root / newest).write_text('{"schema": "newest"}')
        self.assertEqual(self.fuzz().returncode, 0)
        seed = self.root / "build/fuzz/corpus/run/seed-whole"
        self.assertIn("newest", seed.read_text())
        shutil.rmtree(self.root / "out")
        for code, outcome in ((0, 0), (1, 0), (2, 2)):  # 1: a busy machine broke a ledger, the file is whole
            self.stub("build/release/bitproof", f'mkdir -p "$5/t"; echo \'{RUN}\' > "$5/t/run.json"; exit {code}')
            self.assertEqual(self.fuzz().returncode, outcome)
        self.assertIn("arms", seed.read_text())

    def test_fuzz_fails_on_a_finding_and_on_a_fuzzer_that_did_nothing(self):
        run = self.fuzz_run("some/run.json")
        for body in ('echo "ERROR: AddressSanitizer"; exit 77', "exit 0", 'echo "Done 0 runs in 1 second(s)"'):
            with self.subTest(body):
                done = self.fuzz("7", run, suite=body)
                self.assertEqual(done.returncode, 1)
                self.assertIn("fuzz: suite: FAILED; replay: build/fuzz/fuzz_suite FILE", done.stdout)
                self.assertIn("fuzz: words: 9 inputs, nothing found", done.stdout)

    def test_fuzz_fails_when_the_planted_fault_is_not_found(self):
        for body in ("exit 0", 'echo "no such program"; exit 127'):
            done = self.fuzz("7", self.fuzz_run("some/run.json"), planted=body)
            self.assertEqual(done.returncode, 1)
            self.assertIn("the planted fault was not found", done.stderr)

    def test_fuzz_rejects_unknown_arguments(self):
        for arguments in (("x",), ("0",), ("-1",), ("1", "a", "b")):
            with self.subTest(arguments):
                self.assertEqual(self.fuzz(*arguments).returncode, 2)
        self.assertEqual(self.fuzz("7", "no/such.json").returncode, 2)

    # .ci/run

    def test_ci_fails_when_any_of_its_steps_does(self):
        count = "3 passed, 0 failed"
        for style, tests, smoke, fuzz in ((0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 130, 0), (0, 0, 0, 1)):
            with self.subTest(style=style, tests=tests, smoke=smoke, fuzz=fuzz):
                self.stub("tools/format", f'echo "format: $*"; exit {style}')
                self.stub("tools/test", f'echo "$*${{CI:+ in CI}}"; echo "{count}"; exit {tests}')
                self.stub("tools/fuzz", f'[[ -f $2 ]] && echo "fuzz: $1"; exit {fuzz}')
                smoke_run = 'echo "smoke: $1 $2 $3 $4"; mkdir -p "$5/t"; echo {} > "$5/t/run.json"'
                self.stub("build/release/bitproof", f"{smoke_run}; exit {smoke}")
                done = self.call(".ci/run")
                self.assertEqual(done.returncode, int(bool(style or tests or smoke or fuzz)), done.stderr)
                self.assertEqual(done.stdout.splitlines()[: 2 - style], ["format: --check", " in CI"][: 2 - style])
                self.assertEqual(count == self.last_line(done), not style and not smoke and not fuzz)
                self.assertEqual("smoke: run --suite smoke --out" in done.stdout, not style and not tests)
                self.assertEqual("fuzz: 60\n" in done.stdout, not style and not tests and not smoke)

    def test_ci_installs_what_only_ci_needs(self):
        self.lose("qemu-user")
        self.stub("bin/apt-get", 'echo "apt-get $*" >> calls; exit 100')
        self.assertEqual(self.call(".ci/run").returncode, 2)
        self.assertIn("qemu-user", self.calls()[-1])


if __name__ == "__main__":
    unittest.main()
