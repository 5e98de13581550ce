"""How time and memory grow with the accounts: subledger and its strongest peer, as a table and as a chart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chart import chart
from processes import Measured
from tables import digits, mib, seconds, table

from .pairs import STATEMENTS_SIZE_MAX, pair

if TYPE_CHECKING:
    from bench import Bench

PEER = "polars"
BETWEEN = 10_000


def measure(bench: "Bench") -> Iterator[str]:
    sizes = [size for size in sorted({*bench.sizes, BETWEEN}) if size <= max(bench.sizes)]
    if not bench.data.without:
        sizes = [size for size in sizes if size <= STATEMENTS_SIZE_MAX]
    results = {size: pair(bench, size, PEER) for size in sizes}
    yield f"## Growth\n\nsubledger and {PEER} by turns, the same work as above.\n"
    yield table(
        ["accounts", "subledger, s", "µs an account", "peak MiB", f"{PEER}, s", "µs an account", "peak MiB"],
        [[f"{size:,}", *figures(size, ours), *figures(size, theirs)] for size, (ours, theirs) in results.items()],
    )
    path = bench.root / "growth.svg"
    path.write_text(draw(results), encoding="utf-8")
    yield f"As a chart: `{path}`\n"


def figures(size: int, measured: Measured) -> list[str]:
    return [seconds(measured), digits(measured.seconds * 1e6 / size), mib(measured)]


def draw(results: dict[int, tuple[Measured, Measured]]) -> str:
    ours = {size: ours for size, (ours, _) in results.items()}
    theirs = {size: theirs for size, (_, theirs) in results.items()}
    both = {"subledger": ours, PEER: theirs}
    wall = {name: [(size, one.seconds) for size, one in line.items()] for name, line in both.items()}
    peak = {name: [(size, one.peak_mib) for size, one in line.items()] for name, line in both.items()}
    what = f"Wall time and peak memory of subledger and {PEER} over the number of sub accounts, on logarithmic axes"
    return chart(what, [("Wall time", "seconds", wall), ("Peak memory", "MiB", peak)], "sub accounts")
