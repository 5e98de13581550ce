"""What polars takes only to write subledger's own table again: all of its columns, as CSV and as Parquet."""

import time
from pathlib import Path

import polars as pl


def work(_data: Path, out: Path, like: Path) -> None:
    times = [time.perf_counter()]
    table = pl.read_parquet(like / "chargeback.parquet")
    times.append(time.perf_counter())
    table.write_csv(out / "chargeback.csv")
    times.append(time.perf_counter())
    table.write_parquet(out / "chargeback.parquet", compression="zstd", statistics="full")
    times.append(time.perf_counter())
    read, csv, parquet = (after - before for before, after in zip(times, times[1:], strict=False))
    print(f"reading {read:.3f} s, writing CSV {csv:.3f} s, writing Parquet {parquet:.3f} s")
