"""What an archive of many parent accounts takes: objects, bytes, requests, time and money.

    plan.py                        prints the plan from measured.json and the prices below
    plan.py --measure SUBLEDGER    measures first: captures of a simulated API, into a store on this machine that counts

To measure wants what `run` installs, a release build and Linux, and takes some ten minutes. To print wants nothing.
"""

import datetime as dt
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEASURED = Path(__file__).with_name("measured.json")
SIZES = [1_000, 10_000, 100_000]
# so many that the look for the last one in the chain is at its full depth
NIGHTS = 10

PARENTS, ACCOUNTS, DAYS, MONTHS, CUSTOMERS = 1_000, 100_000, 365, 12, 1_000
AT_ONCE = 32

# Assumptions: list prices of us-east-1 in US dollars, without tax, as known in November 2026. Look them up before use.
STANDARD, INSTANT = 0.023, 0.004  # S3 Standard and S3 Glacier Instant Retrieval, a GB and month
PUT, GET = 0.005, 0.0004  # 1,000 PUT or LIST, 1,000 GET or HEAD
MOVE, FETCH, FETCH_GET = 0.02, 0.03, 0.01  # 1,000 objects moved to Instant Retrieval; a GB, and 1,000 GET from there
MOVED_BYTES_MIN = 128 * 1024  # smaller objects stay where they are
ATHENA = 5.00  # a TB scanned
MACHINE = 0.20  # an hour of 4 cores and 16 GiB
GB, TB = 1e9, 1e12
# columns of a table that the question does not read
NOT_ASKED = {"account_name", "account_status", "monthly_credit"}


# ---- measuring ----


def measured_run(command, env, folder):
    """Seconds, seconds of the processor, and peak memory in MiB."""
    begun, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=out, stderr=out)
        # not the peak of its usage when it ends: in that the memory of this program counts as well
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", status))])
            time.sleep(0.01)
        _, status, used = ended
        process.returncode = status
        seconds = time.perf_counter() - begun
        if status:
            out.seek(0)
            sys.exit(f"`{' '.join(map(str, command))}` failed: {out.read().decode()[-2000:]}")
    return {"seconds": round(seconds, 2), "cpu": round(used.ru_utime + used.ru_stime, 2), "mib": peak // 1024}


def measure(subledger, accounts):
    import make
    from store import Store

    print(f"measuring {accounts:,} accounts", file=sys.stderr)
    make.ACCOUNTS = accounts
    store, begin = Store(), dt.datetime(2026, 8, 1)
    parent = {"seed": 1, "currency": "eur", "rounding": "4", "first": begin}
    nights = [begin + 11 * make.DAY + make.EVENING + number * make.DAY for number in range(NIGHTS)]
    with tempfile.TemporaryDirectory() as folder, make.simulated(
        subledger, Path(folder), parent, make.stamp(nights[0])
    ) as api:
        folder, env = Path(folder), api.env | store.env

        def run(*arguments):
            store.taken()
            used = measured_run([subledger, "--quiet", *arguments, "--archive", "s3://bucket/ahasend"], env, folder)
            requests, read_bytes = store.taken()
            return used | {"requests": requests, "read_bytes": read_bytes}

        for at in nights:
            api.control("advance", to=make.stamp(at))
            capture = run("capture", "--now", make.stamp(at))
        of_last = nights[-1].strftime("/capture=%Y%m%dT%H%M%SZ/")
        objects = {key.rpartition("/")[2]: len(body) for key, body in store.objects.items() if of_last in key}
        tables = save_tables(store, folder)
        write_customers(tables[-1], folder / "customers.csv")
        found = {
            "objects": objects,
            "question_bytes": question_bytes(tables[-1]),
            "capture": capture,
            "history": run("history", "--by", "customer", "--output", "csv"),
            "report": run("report", "--formats", "csv"),
            "duckdb": measured_run([sys.executable, "-B", Path(__file__).with_name("ask.py"), folder], env, folder),
        }
        if subprocess.run([subledger, "archive", "compact", "--help"], capture_output=True).returncode:
            return found | {"compacted_bytes": compacted_by_duckdb(tables), "compacted_by": "DuckDB"}
        accepted = [f"--accept-{what}=a simulated month" for what in ("rest", "tail", "gaps", "errors")]
        run("close", "--now", "2026-09-03T00:00:00Z", "--period", "2026-08-01", "--formats", "csv",
            "--invoice-number", "1", "--amount", "1.00", *accepted)
        compaction = run("archive", "compact")
        sizes = [len(body) for key, body in store.objects.items() if key.endswith("/capture=all/usage.parquet")]
        return found | {"compacted_bytes": sum(sizes), "compacted_by": "archive compact", "compaction": compaction}


def save_tables(store, folder):
    """The tables as files, in folders as in the store."""
    for key, body in store.objects.items():
        if key.endswith("/usage.parquet"):
            path = folder / "archive" / key.removeprefix("ahasend/")
            path.parent.mkdir(parents=True)
            path.write_bytes(body)
    return sorted(folder.glob("archive/*/*/*/usage.parquet"))


def write_customers(table, to):
    import pyarrow.parquet as pq

    ids = pq.ParquetFile(table).read(["account_id"])["account_id"].to_pylist()
    numbered = enumerate(sorted(filter(None, ids)))
    rows = "".join(f"{account},c{number % CUSTOMERS},C{number % CUSTOMERS},,\n" for number, account in numbered)
    to.write_text("sub_account_id,customer_id,customer_name,effective_from,effective_to\n" + rows)


def question_bytes(table):
    """Bytes of the columns that the question reads."""
    import pyarrow.parquet as pq

    metadata = pq.ParquetFile(table).metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    return sum(column.total_compressed_size for column in columns if column.path_in_schema not in NOT_ASKED)


def compacted_by_duckdb(tables):
    import duckdb

    to = tables[0].with_name("all")
    with duckdb.connect() as connection:
        source = f"read_parquet({[str(path) for path in tables]}, hive_partitioning = false)"
        connection.execute(f"copy (from {source}) to '{to}' (format parquet, compression zstd)")
    return to.stat().st_size


# ---- planning ----


def of_kind(size, start):
    return sum(length for name, length in size["objects"].items() if name.startswith(start))


def row(label, *cells):
    return f"{label:<58}" + "".join(f"{cell:>15}" for cell in cells)


def count(number):
    return f"{number:,.0f}"


def measured_lines(measured):
    sizes = {int(accounts): size for accounts, size in measured["sizes"].items()}
    each = lambda label, tell: row(label, *(tell(accounts, size) for accounts, size in sizes.items()))
    table = lambda size: size["objects"]["usage.parquet"]
    requests = lambda what, *kinds: lambda _, size: count(sum(size[what]["requests"].get(kind, 0) for kind in kinds))
    used = lambda what: lambda _, size: "{seconds:.1f} {cpu:.1f} {mib}".format(**size[what])
    by = ", ".join(sorted({size["compacted_by"] for size in sizes.values()}))
    yield f"measured {measured['date']}, {measured['version']}, {measured['machine']}; {NIGHTS} nights"
    yield each("sub accounts", lambda accounts, _: count(accounts))
    yield each("bytes of a capture: usage.json.zst", lambda _, size: count(of_kind(size, "usage.json")))
    yield each("  accounts-*.json.zst", lambda _, size: count(of_kind(size, "accounts-")))
    yield each("  capture.json and its seal", lambda _, size: count(of_kind(size, "capture.json")))
    yield each("  usage.parquet", lambda _, size: count(table(size)))
    yield each("    of it the columns of the question", lambda _, size: f"{size['question_bytes'] / table(size):.0%}")
    yield each(f"    in one table for all nights ({by})", lambda _, size: count(size["compacted_bytes"] / NIGHTS))
    yield each("bytes per account and night, all in all",
               lambda accounts, size: f"{sum(size['objects'].values()) / accounts:.1f}")
    yield each("objects of a capture", lambda _, size: len(size["objects"]))
    yield each("requests of a capture: PUT, LIST", requests("capture", "PUT", "LIST"))
    yield each("  GET, HEAD", requests("capture", "GET", "HEAD"))
    yield each("  of history, all nights: GET", requests("history", "GET"))
    yield each("seconds, processor seconds, peak MiB: capture", used("capture"))
    yield each("  history --by customer, all nights", used("history"))
    yield each("  report of the last night, CSV only", used("report"))
    yield each("  the question in DuckDB, all nights", used("duckdb"))
    *_, (fewer, small), (more, large) = sizes.items()
    grown = lambda what: (large[what]["mib"] - small[what]["mib"]) * 2**20 / 1_000 / (more - fewer)
    yield row("KB for each more account: capture, history, report",
              " ".join(f"{grown(what):.1f}" for what in ("capture", "history", "report")))
    if all("compaction" in size for size in sizes.values()):
        yield each("  archive compact", used("compaction"))


def planned_lines(measured):
    size = measured["sizes"][str(ACCOUNTS)]
    captures, nights = PARENTS * DAYS, DAYS / MONTHS
    table, compacted = size["objects"]["usage.parquet"], size["compacted_bytes"] / NIGHTS
    proof, objects = sum(size["objects"].values()) - table, len(size["objects"])
    terabytes = (f"{captures * length / TB:.2f}" for length in (proof, table, compacted))
    yield f"planned: {PARENTS:,} parents x {ACCOUNTS:,} sub accounts x {DAYS} nights, a capture a night"
    yield row("billion rows; million objects", f"{captures * ACCOUNTS / 1e9:.1f}", f"{captures * objects / 1e6:.2f}")
    yield row("TB of evidence; of tables; of tables compacted", *terabytes)
    yield row("files of tables in a year; compacted", count(captures), count(PARENTS * MONTHS))
    yield row("  in a month; compacted", count(PARENTS * nights), count(PARENTS))
    yield row("  MB of each; compacted", f"{table / 1e6:.1f}", f"{compacted * nights / 1e6:.0f}")
    month = lambda length: PARENTS * nights * length / GB
    stock = MONTHS * (MONTHS + 1) / 2
    moved = sum(length > MOVED_BYTES_MIN for name, length in size["objects"].items() if name != "usage.parquet")
    lean = MONTHS * month(proof + table) * STANDARD + (stock - MONTHS) * month(proof + compacted) * INSTANT
    lean += captures * moved / 1e3 * MOVE
    yield "dollars: all in S3 Standard; compacted, and in Instant Retrieval after a month"
    yield row("  of the first year", count(stock * month(proof + table) * STANDARD), count(lean))
    yield row("  of each month after it, for what there is by then",
              count(MONTHS * month(proof + table) * STANDARD), count(MONTHS * month(proof + compacted) * INSTANT))
    yield row("  to verify all that there is by then", count(captures * objects / 1e3 * GET),
              count(captures * (proof / GB * FETCH + objects / 1e3 * FETCH_GET)))
    share = size["question_bytes"] / table
    read = share * month(table), share * month(compacted)
    yield row("GB that the question reads of a month; compacted", *map(count, read))
    dollars = (f"{price:.2f}" for price in (read[1] / 1e3 * ATHENA, read[1] * FETCH))
    yield row("  dollars of one read in Athena; out of Instant Retrieval", *dollars)
    asked = size["capture"]["requests"]
    # a listing takes a request for each 1,000 objects of the parent: those of half a year on average
    puts = captures * (asked["PUT"] + asked["LIST"] + objects * DAYS / 2 / 1_000)
    gets = captures * (asked["GET"] + asked.get("HEAD", 0))
    yield row("million PUT and LIST of a year's captures; dollars", f"{puts / 1e6:.1f}", count(puts / 1e3 * PUT))
    yield row("  GET and HEAD", f"{gets / 1e6:.1f}", count(gets / 1e3 * GET))
    capture, report = size["capture"], size["report"]
    hours = PARENTS * capture["seconds"] / 3_600
    yield row(f"a night: hours, one by one; minutes, {AT_ONCE} at once", f"{hours:.1f}", count(hours * 60 / AT_ONCE))
    yield row("  cores busy; GiB; dollars of a year", f"{AT_ONCE * capture['cpu'] / capture['seconds']:.1f}",
              f"{AT_ONCE * capture['mib'] / 1_024:.1f}", count(hours / AT_ONCE * MACHINE * DAYS))
    # a report reads every capture of its period
    a_read, days = report["cpu"] / NIGHTS, round(nights)
    yield row("core hours of a month, CSV only: `run` each night",
              count(PARENTS * (capture["cpu"] * days + a_read * days * (days + 1) / 2) / 3_600))
    yield row("  `capture` each night and one `report`", count(PARENTS * (capture["cpu"] + a_read) * days / 3_600))


def lines():
    """Everything that is printed, with no space at the end of a line."""
    measured = json.loads(MEASURED.read_text())
    printed = [*measured_lines(measured), "", *planned_lines(measured)]
    return [text.rstrip() for text in printed]


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--measure":
        subledger = Path(arguments[1]).resolve()
        version = subprocess.run([subledger, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        sizes = {str(accounts): measure(subledger, accounts) for accounts in SIZES}
        when, machine = dt.date.today().isoformat(), f"{os.cpu_count()} cores"
        measured = {"date": when, "version": version, "machine": machine, "sizes": sizes}
        MEASURED.write_text(json.dumps(measured, indent=2) + "\n")
    elif arguments:
        sys.exit(__doc__)
    print("\n".join(lines()))


if __name__ == "__main__":
    main(sys.argv[1:])
