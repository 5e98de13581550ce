"""Compares every Parquet report with its CSV, through DuckDB and through pyarrow.

    check.py REPORTS [ARCHIVE]

Two independent readers, because a file that only its own writer can read proves nothing. It knows no column by
name: what a CSV has, its Parquet must have, in the same order and with the same values.
"""

import csv
import datetime
import io
import re
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

# A figure with a fraction is money or a ratio of money, and no float. Text may look like one: a cost center, say.
FRACTION = re.compile(r"-?\d+\.\d+")
TEXT_COLUMN = re.compile(r"(_id|_name|_center|version)$", re.IGNORECASE)
MISMATCHES_SHOWN_MAX = 3


def read_csv(path):
    """Header and rows as text, in the spelling of `plain`, whichever profile wrote them."""
    text = path.read_bytes().decode("utf-8-sig")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return header, rows, delimiter == ";"


def read_pyarrow(path):
    # Not `read_table`: it takes `key=value` folders above the file for columns.
    return pq.ParquetFile(path).read()


def read_duckdb(path, hive=False):
    query = "select * from read_parquet(?, hive_partitioning = ?)"
    with duckdb.connect() as connection:
        return connection.sql(query, params=[str(path), hive]).to_arrow_table()


def text_equal(cell, value):
    """A spreadsheet guard is one `'` before text that starts like a formula, or before a `'` of its own.

    It stands after each delimiter within a text as well.
    """
    pieces = lambda text: re.split(r"(?<=[,;\t\r\n])", text)
    same = lambda cell, value: cell == value or (cell == "'" + value and not value[:1].isalnum())
    cells, values = pieces(cell), pieces(value)
    return len(cells) == len(values) and all(map(same, cells, values))


def as_instant(value):
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    # Parquet may leave UTC unsaid; the reports know no other zone.
    return value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)


def cell_equal(cell, value, kind, decimal_comma):
    if value is None:
        return cell == ""
    if pa.types.is_decimal(kind):
        return Decimal(cell.replace(",", ".") if decimal_comma else cell) == value
    if pa.types.is_integer(kind):
        return int(cell) == value
    if pa.types.is_boolean(kind):
        return cell == str(value).lower()
    if pa.types.is_timestamp(kind):
        return as_instant(cell) == as_instant(value)
    if pa.types.is_date(kind):
        return cell == value.isoformat()
    return text_equal(cell, str(value))


def column_problems(name, kind, cells, values, decimal_comma):
    if pa.types.is_floating(kind):
        yield f"`{name}` is {kind}, and no figure may be a float"
        return
    filled = [cell.replace(",", ".") if decimal_comma else cell for cell in cells if cell]
    is_figure = any(map(FRACTION.fullmatch, filled)) and not TEXT_COLUMN.search(name)
    if is_figure and not pa.types.is_decimal(kind) and all(re.fullmatch(r"-?[\d.]+", cell) for cell in filled):
        yield f"`{name}` has figures, but is {kind} instead of DECIMAL"
    for line, (cell, value) in enumerate(zip(cells, values, strict=True), start=1):
        try:
            equal = cell_equal(cell, value, kind, decimal_comma)
        except (ArithmeticError, ValueError):
            equal = False
        if not equal:
            yield f"`{name}` in row {line}: CSV {cell!r}, Parquet {value!r}"


def table_problems(csv_path, table):
    header, rows, decimal_comma = read_csv(csv_path)
    if table.column_names != header:
        yield f"columns differ: CSV {header}, Parquet {table.column_names}"
        return
    if table.num_rows != len(rows):
        yield f"rows differ: CSV {len(rows)}, Parquet {table.num_rows}"
        return
    if ragged := [line for line, row in enumerate(rows, start=1) if len(row) != len(header)]:
        yield f"the CSV has rows of another width: {ragged}"
        return
    if not any(pa.types.is_decimal(field.type) for field in table.schema):
        yield "no DECIMAL column"
    for index, field in enumerate(table.schema):
        cells = [row[index] for row in rows]
        yield from column_problems(field.name, field.type, cells, table.column(index).to_pylist(), decimal_comma)


def csv_of(stem):
    """Beside the Parquet file; of FOCUS, where no reader may take both, in a tree of its own."""
    folder, path = stem.parent, stem.with_suffix(".csv")
    if folder.parent.parts[-2:] == ("focus", "parquet"):
        return folder.parent.parent / "csv" / folder.name / path.name
    return path


def pair_problems(stem):
    csv_path, parquet_path = csv_of(stem), stem.with_suffix(".parquet")
    for path in (csv_path, parquet_path):
        if not path.is_file():
            yield f"{path.name} is missing"
            return
    for reader, read in (("pyarrow", read_pyarrow), ("DuckDB", read_duckdb)):
        for problem in table_problems(csv_path, read(parquet_path)):
            yield f"{reader}: {problem}"


def archive_problems(archive, files):
    """All captures are one table to a SQL engine, with the folder names as columns."""
    table = read_duckdb(archive / "**" / "usage.parquet", hive=True)
    rows = sum(pq.ParquetFile(path).metadata.num_rows for path in files)
    if table.num_rows != rows:
        yield f"DuckDB sees {table.num_rows} rows, the files hold {rows}"
    keys = {part.split("=")[0] for path in files for part in path.relative_to(archive).parts if "=" in part}
    if not keys:
        yield "no `key=value` folders"
    if missing := keys - set(table.column_names):
        yield f"no column for the folders {sorted(missing)}"
    elif table.num_rows and (captures := table.group_by(sorted(keys)).aggregate([]).num_rows) != len(files):
        yield f"{len(files)} files, but {captures} captures by the folder columns"


def verdict(label, problems):
    """Prints one line, and returns whether it is good news."""
    try:
        found = list(problems)
    except Exception as error:  # a file that cannot be read is a result, too
        found = [f"{type(error).__name__}: {error}".splitlines()[0]]
    more = f"; and {len(found) - MISMATCHES_SHOWN_MAX} more" if len(found) > MISMATCHES_SHOWN_MAX else ""
    detail = ": " + "; ".join(found[:MISMATCHES_SHOWN_MAX]) + more if found else ""
    print(f"{'FAILED' if found else 'passed'} {label}{detail}")
    return not found


def main(reports, archive=None):
    reports = Path(reports).resolve()
    stems = {path.with_suffix("") for path in reports.rglob("*.parquet") if path.name != "usage.parquet"}
    stems |= {path.with_suffix("") for path in reports.rglob("chargeback.csv")}
    results = [verdict(stem.relative_to(reports), pair_problems(stem)) for stem in sorted(stems)]
    if not any(stem.parent.parent.name == "customers" for stem in stems):
        results.append(verdict(reports, ["no customer has a chargeback"]))
    if archive:
        archive = Path(archive).resolve()
        files = sorted(archive.rglob("usage.parquet"))
        label = f"{len(files)} usage.parquet as one table"
        results.append(verdict(label, archive_problems(archive, files) if files else ["the archive has none"]))
    passed = sum(results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
