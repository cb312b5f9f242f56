"""GGUF v3 files of a few hundred bytes a tensor, written from the format's definition and nothing of bitproof's: where
fuzzing begins, and what a test of the reader compares with.
"""

import struct

U32, F32, STRING, ARRAY, I32 = 4, 6, 8, 9, 5
TYPE_F32, TYPE_F16, TYPE_Q8_0, TYPE_I2_S = 0, 1, 8, 36
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


def model(layers=1, head=False, vocabulary=True):
    """Metadata and tensors {name: (ne, type, bytes)} of a bitnet."""
    metadata = {
        "general.architecture": "bitnet",
        "bitnet.block_count": layers,
        "bitnet.context_length": 64,
        "bitnet.embedding_length": WIDTH,
        "bitnet.feed_forward_length": WIDTH,
        "bitnet.attention.head_count": 2,
        "bitnet.attention.head_count_kv": 1,
        "bitnet.attention.layer_norm_rms_epsilon": 1e-5,
        "bitnet.rope.freq_base": 10000.0,
    }
    if vocabulary:
        words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581", "a", "\u2581a"]
        metadata |= {
            "tokenizer.ggml.model": "llama",
            "tokenizer.ggml.tokens": words,
            "tokenizer.ggml.scores": [float(-i) for i in range(len(words))],
            "tokenizer.ggml.token_type": [2, 3, 3, *[6] * 256, 1, 1, 1],
            "tokenizer.ggml.bos_token_id": 1,
            "tokenizer.ggml.eos_token_id": 2,
        }
    ones = struct.pack(f"<{WIDTH}f", *[1.0] * WIDTH)
    table = b"".join(struct.pack("<e32b", 2**-8, *((row * 7 + i * 5) % 255 - 127 for i in range(WIDTH)))
                     for row in range(VOCAB))  # fmt: skip
    tensors = {"token_embd.weight": ([WIDTH, VOCAB], TYPE_Q8_0, table)}
    for layer in range(layers):
        for name in NORMS:
            tensors[f"blk.{layer}.{name}.weight"] = ([WIDTH], TYPE_F32, ones)
        for number, name in enumerate(MATRICES):
            rows = WIDTH // 2 if name in ("attn_k", "attn_v") else WIDTH
            trits = [trit(7 * layer + number, i) for i in range(rows * WIDTH)]
            tensors[f"blk.{layer}.{name}.weight"] = ([WIDTH, rows], TYPE_I2_S, i2_s(trits, 0.25))
    tensors["output_norm.weight"] = ([WIDTH], TYPE_F32, ones)
    if head:
        tensors["output.weight"] = ([WIDTH, VOCAB], TYPE_F16, struct.pack(f"<{WIDTH * VOCAB}e", *[0.5] * WIDTH * VOCAB))
    return metadata, tensors


def file(metadata, tensors):
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(text(key) + value(item) for key, item in metadata.items())
    data = b""
    for name, (ne, kind, content) in tensors.items():
        head += text(name) + struct.pack(f"<I{len(ne)}QIQ", len(ne), *ne, kind, len(data))
        data += content + bytes(-len(content) % 32)
    return head + bytes(-len(head) % 32) + data
