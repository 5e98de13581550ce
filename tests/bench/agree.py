#!/usr/bin/env python3
"""Checks that the tools say the same of every account, to the last digit.

    agree.py --data FOLDER --set REPORT_SET NAME=FOLDER …

First subledger's own chargeback is held against what was generated. Then all tables are read side by side, row by row:
they must have the same accounts in the same order, with the same kind, name, status, messages, cost as sent, cents,
cap and use of the cap. Numbers are compared as exact decimals, and costs in Parquet must be decimals there. It prints a line
for each table, and fails if one of them says anything else.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from tools.facts import COLUMNS

INTEGERS = {"messages", "monthly_credit"}
DECIMALS = {"allocated_cost", "cost", "cap_utilisation"}
BATCH_ROWS = 20_000

Row = tuple[Any, ...]


def fail(problem: str) -> NoReturn:
    sys.exit(f"the tools do not agree: {problem}")


def value_of(column: str, text: str) -> Any:
    if column in INTEGERS:
        # A tool that has no integers with gaps may write 5.0.
        return None if text == "" else int(Decimal(text))
    if column in DECIMALS:
        return None if text == "" else Decimal(text)
    return text


def csv_rows(path: Path) -> Iterator[Row]:
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader)
        places = [(column, header.index(column)) for column in COLUMNS]
        for cells in reader:
            yield tuple(value_of(column, cells[place]) for column, place in places)


def parquet_rows(path: Path) -> Iterator[Row]:
    # Not `read_table`: it takes `key=value` folders above the file for columns.
    file = pq.ParquetFile(path)
    for column in DECIMALS:
        if not pa.types.is_decimal(kind := file.schema_arrow.field(column).type):
            fail(f"{column} is {kind} in {path}")
    for batch in file.iter_batches(BATCH_ROWS, columns=COLUMNS):
        columns = [batch.column(batch.schema.get_field_index(column)).to_pylist() for column in COLUMNS]
        texts = [column not in INTEGERS | DECIMALS for column in COLUMNS]
        for cells in zip(*columns, strict=True):
            yield tuple("" if is_text and cell is None else cell for cell, is_text in zip(cells, texts, strict=True))


def compare(reference: Iterator[Row], others: dict[str, Iterator[Row]]) -> int:
    """How many rows there are, all of them the same everywhere."""
    count = 0
    for expected, *actual in zip_longest(reference, *others.values()):
        count += 1
        for name, row in zip(others, actual, strict=True):
            if row != expected:
                fail(f"row {count}: subledger says {show(expected)}; {name} says {show(row)}")
    return count


def show(row: Row | None) -> str:
    if row is None:
        return "nothing"
    return ", ".join(f"{column} {cell}" for column, cell in zip(COLUMNS, row, strict=True))


def check_against_generated(rows: Iterator[Row], about: dict[str, Any]) -> None:
    found: Counter[str] = Counter()
    cost = Decimal(0)
    for row in rows:
        line = dict(zip(COLUMNS, row, strict=True))
        is_sub = line["line_type"] == "sub_account"
        found["accounts"] += is_sub
        found["idle"] += is_sub and line["messages"] == 0
        found["unlisted"] += is_sub and line["account_status"] == ""
        found["overdrawn"] += bool(line["monthly_credit"]) and line["messages"] > line["monthly_credit"]
        found["messages"] += line["messages"]
        cost += line["cost"]
    found["cents"] = int(cost * 100)
    for fact, number in found.items():
        if number != about[fact]:
            fail(f"generated were {about[fact]} {fact}, and subledger has {number}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("others", metavar="NAME=FOLDER", nargs="*")
    arguments = parser.parse_args()
    reference = arguments.set / "chargeback.csv"
    check_against_generated(csv_rows(reference), json.loads((arguments.data / "about.json").read_text()))
    tables = {"subledger, Parquet": arguments.set / "chargeback.parquet"}
    for other in arguments.others:
        name, _, folder = other.partition("=")
        tables[f"{name}, CSV"] = Path(folder, "chargeback.csv")
        if Path(folder, "chargeback.parquet").is_file():
            tables[f"{name}, Parquet"] = Path(folder, "chargeback.parquet")
    rows = {name: csv_rows(path) if path.suffix == ".csv" else parquet_rows(path) for name, path in tables.items()}
    count = compare(csv_rows(reference), rows)
    for name in tables:
        print(f"{name}: {count:,} rows, and all say what subledger's CSV says")


if __name__ == "__main__":
    main()
