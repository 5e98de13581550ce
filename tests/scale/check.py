"""Asks three engines one question of one archive, and compares the answers to the last digit.

    check.py SUBLEDGER FOLDER

FOLDER is what make.py made. Beyond the comparison it proves that the comparison can fail, that the tables say what the
evidence says, and that a compacted archive answers as before.
"""

import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import ask
import doc

DIFFERENCES_SHOWN_MAX = 10
# the rule that a configuration without `residual` has
DEFAULT_CONFIGURATION = '[allocation]\nresidual = "rate"\n'


class Results:
    def __init__(self):
        self.failed = 0

    def tell(self, label, problems):
        problems = list(problems)
        self.failed += bool(problems)
        print(f"{'FAILED' if problems else 'passed'} {label}")
        for problem in problems[:DIFFERENCES_SHOWN_MAX]:
            print(f"       {problem}")
        if len(problems) > DIFFERENCES_SHOWN_MAX:
            print(f"       and {len(problems) - DIFFERENCES_SHOWN_MAX} more")


def differences(one, other):
    """Where two answers differ, in words."""
    for key in sorted(one.keys() | other.keys()):
        figures, others = one.get(key, (0, Decimal(0))), other.get(key, (0, Decimal(0)))
        if figures != others or (key in one) != (key in other):
            period, kind, who, currency = key
            yield (f"{period} {kind} {who}: {figures[0]} messages and {figures[1]} {currency}, "
                   f"not {others[0]} and {others[1]}")


def change(one, other):
    """The keys that differ, and by how many messages."""
    keys = sorted(one.keys() | other.keys())
    grown = {key: other.get(key, (0,))[0] - one.get(key, (0,))[0] for key in keys}
    return {key: messages for key, messages in grown.items() if messages or one.get(key) != other.get(key)}


def sums(answer):
    """Messages, and cost by currency."""
    costs = Counter()
    for (_, _, _, currency), (_, cost) in answer.items():
        costs[currency] += cost
    return sum(messages for messages, _ in answer.values()), dict(sorted(costs.items()))


def by_period(answer):
    """What has no customer in it, so that it does not depend on whose removed usage was."""
    pools = {}
    for (period, _, _, currency), (messages, cost) in answer.items():
        before = pools.get((period, "pool", "all", currency), (0, Decimal(0)))
        pools[period, "pool", "all", currency] = (before[0] + messages, before[1] + cost)
    return pools


def copy(folder, name):
    to = folder.parent / name
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to, symlinks=True))


def tables(folder):
    return sorted(folder.glob("archive/parent=*/period=*/capture=*/usage.parquet"))


def rewrite(path, change):
    """Puts other rows into a table; its columns stay as they are."""
    table = pq.ParquetFile(path).read()
    rows = change(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path, compression="zstd")


def closed(folder):
    """The folders of closed periods."""
    return sorted({path.parents[1] for path in folder.glob("archive/parent=*/period=*/close=*/close.json")})


def message_more(rows):
    """One account's running total is one message more."""
    first = next(row for row in rows if row["bucket"] == "sub_account" and row["messages"])
    first["messages"] += 1
    return rows


def line_less(rows):
    """One account is not there."""
    return [row for row in rows if row["account_id"] != rows[1]["account_id"]]


def half_compacted(folder):
    """A copy as a killed compaction leaves it: one table for all of a closed period, and the old ones as well."""
    half = copy(folder, "half")
    for period in closed(half):
        (period / "capture=all").mkdir()
        with duckdb.connect() as connection:
            source = f"read_parquet('{period}/capture=2*/usage.parquet', hive_partitioning = false)"
            connection.execute(f"copy (from {source}) to '{period}/capture=all/usage.parquet' (format parquet)")
    return half


def compacted(subledger, folder):
    """A copy on which `subledger archive compact` was run for each parent; nothing if there is no such command."""
    known = subprocess.run([subledger, "archive", "compact", "--help"], capture_output=True)
    if known.returncode:
        return None
    small = copy(folder, "compacted")
    for parent in sorted({parent for parent, _ in ask.periods(small)}):
        env = os.environ | {"AHASEND_ACCOUNT_ID": parent}
        command = [subledger, "--quiet", "archive", "compact"]
        done = subprocess.run(command, cwd=small, env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"`archive compact` ended with {done.returncode}: {done.stdout}{done.stderr}")
    return small


def without_tables(folder):
    bare = copy(folder, "bare")
    for path in tables(bare):
        path.unlink()
    return bare


def unproved(subledger, folder):
    """What `subledger verify` says where it is not content."""
    for parent in sorted({parent for parent, _ in ask.periods(folder)}):
        env = os.environ | {"AHASEND_ACCOUNT_ID": parent}
        done = subprocess.run([subledger, "verify"], cwd=folder, env=env, capture_output=True, text=True)
        if done.returncode:
            yield f"{parent}: {done.returncode}, {done.stdout}{done.stderr}"


def coverage(folder):
    """How often the data have what the question is hard for; none of it may be missing."""
    gone = """
        with nights as (
          select parent, captured_at, row_number() over (partition by parent order by captured_at) as night
          from usage where bucket = 'removed'),
        seen as (select parent, night, lead(night) over (partition by parent, account_id order by night) as next_night
          from usage join nights using (parent, captured_at) where bucket = 'sub_account')
        select parent, night, count(*) as accounts from seen
        where coalesce(next_night, 0) <> night + 1 and (parent, night + 1) in (select (parent, night) from nights)
        group by all"""
    counts = {
        "days with two captures": "from (select 1 from usage where bucket = 'removed' "
                                 "group by parent, period, cast(captured_at as date) having count(*) > 1)",
        "nights on which one account went": f"from ({gone}) where accounts = 1",
        "nights on which several went": f"from ({gone}) where accounts > 1",
        "accounts that change hands": "from customers where effective_to is not null",
        "accounts without an owner": "from (select distinct account_id from usage where bucket = 'sub_account' "
                                     "except select sub_account_id from customers)",
        "customers of several parents": "from (select 1 from usage join customers on account_id = sub_account_id "
                                        "group by customer_id having count(distinct parent) > 1)",
    }
    with ask.duckdb_at(folder) as connection:
        found = {what: connection.execute(f"select count(*) {query}").fetchone()[0] for what, query in counts.items()}
    return found | {"closed periods": len(closed(folder))}


def table(engines):
    print(f"\n{'engine':<28} {'rows':>5} {'messages':>12}  {'cost':<64} seconds")
    for engine, (answer, seconds) in engines.items():
        messages, costs = sums(answer)
        told = "  ".join(f"{cost} {currency}" for currency, cost in costs.items())
        print(f"{engine:<28} {len(answer):>5} {messages:>12,}  {told:<64} {seconds:>7.1f}")
    print()


def timed(function, *arguments):
    begun = time.perf_counter()
    return function(*arguments), time.perf_counter() - begun


def main(subledger, folder):
    subledger, folder, results = Path(subledger).resolve(), Path(folder).resolve(), Results()
    found = coverage(folder)
    print(", ".join(f"{count} {what}" for what, count in found.items()))
    results.tell("the data have every case", (f"no {what}" for what, count in found.items() if not count))
    results.tell("the documented text is what is run", doc.differences())
    told = ask.doubts(folder)
    results.tell("`subledger verify` is content with the archive", unproved(subledger, folder))
    results.tell("the archive is as the SQL takes it to be", (f"{doubt}: {cases}" for doubt, cases in told.items()))

    history, history_seconds = timed(ask.ask_history, subledger, folder)
    duck, duck_seconds = timed(ask.ask_duckdb, folder)
    altered = copy(folder, "altered")
    # the last capture of a period: what one before it says of an account is overtaken
    changed = tables(altered)[-1]
    rewrite(changed, message_more)
    folders = {"archive": folder, "altered": altered, "half": half_compacted(folder)}
    if small := compacted(subledger, folder):
        folders["compacted"] = small
    start, spark = ask.ask_spark(*folders.values())
    spark = dict(zip(folders, spark, strict=True))
    master = os.environ.get("SPARK_MASTER", "local[2]")
    table({
        "subledger history": (history, history_seconds),
        "DuckDB": (duck, duck_seconds),
        f"Spark {master}": spark["archive"],
    })
    later = spark["half"][1]
    print(f"Spark took {start:.1f} s to start, and compiles in its first answer; a later one took {later:.1f} s")

    results.tell("DuckDB answers as `subledger history` does", differences(history, duck))
    results.tell("Spark answers as `subledger history` does", differences(history, spark["archive"][0]))
    bare = without_tables(folder)
    proved = ask.ask_history(subledger, bare)
    results.tell("the evidence without its tables gives the same", differences(history, proved))

    (folder / "default.toml").write_text(DEFAULT_CONFIGURATION)
    rate = ask.ask_history(subledger, folder, "--config", "default.toml")
    label = f"`residual = \"rate\"` moves usage between {len(change(history, rate))} rows, and none between periods"
    results.tell(label, differences(by_period(history), by_period(rate)))

    # one row differs, by that one message, in that one period
    engines = {"DuckDB": ask.ask_duckdb(altered), "Spark": spark["altered"][0]}
    engines["history"] = ask.ask_history(subledger, altered)
    for engine, answer in engines.items():
        grown = change(history, answer)
        is_seen = list(grown.values()) == [1] and next(iter(grown))[0] == changed.parts[-3].removeprefix("period=")
        label = f"{engine} fails the comparison if one table has one message more"
        results.tell(label, [] if is_seen else [f"what differs: {grown}"])
    told = list(unproved(subledger, altered))
    is_named = len(told) == 1 and ": 13, " in told[0] and changed.parent.name in told[0]
    results.tell("`subledger verify` names that table", [] if is_named else ["it does not", *told])
    rewrite(tables(altered)[-2], line_less)
    results.tell("an account that is missing for one night raises a doubt", [] if ask.doubts(altered) else ["none"])

    half = ask.ask_duckdb(folders["half"])
    results.tell("DuckDB answers the same while a compaction is half done", differences(duck, half))
    results.tell("Spark answers the same while a compaction is half done", differences(duck, spark["half"][0]))
    if small:
        print(f"compacted: {len(tables(folder))} tables became {len(tables(small))}")
        results.tell("a table for each closed period", (
            f"{period} has not one" for period in closed(small)
            if [path.parent.name for path in period.glob("capture=*/usage.parquet")] != ["capture=all"]))
        results.tell("`subledger history` answers as before", differences(history, ask.ask_history(subledger, small)))
        results.tell("DuckDB answers as before", differences(history, ask.ask_duckdb(small)))
        results.tell("Spark answers as before", differences(history, spark["compacted"][0]))
        results.tell("`subledger verify` is content with it", unproved(subledger, small))
    else:
        print("skipped: this program has no `archive compact`, so the archive was asked as it is only")

    if results.failed:
        print(f"{results.failed} failed")
        return 1
    print(f"one answer from three engines: {len(history)} rows, {sums(history)[0]:,} messages")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
