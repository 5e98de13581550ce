"""A whole night against a slow API: how much is added to the time that the API takes to answer."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datasets import ALL_FORMATS, FORMATS, NOW, clean
from processes import Command, Measured, say
from processes import measure as by_turns
from tables import digits, mib, seconds, table

if TYPE_CHECKING:
    from bench import Bench

ACCOUNTS, QUICK_ACCOUNTS = 100_000, 2_000
ANSWER_MILLIS = 20
# A night takes half a minute, and with half a million files some minutes: more than these tell nothing more.
RUNS_MAX, RUNS_WITH_ALL = 3, 1
PLAIN_PAGES = 200
FOLDER = "night"
START = "2026-10-31T23:40:00Z"
SLOW = f"slow,path=limit=,millis={ANSWER_MILLIS}"

SETTINGS = """\
label = "night"
archive = "archive"
reports = "reports"

[limits]
requests_per_second = 99

[report]
{report}"""


def measure(bench: "Bench") -> Iterator[str]:
    accounts = QUICK_ACCOUNTS if bench.quick else ACCOUNTS
    runs = min(bench.runs, RUNS_MAX)
    with bench.data.simulator(accounts, START, "--fault", SLOW) as env:
        pages, answer = walk(env)
        least = pages * answer
        rows = []
        for count, commands in ((runs, nights(bench, env)), (RUNS_WITH_ALL, nights_with_all(bench, env))):
            say(f"a night of {accounts:,} accounts: {', '.join(commands)}, measured runs: {count}")
            results = by_turns(list(commands.values()), count)
            rows += [row(name, result, least) for name, result in zip(commands, results, strict=True)]
    clean(bench.root / FOLDER)
    yield (
        f"## A night of {accounts:,} accounts\n\n"
        f"The simulated API takes {ANSWER_MILLIS} ms for each of {pages:,} pages. A plain client on one kept connection "
        f"had an answer after {answer * 1_000:.2f} ms on average, so that whoever asks for one page after another is not "
        f"done before {digits(least)} s. At most 99 requests a second. Medians.\n"
    )
    yield table(["", "runs", "s", "÷ pages × answer", "s on top", "peak MiB"], rows)


def row(name: str, result: Measured, least: float) -> list[str]:
    runs, on_top = str(len(result.samples)), digits(result.seconds - least)
    return [name, runs, seconds(result), f"{result.seconds / least:.3f}", on_top, mib(result)]


def nights(bench: "Bench", env: Mapping[str, str]) -> dict[str, Command]:
    """The evidence alone, and with the tables."""
    report = bench.data.without_line
    return {
        "`capture`": night(bench, env, report, "capture"),
        "`run`, CSV and Parquet": night(bench, env, report, "run", "--formats", FORMATS),
    }


def nights_with_all(bench: "Bench", env: Mapping[str, str]) -> dict[str, Command]:
    title = "`run`, all formats and all customers' files"
    return {title: night(bench, env, "", "run", "--formats", ALL_FORMATS)}


def night(bench: "Bench", env: Mapping[str, str], report: str, *words: str) -> Command:
    """A night with nothing before it."""
    folder = bench.root / FOLDER
    config = folder / "subledger.toml"

    def prepare() -> None:
        clean(folder)
        folder.mkdir(parents=True)
        config.write_text(SETTINGS.format(report=report))

    return Command([bench.binary, *words, "--config", config, "--now", NOW], env, prepare)


def walk(env: Mapping[str, str]) -> tuple[int, float]:
    """How many pages there are, and what one takes on average with a plain client."""
    address = urllib.parse.urlsplit(env["AHASEND_BASE_URL"])
    path = f"/v2/accounts/{env['AHASEND_ACCOUNT_ID']}/sub-accounts"
    headers = {"Authorization": f"Bearer {env['AHASEND_API_KEY']}"}
    connection = http.client.HTTPConnection(address.netloc)

    def ask(target: str) -> tuple[float, Any]:
        begun = time.perf_counter()
        connection.request("GET", target, headers=headers)
        body = connection.getresponse().read()
        return time.perf_counter() - begun, json.loads(body)

    try:
        _, state = ask("/_simulator/state")
        times: list[float] = []
        cursor, pages = None, -(-state["accounts"] // 100)
        while len(times) < min(pages, PLAIN_PAGES):
            query = {"limit": 100} | ({"after": cursor} if cursor else {})
            taken, page = ask(f"{path}?{urllib.parse.urlencode(query)}")
            times.append(taken)
            cursor = page["pagination"].get("next_cursor")
        return pages, sum(times) / len(times)
    finally:
        connection.close()
