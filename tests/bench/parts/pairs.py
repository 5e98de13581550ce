"""subledger and one peer after the other, by turns: the same data, the same table."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import HERE, Dataset, clean
from processes import Command, Failed, Measured, run, say
from processes import measure as by_turns
from tables import mib, ratio, seconds, table

if TYPE_CHECKING:
    from bench import Bench

# The strongest first. Those in Python alone take minutes at a million, and are left out there unless asked for.
PEERS = ["polars", "duckdb", "pandas", "stdlib", "floor", "copy"]
# These compute nothing: they are given our own set.
GIVEN_OURS = {"floor", "copy"}
QUICK_PEERS = ["polars", "duckdb", "floor"]
SLOW_PEERS, SLOW_SIZE_MAX = {"pandas", "stdlib"}, 100_000
# A folder with some files for each of a million customers is another benchmark.
STATEMENTS_SIZE_MAX = 100_000
TITLES = {"stdlib": "standard library (no Parquet)", "copy": "polars, copying our table"}

NOTE = """\
From the answers of one night to the chargeback as CSV and Parquet: the whole process, wall time. Each peer runs by
turns with subledger after a warm-up of both. Measured runs: {runs}; medians, with the least and the most in brackets.
subledger reads its archive, unpacks it, checks every hash, writes 33 columns and syncs them to the disk before it
publishes them. Peers read plain files, write 9 columns and sync nothing. The floor reads the peers' files, looks at
each byte once and writes as many bytes as subledger's CSV and Parquet have, in one thread; below 10,000 accounts it is the
start of Python and not much more. The copy is polars reading our Parquet and writing it again, as CSV and as Parquet: what the
output alone takes.
"""


def measure(bench: "Bench") -> Iterator[str]:
    yield "## The chargeback, beside other tools\n\n" + NOTE.format(runs=bench.runs)
    for size in bench.sizes:
        if size > STATEMENTS_SIZE_MAX and not bench.data.without:
            yield f"Left out: {size:,} accounts, because this subledger would write files for each customer.\n"
        else:
            yield of_size(bench, size)


def of_size(bench: "Bench", size: int) -> str:
    peers = peers_at(bench, size)
    results = {peer: pair(bench, size, peer) for peer in peers}
    ours = sum((ours for ours, _ in results.values()), Measured([]))
    rows = [["**subledger**", seconds(ours), mib(ours), "", ""]]
    for peer, (beside, theirs) in results.items():
        quotient = ratio(beside, theirs)
        rows.append([TITLES.get(peer, peer), seconds(theirs), mib(theirs), seconds(beside), quotient])
    head = [f"{size:,} accounts", "s", "peak MiB", "subledger by turns with it, s", "subledger ÷ it"]
    return table(head, rows) + "\n" + agreement(bench, bench.data.of_size(size), peers)


def peers_at(bench: "Bench", size: int) -> list[str]:
    peers = QUICK_PEERS if bench.quick and not bench.all_peers else PEERS
    return [peer for peer in peers if bench.all_peers or size <= SLOW_SIZE_MAX or peer not in SLOW_PEERS]


def pair(bench: "Bench", size: int, peer: str) -> tuple[Measured, Measured]:
    """subledger and the peer; measured once for all parts."""
    if (size, peer) not in bench.pairs:
        dataset = bench.data.of_size(size)
        commands = [bench.data.report(dataset), command_of(bench, dataset, peer)]
        say(f"{size:,} accounts: subledger and {peer} by turns")
        for command in commands:
            run(command)
        ours, theirs = by_turns(commands, bench.runs)
        bench.pairs[size, peer] = ours, theirs
    return bench.pairs[size, peer]


def command_of(bench: "Bench", dataset: Dataset, peer: str) -> Command:
    out = dataset.folder / "out" / peer
    words = [HERE / "peers.py", "--peer", peer, "--data", dataset.folder, "--out", out]
    if peer in GIVEN_OURS:
        words += ["--like", kept_set(bench, dataset)]
        # The floor goes without what Python would look for at its start.
        flags = ["-S"] if peer == "floor" else []
        return Command([bench.python, *flags, *words], prepare=lambda: clean(out))
    return Command([bench.python, *words], prepare=lambda: clean(out), check=lambda told: check_sides(dataset, told))


def kept_set(bench: "Bench", dataset: Dataset) -> Path:
    """The report set; where none is there, one is made."""
    if not (dataset.reports / "bench").is_dir():
        run(bench.data.report(dataset))
    return dataset.set


def check_sides(dataset: Dataset, told: str) -> None:
    """Whether a peer found what is on one side only."""
    about = dataset.about
    expected = f"unlisted {about['unlisted']}, unbilled {about['unbilled']}"
    if expected not in told:
        raise Failed(f"a peer found something else than {expected}:\n{told}")


def agreement(bench: "Bench", dataset: Dataset, peers: list[str]) -> str:
    """Compares the tables that were written last, and says what came of it."""
    others = [f"{peer}={dataset.folder / 'out' / peer}" for peer in peers if peer not in GIVEN_OURS]
    say(f"{dataset.count:,} accounts: comparing every row of {', '.join(peers)}")
    words = [bench.python, HERE / "agree.py", "--data", dataset.folder, "--set", dataset.set, *others]
    found = dataset.folder / "agreement.txt"
    run(Command(words, stdout=found))
    return "\n".join(f"- {line}" for line in found.read_text(encoding="utf-8").splitlines()) + "\n"
