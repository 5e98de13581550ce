"""A year of nights: how long the history takes, and whether twice the nights take twice the time."""

import datetime
import os
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import clean, once
from processes import Command, Measured, run, say
from processes import measure as by_turns
from tables import digits, mib, seconds, table

if TYPE_CHECKING:
    from bench import Bench

ACCOUNTS, QUICK_ACCOUNTS = 10_000, 1_000
NIGHTS, QUICK_NIGHTS = (92, 183, 365), (7, 14, 28)
START = datetime.datetime(2025, 11, 1, 23, 45, tzinfo=datetime.UTC)
EVERY_ACCOUNT = ["--by", "customer", "--output", "csv"]
QUESTIONS = {
    "`--by customer --output csv`": EVERY_ACCOUNT,
    "`--by customer --output parquet`": ["--by", "customer", "--output", "parquet"],
    "`--by customer`": ["--by", "customer"],
    "`--by pool --output csv`": ["--by", "pool", "--output", "csv"],
    "`--by pool`": ["--by", "pool"],
}
SETTINGS = """\
label = "history"
archive = "archive"

[limits]
requests_per_second = 99
"""


def measure(bench: "Bench") -> Iterator[str]:
    accounts = QUICK_ACCOUNTS if bench.quick else ACCOUNTS
    lengths = QUICK_NIGHTS if bench.quick else NIGHTS
    whole = year(bench, accounts, lengths[-1])
    say(f"the history of {lengths[-1]} nights, {bench.runs} times in {len(QUESTIONS)} ways")
    commands = [question(bench, whole, words) for words in QUESTIONS.values()]
    results = measured(commands, bench.runs)
    yield (
        f"## History of {lengths[-1]} nights, {accounts:,} accounts each\n\n"
        f"Captured from the simulator night by night, {archived(whole)}. Measured runs: {bench.runs} after a warm-up; "
        "medians. stdout goes nowhere.\n"
    )
    yield table(
        ["", "s", "peak MiB"],
        [[name, seconds(result), mib(result)] for name, result in zip(QUESTIONS, results, strict=True)],
    )
    say(f"the same of {' and '.join(map(str, lengths[:-1]))} nights")
    parts = [part(whole, nights) for nights in lengths[:-1]]
    shorter = measured([question(bench, folder, EVERY_ACCOUNT) for folder in parts], bench.runs)
    yield f"Whether it grows with the nights and no faster, with {next(iter(QUESTIONS))}:\n"
    yield table(
        ["nights", "s", "ms a night", "peak MiB"],
        [growth(nights, result) for nights, result in zip(lengths, [*shorter, results[0]], strict=True)],
    )


def measured(commands: list[Command], runs: int) -> list[Measured]:
    for command in commands:
        run(command)
    return by_turns(commands, runs)


def growth(nights: int, result: Measured) -> list[str]:
    return [str(nights), seconds(result), digits(result.seconds * 1_000 / nights), mib(result)]


def question(bench: "Bench", folder: Path, words: list[str]) -> Command:
    # From the first night on: without it, only the last billing period is told.
    return Command(
        [bench.binary, "history", "--config", folder / "subledger.toml", "--from", f"{START:%Y-%m-%d}", *words]
    )


def year(bench: "Bench", accounts: int, nights: int) -> Path:
    """The archive of so many nights; takes some minutes, once."""
    folder = bench.root / f"history-{accounts}-{nights}"
    once(folder, f"{START:%Y-%m-%d}, {SETTINGS}", lambda: capture(bench, folder, accounts, nights))
    return folder


def capture(bench: "Bench", folder: Path, accounts: int, nights: int) -> None:
    (folder / "subledger.toml").write_text(SETTINGS)
    with bench.data.simulator(accounts, at(0)) as env:
        for night in range(nights):
            if night % 30 == 0:
                say(f"capturing night {night + 1} of {nights}, {accounts:,} accounts each")
            words = [bench.binary, "capture", "--config", folder / "subledger.toml", "--now", at(night)]
            run(Command(words, env))
            advance(env)


def at(night: int) -> str:
    return f"{START + datetime.timedelta(days=night):%Y-%m-%dT%H:%M:%SZ}"


def advance(env: Mapping[str, str]) -> None:
    """A day passes in the simulator."""
    request = urllib.request.Request(f"{env['AHASEND_BASE_URL']}/_simulator/advance", data=b'{"days": 1}')
    with urllib.request.urlopen(request) as answer:
        answer.read()


def archived(folder: Path) -> str:
    sizes = [path.stat().st_size for path in (folder / "archive").rglob("capture=*/*")]
    return f"{len(sizes):,} files of {sum(sizes) / (1 << 20):,.0f} MiB"


def part(whole: Path, nights: int) -> Path:
    """The first nights alone, in a folder of their own, as links to the same files."""
    folder = whole / f"nights-{nights}"
    clean(folder)
    captures = sorted((whole / "archive").glob("*/*/capture=*"), key=lambda path: path.name)
    for capture in captures[:nights]:
        copy = folder / capture.relative_to(whole)
        copy.mkdir(parents=True)
        for file in capture.iterdir():
            os.link(file, copy / file.name)
    (folder / "subledger.toml").write_text(SETTINGS)
    return folder
