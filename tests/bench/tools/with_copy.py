"""What polars takes only to write subledger's own table again: all of its columns, as CSV and as Parquet."""

from pathlib import Path

import polars as pl


def work(_data: Path, out: Path, like: Path) -> None:
    table = pl.read_parquet(like / "chargeback.parquet")
    table.write_csv(out / "chargeback.csv")
    table.write_parquet(out / "chargeback.parquet", compression="zstd", statistics="full")
