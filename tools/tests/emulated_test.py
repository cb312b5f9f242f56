"""bitproof on CPUs that this machine is not: qemu-user runs the same binary under a CPU without AVX-512 and under one
without AVX. An instruction that the CPU has not ends the program, in a variant as in the harness or a library.

qemu 7.2 reads all of a masked vector (vmaskmovps), where a CPU reads what the mask selects: a tail beside an unmapped page
faults there alone. With such a qemu, and then only, the fences of guarded buffers are made readable; a write to one still
ends the program. Reads past the end are the business of the real CPU.

usage: emulated_test.py SOURCE_DIR BITPROOF COMPILER       exit 77: skipped, the reason on standard output
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BITPROOF, COMPILER = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
QEMU = shutil.which("qemu-x86_64")
ANYWHERE = {"scalar", "baseline"}

# What runs on a CPU, and a feature that what does not run there has to name. qemu64 is x86-64 with SSE3.
CPUS = {
    "Haswell": (ANYWHERE | {"avx2"}, "avx512f"),
    "qemu64": (ANYWHERE, "avx2"),
}
# And a recipe for each, of all its techniques but T-MAC and prefetch.
RECIPES = {"Haswell": "memory_pool,simd,threading,kv_cache", "qemu64": "memory_pool,threading,kv_cache"}

# One instruction of each ISA, and the CPUs on which it must end the program: else this test could not fail.
PLANTED = """\
#include <immintrin.h>
int main(int argc, char**) {
  %s
}
"""
AVX2 = ("-mavx2", "return _mm256_extract_epi32(_mm256_abs_epi32(_mm256_set1_epi32(argc)), 7) - argc;")
AVX512 = ("-mavx512f", "return _mm512_reduce_add_epi32(_mm512_rol_epi32(_mm512_set1_epi32(argc), 1)) - 32 * argc;")

MASKED_READ = """\
#include <immintrin.h>
#include <sys/mman.h>
int main() {
  char* page = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(page + 4096, 4096, PROT_NONE);
  const __m256i first = _mm256_setr_epi32(-1, 0, 0, 0, 0, 0, 0, 0);
  return _mm256_testz_si256(first, _mm256_maskload_epi32(reinterpret_cast<int*>(page + 4092), first)) ? 0 : 1;
}
"""
READABLE_FENCES = """\
#include <cerrno>
#include <cstdarg>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
static long readable(long protection) { return protection == PROT_NONE ? PROT_READ : protection; }
// bitproof counts its mappings in an mmap of its own, which asks the system through this.
extern "C" long syscall(long number, ...) noexcept {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (long& argument : a) argument = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_mmap || number == SYS_mprotect) a[2] = readable(a[2]);
  long result;
  register long r10 asm("r10") = a[3];
  register long r8 asm("r8") = a[4];
  register long r9 asm("r9") = a[5];
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}
extern "C" int mprotect(void* at, size_t bytes, int protection) noexcept {
  return static_cast<int>(syscall(SYS_mprotect, at, bytes, static_cast<long>(protection)));
}
"""


def build(target, text, *flags):
    (source := target.with_suffix(".cpp")).write_text(text)
    subprocess.run([COMPILER, "-O1", *flags, source, "-o", target], check=True)
    return target


def start(cpu, *command, preload=None):
    emulator = [QEMU, "-cpu", cpu] if cpu else []
    if preload:
        emulator += ["-E", f"LD_PRELOAD={preload}"]
    no_core = lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # qemu would leave one in the source folder
    return subprocess.Popen([*emulator, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, preexec_fn=no_core)  # fmt: skip


def outcome(process):
    out, err = process.communicate(timeout=800)
    return process.returncode, out, err


class Emulated(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        """All CPUs at once: each takes some twenty seconds of a core."""
        scratch = tempfile.TemporaryDirectory(prefix="bitproof-emulated-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        fences = None
        if outcome(start("Haswell", build(cls.folder / "masked", MASKED_READ, "-mavx2")))[0] == -signal.SIGSEGV:
            fences = build(cls.folder / "fences.so", READABLE_FENCES, "-shared", "-fPIC")

        def on_every_cpu(*arguments):
            return {cpu: start(cpu, BITPROOF, *arguments, "--json", preload=fences) for cpu in CPUS}

        checks = on_every_cpu("check", "--suite", "emulated")
        loops = {cpu: start(cpu, BITPROOF, "loop", "--model", "tiny", "--depth", "4", "--tokens", "2", "--samples", "1",
                            "--threads", "2", "--oversubscribe", "--recipe", RECIPES[cpu], "--json", preload=fences)
                 for cpu in CPUS}  # fmt: skip
        cls.lists = {cpu: outcome(start(cpu, BITPROOF, "list", "--json")) for cpu in (*CPUS, None)}
        cls.checks = {cpu: outcome(check) for cpu, check in checks.items()}
        cls.loops = {cpu: outcome(loop) for cpu, loop in loops.items()}

    def parsed(self, ran, codes=(0,)):
        code, out, err = ran
        self.assertIn(code, codes, f"exit {code} (below 0: a signal)\n{err}")
        return json.loads(out)

    def variants(self, cpu):
        return {v["id"]: v for v in self.parsed(self.lists[cpu])["variants"]}

    def test_the_checks_pass(self):
        for cpu in CPUS:
            with self.subTest(cpu):
                check = self.parsed(self.checks[cpu])
                self.assertGreater(check["passed"], 0)
                self.assertEqual([check[k] for k in ("failed", "mistrusted", "fallback", "failures")], [0, 0, 0, []])

    def test_a_variant_either_passed_or_was_skipped_for_a_feature(self):
        for cpu, (runs, lacking) in CPUS.items():
            check, variants = self.parsed(self.checks[cpu]), self.variants(cpu)
            skipped = {s["id"]: s["reason"] for s in check["skipped_variants"]}
            self.assertGreater(check["skipped"], 0)
            self.assertEqual(check["skipped"], len(skipped))
            for id, v in variants.items():
                with self.subTest(cpu, id=id):
                    self.assertNotEqual(id in skipped, check["passed_by_variant"].get(id, 0) > 0)
                    self.assertNotEqual(v["runnable"], id in skipped)
                    if v["isa"] != "autovec":  # compiled for the building machine: the next test
                        self.assertEqual(v["isa"] in runs, v["runnable"])
                    if id in skipped:
                        self.assertRegex(skipped[id], r"^this CPU .* lacks \w")
                        self.assertTrue(v["isa"] == "autovec" or re.search(rf"\b{lacking}\b", skipped[id]), skipped[id])
            for op in {v["op"] for v in variants.values()}:
                self.assertIn(op, {id.split("/")[0] for id in check["passed_by_variant"]})

    def test_the_token_loop_runs_on_what_the_cpu_has(self):
        for cpu, recipe in RECIPES.items():
            with self.subTest(cpu):
                loop = self.parsed(self.loops[cpu], codes=(0, 1))  # 1: a busy machine broke the ledger
                engaged = {t for t, w in loop["witnesses"].items() if w["engaged"]}
                self.assertEqual(engaged, set(recipe.split(",")))
                isas = {self.variants(cpu)[id]["isa"] for id in loop["variants"].values()}
                self.assertEqual(isas, {"baseline", "avx2" if cpu == "Haswell" else "scalar"})

    def test_what_was_compiled_for_a_wider_machine_is_skipped(self):
        """If this machine has a feature, code for `native` was allowed to use it."""
        here = self.variants(None)
        for cpu, (_, lacking) in CPUS.items():
            isa = lacking.removesuffix("f")  # of the variants that need no more than this feature
            if not any(v["isa"] == isa and v["runnable"] for v in here.values()):
                continue
            for id, v in self.variants(cpu).items():
                if v["isa"] == "autovec":
                    with self.subTest(cpu, id=id):
                        self.assertFalse(v["runnable"])
                        self.assertRegex(v["reason"], rf"\b{lacking}\b")

    def test_an_instruction_too_new_is_found(self):
        for (flag, body), died in ((AVX2, {"qemu64"}), (AVX512, {"qemu64", "Haswell"})):
            program = build(self.folder / flag, PLANTED % body, flag)
            for cpu in CPUS:
                with self.subTest(cpu, flag=flag):
                    self.assertEqual(outcome(start(cpu, program))[0], -signal.SIGILL if cpu in died else 0)


if __name__ == "__main__":
    if not QEMU:
        print("skipped: no qemu-x86_64; tools/setup ci installs qemu-user")
        sys.exit(77)
    os.chdir(SOURCE)
    unittest.main()
