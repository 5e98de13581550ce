"""The data below `target/bench`: made once for each size, captured by the program itself, and kept."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import Command, Failed, run, say, server

HERE = Path(__file__).resolve().parent
NOW = "2026-10-31T23:45:00Z"
# Parts of a report set that the peers do not make either; a program that does not know the setting makes them.
WITHOUT = ["statements", "caps", "tail"]
WITHOUT_LINE = f"without = {WITHOUT}\n".replace("'", '"')
FORMATS = "csv,parquet"
ALL_FORMATS = "csv,parquet,xlsx,html,focus"

# A million accounts are 10,000 pages and 150 MB of usage: a little more than both is let in.
SETTINGS = """\
account_id = "{parent_id}"
label = "bench"
archive = "archive"
reports = "reports"

[allocation]
weights = "messages"

[limits]
requests_per_second = 99
page_count_max = 20000
body_mib_max = 512

[report]
{report}"""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One size of the data: `usage.json` and `accounts.jsonl`, and the archive of the same bytes."""

    folder: Path
    count: int

    @property
    def config(self) -> Path:
        return self.folder / "subledger.toml"

    @property
    def about(self) -> dict[str, Any]:
        """What is in it."""
        about: dict[str, Any] = json.loads((self.folder / "about.json").read_text(encoding="utf-8"))
        return about

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def set(self) -> Path:
        """The report set that was published last."""
        return next((self.reports / "bench").glob("*/latest")).resolve()


def clean(folder: Path) -> None:
    """Removes a folder, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def knows_without(binary: Path, scratch: Path) -> bool:
    """Whether the program knows the setting: whether it says the same of an empty archive with it and without it."""
    told = [complaint(binary, scratch, lines) for lines in ("", WITHOUT_LINE)]
    return told[0] == told[1]


def complaint(binary: Path, scratch: Path, lines: str) -> str:
    clean(scratch)
    scratch.mkdir(parents=True)
    config = scratch / "subledger.toml"
    config.write_text(f'archive = "nowhere"\n[report]\n{lines}')
    try:
        run(Command([binary, "history", "--config", config]))
    except Failed as failed:
        return str(failed)
    finally:
        clean(scratch)
    raise Failed("a history of an archive that is not there")


class Data:
    """Where the data is, and what makes it."""

    def __init__(self, root: Path, binary: Path, python: str) -> None:
        self.root, self.binary, self.python = root, binary, python
        self.without = knows_without(binary, root / "probe")

    @property
    def without_line(self) -> str:
        """The setting, if the program knows it."""
        return WITHOUT_LINE if self.without else ""

    def of_size(self, count: int) -> Dataset:
        """The data of so many accounts; makes it where it is not there yet."""
        dataset = Dataset(self.root / str(count), count)
        made_by = fingerprint("generate.py", "serve.py")
        once(dataset.folder, made_by, lambda: self.make(dataset))
        # written each time: the program may know the setting by now
        write_settings(dataset.config, self.parent_of(dataset), self.without_line)
        return dataset

    def make(self, dataset: Dataset) -> None:
        say(f"making the data of {dataset.count:,} accounts")
        generate = [self.python, HERE / "generate.py", "--accounts", dataset.count, "--out", dataset.folder]
        run(Command(generate))
        write_settings(dataset.config, self.parent_of(dataset), "")
        pages = -(-dataset.count // 100)
        say(f"capturing them: {pages:,} pages and {max(1, dataset.count // 1000):,} lookups, 99 a second")
        with server([self.python, HERE / "serve.py", "--data", dataset.folder, "--now", NOW]) as env:
            run(Command([self.binary, "capture", "--config", dataset.config, "--now", NOW], env))

    def parent_of(self, dataset: Dataset) -> str:
        return str(dataset.about["parent_id"])

    def report(self, dataset: Dataset) -> Command:
        """The report that everything here is about."""
        words = [self.binary, "report", "--config", dataset.config, "--formats", FORMATS]
        return Command(words, prepare=lambda: clean(dataset.reports))

    @contextmanager
    def simulator(self, accounts: int, start: str, *more: str) -> Iterator[dict[str, str]]:
        """A simulated API whose clock stands still."""
        words = [self.binary, "simulate", "--accounts", accounts, "--port", "0", "--clock", "frozen", "--start", start]
        with server([*words, *more]) as env:
            yield env


def write_settings(path: Path, parent_id: str, report: str) -> None:
    path.write_text(SETTINGS.format(parent_id=parent_id, report=report))


def fingerprint(*names: str) -> str:
    """A hash of the files that decide what the data is."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in names)).hexdigest()


def once(folder: Path, made_by: str, make: Callable[[], None]) -> None:
    """Makes a folder unless it is there as a whole, made by the same."""
    mark = folder / "made-by"
    if mark.is_file() and mark.read_text() == made_by:
        return
    clean(folder)
    folder.mkdir(parents=True)
    make()
    mark.write_text(made_by)
