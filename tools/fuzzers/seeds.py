"""Where fuzzing begins: the suites, one run, some words and small models, each cut to what a mutation can change in one
step, and a dictionary of their words. usage: seeds.py CORPUS_FOLDER SUITES_FOLDER RUN_JSON
"""

import json
import re
import sys
from pathlib import Path

import small_gguf

WORDS = ("best", "rope rows=5,cols=64,batch=2,positions=37,mode=1,fill=random,seed=3", "none", "simd,tmac", "rope=scalar",
         "ternary_matmul rows=1,cols=65,batch=3,fill=extreme,seed=18446744073709551615",
         "rms_norm=rms_norm/avx2")  # fmt: skip

NEEDED = {"schema", "partial", "suite", "command", "seed", "failures", "machine"}  # without these a run is refused


def short(value):
    """The same run with lists of at most two."""
    if isinstance(value, dict):
        return {key: short(v) for key, v in value.items()}
    return [short(v) for v in value[:2]] if isinstance(value, list) else value


def counted(run):
    """A shortened run whose numbers have the samples that they say they have."""
    for result in filter(is_object, run.get("bench", [])):
        result.update(n=len(result["samples"]), samples_set_aside={})
    for arm in filter(is_object, run.get("arms", [])):
        if arm["tok_per_s"]:
            arm["tok_per_s"]["n"] = len(arm["samples"])
    return run


def is_object(value):
    return isinstance(value, dict)


def seeds(suites, run):
    for path in sorted(suites.glob("*.toml")):
        text = re.sub(r"(?m)^#.*\n", "", path.read_text())
        for number, table in enumerate(re.split(r"(?m)^(?=\[\[)", text)[1:]):
            yield "suite", f"{path.stem}-{number}", table
    for path in sorted((suites / "claims").rglob("*.toml")):  # the head, and some claims at a time
        head, *claims = re.split(r"(?m)^(?=\[\[claims\]\]\n)", path.read_text())
        for number in range(0, len(claims), 8):
            yield "claims", f"{path.stem}-{number}", head + "".join(claims[number : number + 8])
    run = counted(short(json.loads(run.read_text())))
    yield "run", "whole", json.dumps(run)
    for key in run.keys() - NEEDED:
        yield "run", f"only-{key}", json.dumps({k: v for k, v in run.items() if k in NEEDED | {key}})
    for number, text in enumerate(WORDS):
        yield "words", str(number), text


def binary_seeds():
    for name, parts in small_gguf.variants().items():
        yield "gguf", name, small_gguf.file(*parts)
    yield "gguf", "head", small_gguf.file(*small_gguf.model(head=True, vocabulary=False))
    yield "gguf", "metadata", small_gguf.file(small_gguf.model()[0], {})


def main(corpus, suites, run):
    found = {}
    for fuzzer, name, text in seeds(suites, run):
        folder = corpus / fuzzer
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"seed-{name}").write_text(text)
        found.setdefault(fuzzer, set()).update(re.findall(r"[\w.\[\]{}=,*/-]{2,40}", text))
    for fuzzer, name, content in binary_seeds():
        folder = corpus / fuzzer
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"seed-{name}").write_bytes(content)
    parts = [part for variant in small_gguf.variants().values() for part in variant]
    found["gguf"] = {key for part in parts for key in part if "tokens" not in key}
    for fuzzer, words in found.items():
        (corpus / f"{fuzzer}.dict").write_text("".join(f'"{w}"\n' for w in sorted(words)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
