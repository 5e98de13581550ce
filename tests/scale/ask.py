"""One question to three engines: messages and cost per customer and billing period, over all parent accounts.

    ask.py FOLDER    asks DuckDB of FOLDER/archive and FOLDER/customers.csv

Each gives `{(period, line_type, id, currency): (messages, cost)}`, with costs to the last digit.
"""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
# what docs/scale.md says, word for word
HISTORY = "subledger history --by customer --period {period} --output csv"


def text(name, folder=None):
    """A file of SQL; with the folder's own places in it, where it is to be run there."""
    sql = (HERE / name).read_text()
    for place in ("archive", "customers.csv") if folder else ():
        sql = sql.replace(f"'{place}", f"'{folder}/{place}")
    return sql


def statements(sql):
    return [statement for statement in sql.split(";") if statement.strip()]


def answer(rows):
    return {(str(period), kind, who, currency): tuple(figures) for period, kind, who, currency, *figures in rows}


def periods(folder):
    """Of each parent the start of each billing period."""
    for path in sorted(Path(folder).glob("archive/parent=*/period=*")):
        yield path.parent.name.removeprefix("parent="), path.name.removeprefix("period=")


def ask_history(subledger, folder, *flags):
    """`subledger history`, once for each parent and billing period, and its days summed up."""
    sums = defaultdict(lambda: (0, Decimal(0)))
    for parent, period in periods(folder):
        command = [subledger, *HISTORY.format(period=period).split()[1:], *flags]
        env = os.environ | {"AHASEND_ACCOUNT_ID": parent}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"history of {parent} in {period} ended with {done.returncode}: {done.stderr}")
        for row in csv.DictReader(io.StringIO(done.stdout)):
            # the end of a period that no capture saw has no figures
            if row["line_type"] == "unseen":
                continue
            who = row["customer_id"] or row["account_id"] or parent
            key = (row["period_start"][:10], row["line_type"], who, row["currency"])
            messages, cost = sums[key]
            sums[key] = (messages + int(row["messages"]), cost + Decimal(row["cost"]))
    return {key: figures for key, figures in sums.items() if any(figures)}


def duckdb_at(folder):
    connection = duckdb.connect()
    for statement in statements(text("duckdb.sql", folder)):
        connection.execute(statement)
    return connection


def ask_duckdb(folder):
    with duckdb_at(folder) as connection:
        return answer(connection.execute(text("question.sql")).fetchall())


def doubts(folder):
    """What the SQL takes for granted and is not so."""
    with duckdb_at(folder) as connection:
        return {doubt: cases for doubt, cases in connection.execute(text("doubts.sql")).fetchall() if cases}


def ask_spark(*folders):
    """PySpark, in one session for all folders; with the seconds of each answer, and those until Spark was up."""
    with tempfile.TemporaryFile("w+") as log:
        command = [sys.executable, HERE / "ask_spark.py", *folders]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, text=True)
        if done.returncode:
            log.seek(0)
            raise RuntimeError(f"Spark ended with {done.returncode}:\n{log.read()[-4000:]}")
    start, *results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("{", "["))]
    decimals = lambda rows: [(*row[:5], Decimal(row[5])) for row in rows]
    return start["seconds"], [(answer(decimals(result["rows"])), result["seconds"]) for result in results]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for key, figures in ask_duckdb(sys.argv[1]).items():
        print(*key, *figures, sep=",")
