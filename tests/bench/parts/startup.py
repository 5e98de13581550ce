"""What starting costs: the version, and a report that is too small to take any time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from processes import Command, Measured, run, say
from processes import measure as by_turns
from tables import digits, mib, table

if TYPE_CHECKING:
    from bench import Bench

RUNS, QUICK_RUNS = 50, 20
ACCOUNTS = 50


def measure(bench: "Bench") -> Iterator[str]:
    runs = QUICK_RUNS if bench.quick else RUNS
    report = bench.data.report(bench.data.of_size(ACCOUNTS))
    commands = {"`subledger --version`": Command([bench.binary, "--version"]), f"report of {ACCOUNTS} accounts": report}
    say(f"{runs} starts")
    for command in commands.values():
        run(command)
    rows = [row(name, result) for name, result in zip(commands, by_turns(list(commands.values()), runs), strict=True)]
    yield f"## Start\n\nMeasured runs: {runs}; medians.\n"
    yield table(["", "ms", "least..most", "peak MiB"], rows)


def row(name: str, result: Measured) -> list[str]:
    low, high = (digits(seconds * 1_000) for seconds in result.spread)
    return [name, digits(result.seconds * 1_000), f"{low}..{high}", mib(result)]
