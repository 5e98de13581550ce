"""What each format costs, and what one customer more does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets import ALL_FORMATS, FORMATS, WITHOUT, Dataset, clean, write_settings
from processes import Command, Measured, say
from processes import measure as by_turns
from tables import digits, digits_of_mib, mib, seconds, table

if TYPE_CHECKING:
    from bench import Bench

SIZES, QUICK_SIZES = (10_000, 100_000), (200, 1_000)
# A set with everything for 100,000 customers is half a million files, which take minutes.
SMALL_RUNS_MAX, LARGE_RUNS, QUICK_RUNS = 3, 1, 1
ALL_PROFILES = 'csv_profiles = ["excel", "excel-eu"]\n'


@dataclass(frozen=True, slots=True)
class Way:
    """Some formats, and what the settings say of reports."""

    title: str
    formats: str
    report: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a report set took and what came of it."""

    measured: Measured
    files: int
    size: int


def measure(bench: "Bench") -> Iterator[str]:
    small, large = QUICK_SIZES if bench.quick else SIZES
    runs = QUICK_RUNS if bench.quick else min(bench.runs, SMALL_RUNS_MAX)
    rows, more = [], []
    for way in ways(bench):
        before, after = of_size(bench, way, small, runs), of_size(bench, way, large, LARGE_RUNS)
        rows += [row(way, small, before), row(way, large, after)]
        more.append([way.title, *one_more(before, after, large - small)])
    yield "## Formats\n\nEach sub account is its own customer. Medians.\n"
    yield table(["", "customers", "runs", "s", "peak MiB", "files", "MiB written"], rows)
    yield f"What one customer more costs, from {small:,} to {large:,}:\n"
    yield table(["", "ms", "KiB of memory", "files", "KiB written"], more)


def row(way: Way, size: int, result: Result) -> list[str]:
    measured, written = result.measured, digits_of_mib(result.size / (1 << 20))
    runs, files = str(len(measured.samples)), f"{result.files:,}"
    return [way.title, f"{size:,}", runs, seconds(measured), mib(measured), files, written]


def ways(bench: "Bench") -> list[Way]:
    found = [
        Way("CSV and Parquet", FORMATS, ""),
        Way("all formats", ALL_FORMATS, ""),
        Way("all formats, all three kinds of CSV", ALL_FORMATS, ALL_PROFILES),
    ]
    lean = Way(f"CSV and Parquet, without {', '.join(WITHOUT)}", FORMATS, bench.data.without_line)
    return [lean, *found] if bench.data.without else found


def of_size(bench: "Bench", way: Way, size: int, runs: int) -> Result:
    dataset = bench.data.of_size(size)
    config = dataset.folder / "formats.toml"
    write_settings(config, bench.data.parent_of(dataset), way.report)
    words = [bench.binary, "report", "--config", config, "--formats", way.formats]
    say(f"{size:,} customers: {way.title}")
    [measured] = by_turns([Command(words, prepare=lambda: clean(dataset.reports))], runs)
    files, written = content(dataset)
    clean(dataset.reports)
    return Result(measured, files, written)


def content(dataset: Dataset) -> tuple[int, int]:
    """How many files the set has, and their bytes."""
    sizes = [path.stat().st_size for path in dataset.set.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def one_more(small: Result, large: Result, customers: int) -> list[str]:
    quotient = [
        (large.measured.seconds - small.measured.seconds) * 1_000 / customers,
        (large.measured.peak_mib - small.measured.peak_mib) * 1_024 / customers,
        (large.files - small.files) / customers,
        (large.size - small.size) / 1_024 / customers,
    ]
    return [digits(number) for number in quotient]
