#!/usr/bin/env python3
"""Measures subledger, and beside it what other tools take for the same; `run` starts it.

Each part prints its tables as soon as it is done: progress goes to stderr, Markdown to stdout and to `--out`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import machine
from datasets import Data
from parts import formats, growth, history, night, pairs, startup
from processes import Failed, Measured, end_on_signal, say

SIZES, QUICK_SIZES = [1_000, 100_000, 1_000_000], [1_000, 10_000]
RUNS, QUICK_RUNS = 5, 3
PARTS: dict[str, Callable[["Bench"], Iterator[str]]] = {
    "pairs": pairs.measure,
    "night": night.measure,
    "formats": formats.measure,
    "history": history.measure,
    "growth": growth.measure,
    "startup": startup.measure,
}
QUICK_PARTS = ["pairs", "formats", "history", "growth", "startup"]


@dataclass(frozen=True)
class Bench:
    """What is asked for, and what the parts share."""

    data: Data
    sizes: list[int]
    runs: int
    quick: bool
    all_peers: bool
    # What was measured of subledger and one peer, by size and peer: `growth` draws what `pairs` measured.
    pairs: dict[tuple[int, str], tuple[Measured, Measured]] = field(default_factory=dict)

    @property
    def binary(self) -> Path:
        return self.data.binary

    @property
    def python(self) -> str:
        return self.data.python

    @property
    def root(self) -> Path:
        return self.data.root


def numbers(text: str) -> list[int]:
    return sorted({int(number) for number in text.split(",")})


def names(text: str) -> list[str]:
    unknown = set(chosen := text.split(",")) - PARTS.keys()
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: none of {', '.join(PARTS)}")
    return [part for part in PARTS if part in chosen]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures subledger beside other tools.")
    parser.add_argument("--binary", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="about a minute: small sizes, fewer runs, no night")
    parser.add_argument("--sizes", type=numbers, help="accounts, with commas between them")
    parser.add_argument("--runs", type=int, help="how often each is run after a warm-up")
    parser.add_argument("--only", type=names, help=f"some of {','.join(PARTS)}")
    parser.add_argument("--all-peers", action="store_true", help="pandas and the standard library at every size")
    parser.add_argument("--out", type=Path, help="where the Markdown goes besides stdout")
    chosen = parser.parse_args()
    chosen.sizes = chosen.sizes or (QUICK_SIZES if chosen.quick else SIZES)
    chosen.runs = chosen.runs or (QUICK_RUNS if chosen.quick else RUNS)
    chosen.only = chosen.only or (QUICK_PARTS if chosen.quick else list(PARTS))
    return chosen


def pages(bench: Bench, parts: list[str]) -> Iterator[str]:
    yield machine.heading(bench.binary)
    yield machine.without(bench.data.without)
    for part in parts:
        say(f"== {part}")
        yield from PARTS[part](bench)


def main() -> int:
    end_on_signal()
    chosen = arguments()
    chosen.root.mkdir(parents=True, exist_ok=True)
    data = Data(chosen.root.resolve(), chosen.binary.resolve(), sys.executable)
    bench = Bench(data, chosen.sizes, chosen.runs, chosen.quick, chosen.all_peers)
    files = [sys.stdout, *([open(chosen.out, "w", encoding="utf-8")] if chosen.out else [])]
    try:
        for text in pages(bench, chosen.only):
            for file in files:
                print(text, file=file, flush=True)
    except Failed as failed:
        say(f"error: {failed}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
