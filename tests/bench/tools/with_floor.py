"""What no tool goes below: it reads both files, looks at each byte once, writes as much as subledger, in one thread."""

from pathlib import Path

BLOCK_BYTES = 1 << 20


def work(data: Path, out: Path, like: Path) -> None:
    seen = [scan(data / name) for name in ("usage.json", "accounts.jsonl")]
    for name in ("chargeback.csv", "chargeback.parquet"):
        write(out / name, (like / name).stat().st_size, seen[-1])


def scan(path: Path) -> bytes:
    """Looks at each byte of a file; the last block of it. Counting a byte is a loop in C over all of a block."""
    last, newlines = b"\n", 0
    with open(path, "rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            last, newlines = block, newlines + block.count(b"\n")
    return last


def write(path: Path, size: int, filler: bytes) -> None:
    block = (filler * (BLOCK_BYTES // len(filler) + 1))[:BLOCK_BYTES]
    with open(path, "wb", buffering=0) as file:
        while size > 0:
            size -= file.write(block[:size])
