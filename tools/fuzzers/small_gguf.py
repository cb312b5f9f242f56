"""GGUF v3 files of a few hundred bytes a tensor, written from the format's definition and nothing of bitproof's: where
fuzzing begins, and what a test of the reader compares with.
"""

import struct

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_F16, TYPE_Q8_0, TYPE_Q6_K, TYPE_TQ1_0, TYPE_TQ2_0, TYPE_I2_S = 0, 1, 8, 14, 34, 35, 36
MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
NORMS = ("attn_norm", "ffn_norm", "attn_sub_norm", "ffn_sub_norm")
WIDTH, VOCAB = 32, 262


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def value(item):
    if isinstance(item, str):
        return struct.pack("<I", STRING) + text(item)
    if isinstance(item, float):
        return struct.pack("<If", F32, item)
    if isinstance(item, bool):
        return struct.pack("<IB", BOOL, item)
    if isinstance(item, int):
        return struct.pack("<II", U32, item)
    if isinstance(item[0], str):
        return struct.pack("<IIQ", ARRAY, STRING, len(item)) + b"".join(map(text, item))
    kind, code = (F32, "f") if isinstance(item[0], float) else (I32, "i")
    return struct.pack("<IIQ", ARRAY, kind, len(item)) + struct.pack(f"<{len(item)}{code}", *item)


def trit(seed, i):
    """A fixed pseudo-random sequence of -1, 0, 1."""
    return (seed * 2654435761 + i * 40503 + (i * i) % 8191) % 65521 % 3 - 1


def i2_s(trits, scale):
    """128 weights in 32 bytes: weight j in byte j % 32, the first 32 in the uppermost bits."""
    out = bytearray()
    for block in range(0, len(trits), 128):
        for i in range(32):
            out.append(sum((trits[block + 32 * run + i] + 1) << (6 - 2 * run) for run in range(4)))
    return bytes(out) + struct.pack("<8f", scale, *[0] * 7)


def tq2_0(trits, scale):
    """256 weights in 66 bytes: two halves of 32 bytes, the first run of 32 in the lowest bits."""
    out = b""
    for block in range(0, len(trits), 256):
        codes = [t + 1 for t in trits[block : block + 256]]
        out += bytes(sum(codes[128 * h + 32 * run + m] << 2 * run for run in range(4)) for h in range(2) for m in range(32))
        out += struct.pack("<e", scale)
    return out


def tq1_0(trits, scale):
    """256 weights in 54 bytes: base-3 numbers of five trits, and four bytes of four."""
    out = b""
    for block in range(0, len(trits), 256):
        codes = [t + 1 for t in trits[block : block + 256]]
        groups = [[codes[m + 32 * n] for n in range(5)] for m in range(32)]
        groups += [[codes[160 + m + 16 * n] for n in range(5)] for m in range(16)]
        groups += [[codes[240 + j + 4 * n] for n in range(4)] + [0] for j in range(4)]
        numbers = [sum(digit * 3 ** (4 - n) for n, digit in enumerate(group)) for group in groups]
        out += bytes((256 * number + 242) // 243 for number in numbers) + struct.pack("<e", scale)
    return out


def q8_0(trits, scale):
    return b"".join(struct.pack("<e32b", scale, *trits[i : i + 32]) for i in range(0, len(trits), 32))


def floats(code):
    return lambda trits, scale: struct.pack(f"<{len(trits)}{code}", *(t * scale for t in trits))


ENCODERS = {TYPE_F32: floats("f"), TYPE_F16: floats("e"), TYPE_Q8_0: q8_0, TYPE_TQ1_0: tq1_0, TYPE_TQ2_0: tq2_0,
            TYPE_I2_S: i2_s}  # fmt: skip


def pieces():
    """A SentencePiece-style vocabulary of 262 tokens."""
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581", "a", "\u2581a"]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.scores": [float(-i) for i in range(len(words))],
        "tokenizer.ggml.token_type": [2, 3, 3, *[6] * 256, 1, 1, 1],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }


def byte_level():
    """A vocabulary of GPT-2's kind: the 256 bytes, two merged words and an end."""
    printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 256)]
    others = iter(range(256, 512))
    alphabet = [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": [*alphabet, "\u0120a", "ab", "\u0120ab", "<|end_of_text|>"],
        "tokenizer.ggml.token_type": [*[1] * 259, 3],
        "tokenizer.ggml.merges": ["\u0120 a", "a b", "\u0120 ab"],
        "tokenizer.ggml.eos_token_id": 259,
        "tokenizer.ggml.add_bos_token": False,
    }


def model(layers=1, head=False, vocabulary=True, architecture="bitnet", words=pieces, kinds=None, width=WIDTH, vocab=VOCAB,
          scales=()):  # fmt: skip
    """Metadata and tensors {name: (ne, type, bytes)}. `kinds` of matrices other than I2_S; `scales`: the matrices that
    have a scale tensor, of one number for attention and one a row for the others."""
    metadata = {
        "general.architecture": architecture,
        f"{architecture}.block_count": layers,
        f"{architecture}.context_length": 64,
        f"{architecture}.embedding_length": width,
        f"{architecture}.feed_forward_length": WIDTH,
        f"{architecture}.attention.head_count": 2,
        f"{architecture}.attention.head_count_kv": 1,
        f"{architecture}.attention.layer_norm_rms_epsilon": 1e-5,
        f"{architecture}.rope.freq_base": 10000.0,
    }
    if width != WIDTH:
        metadata |= {f"{architecture}.attention.{what}_length": WIDTH // 2 for what in ("key", "value")}
    if vocabulary:
        metadata |= words()
    if width == WIDTH:
        table = b"".join(struct.pack("<e32b", 2**-8, *((row * 7 + i * 5) % 255 - 127 for i in range(WIDTH)))
                         for row in range(vocab))  # fmt: skip
        tensors = {"token_embd.weight": ([width, vocab], TYPE_Q8_0, table)}
    else:  # blocks of 256: low nibbles, high pairs, 16 scales, d
        rows = (bytes((row * 31 + i * 17) % 256 for i in range(192)) + bytes(range(1, 17)) + struct.pack("<e", 2**-8)
                for row in range(vocab * width // 256))  # fmt: skip
        tensors = {"token_embd.weight": ([width, vocab], TYPE_Q6_K, b"".join(rows))}

    def ones(name, count):
        tensors[name] = ([count], TYPE_F32, struct.pack(f"<{count}f", *[1.0] * count))

    for layer in range(layers):
        for name in NORMS:
            if architecture != "llama" or "sub" not in name:
                ones(f"blk.{layer}.{name}.weight", WIDTH if "sub" in name else width)
        for number, name in enumerate(MATRICES):
            rows = WIDTH // 2 if name in ("attn_k", "attn_v") else width if name in ("attn_output", "ffn_down") else WIDTH
            cols = WIDTH if name in ("attn_output", "ffn_down") else width
            trits = [trit(7 * layer + number, i) for i in range(rows * cols)]
            kind = (kinds or {}).get(name, TYPE_I2_S)
            tensors[f"blk.{layer}.{name}.weight"] = ([cols, rows], kind, ENCODERS[kind](trits, 0.25))
            if name in scales:
                ones(f"blk.{layer}.{name}.scale", 1 if name.startswith("attn") else rows)
    ones("output_norm.weight", width)
    if head:
        tensors["output.weight"] = ([width, vocab], TYPE_F16, struct.pack(f"<{width * vocab}e", *[0.5] * width * vocab))
    return metadata, tensors


def variants():
    """{name: (metadata, tensors)}: every type, architecture, vocabulary and kind of scale, in a few files."""
    wide = {"attn_q": TYPE_TQ1_0, "attn_k": TYPE_TQ2_0, "ffn_gate": TYPE_TQ1_0, "ffn_up": TYPE_TQ2_0, "ffn_down": TYPE_Q8_0}
    aligned = {"general.alignment": 64}
    relu, relu_tensors = model(architecture="bitnet-b1.58", words=byte_level)
    return {
        "bitnet": model(),
        "bitnet-25": model(architecture="bitnet-25", kinds=wide, width=256, vocab=4, vocabulary=False),
        "bitnet-b1.58": (relu | aligned, relu_tensors),
        "llama": model(architecture="llama", head=True, kinds={"attn_v": TYPE_F16, "attn_output": TYPE_F32},
                       scales=("attn_q", "ffn_up")),
    }  # fmt: skip


def file(metadata, tensors):
    alignment = metadata.get("general.alignment", 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(text(key) + value(item) for key, item in metadata.items())
    data = b""
    for name, (ne, kind, content) in tensors.items():
        head += text(name) + struct.pack(f"<I{len(ne)}QIQ", len(ne), *ne, kind, len(data))
        data += content + bytes(-len(content) % alignment)
    return head + bytes(-len(head) % alignment) + data
