"""The night's work in polars."""

from decimal import Decimal
from pathlib import Path

import polars as pl

from .facts import (
    COLUMNS,
    COST_SCALE,
    INT64_END,
    PARENT_NAME,
    REMOVED_NAME,
    SHARE_TOLERANCE,
    SUM_TOLERANCE,
    ZSTD_LEVEL,
    fail,
    tell,
)

EXACT = pl.Decimal(38, COST_SCALE)
# A cost as text keeps its digits; read as a number it would be a double.
BUCKET = pl.Struct(
    {"account_id": pl.String, "name": pl.String, "reception_count": pl.Int64, "allocated_cost": pl.String}
)
USAGE = {"parent": BUCKET, "sub_accounts": pl.List(BUCKET), "removed_sub_accounts": BUCKET, "total": BUCKET}
ENTRY = pl.Struct({"id": pl.String, "status": pl.String, "monthly_credit": pl.Int64})


def work(data: Path, out: Path) -> None:
    lines, total = read_usage(data)
    listed = pl.read_ndjson(data / "accounts.jsonl", schema={"data": pl.List(ENTRY)})
    listed = listed.select(pl.col("data").explode()).unnest("data")
    messages, cost = total["messages"].item(), total["allocated_cost"].item()
    check(lines, messages, cost)
    table = divide(join(lines, listed), messages, int(cost * 100))
    is_sub = pl.col("line_type") == "sub_account"
    # The two kept lines come last as they are: one key more would double the time that sorting takes.
    table = pl.concat(
        [table.filter(is_sub).sort("account_name", "account_id"), table.filter(~is_sub).sort("line_type")]
    )
    table = table.select(COLUMNS)
    table.write_csv(out / "chargeback.csv")
    table.write_parquet(out / "chargeback.parquet", compression="zstd", compression_level=ZSTD_LEVEL)


def read_usage(data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All buckets, and the total."""
    usage = pl.read_json(data / "usage.json", schema=USAGE)

    def part(key: str, kind: str, rank: int, name: str | None = None) -> pl.DataFrame:
        rows = usage.select(pl.col(key).explode() if key == "sub_accounts" else pl.col(key)).unnest(key)
        return rows.select(
            pl.lit(kind).alias("line_type"),
            pl.lit(rank, pl.Int8).alias("line_rank"),
            "account_id",
            (pl.lit(name) if name else pl.col("name")).alias("account_name"),
            pl.col("reception_count").alias("messages"),
            pl.col("allocated_cost").cast(EXACT),
            pl.col("allocated_cost").cast(pl.Float64).alias("cost_double"),
        )

    parts = [
        part("sub_accounts", "sub_account", 0),
        part("parent", "parent", 1, PARENT_NAME),
        part("removed_sub_accounts", "removed", 2, REMOVED_NAME),
    ]
    return pl.concat(parts), part("total", "total", 3)


def check(lines: pl.DataFrame, messages: int, cost: Decimal) -> None:
    if lines["messages"].sum() != messages:
        fail("messages do not sum to the total")
    if abs(lines["allocated_cost"].sum() - cost) > Decimal(SUM_TOLERANCE):
        fail("costs do not sum to the total")
    share = float(cost) * pl.col("messages") / messages
    if not lines.select(((pl.col("cost_double") - share).abs() <= SHARE_TOLERANCE).all()).item():
        fail("a share is another")


def join(lines: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    joined = lines.join(listed, how="full", left_on="account_id", right_on="id")
    is_used = pl.col("line_type").is_not_null()
    is_sub = pl.col("line_type") == "sub_account"
    one_sided = joined.select(unlisted=(is_sub & pl.col("id").is_null()).sum(), unbilled=(~is_used).sum())
    tell(*one_sided.row(0))
    return joined.filter(is_used)


def divide(table: pl.DataFrame, messages: int, whole: int) -> pl.DataFrame:
    if whole * table["messages"].max() >= INT64_END:
        fail("64 bits are too few")
    product, cap = whole * pl.col("messages"), pl.col("monthly_credit")
    table = table.with_columns(cents=product // messages, remainder=product % messages)
    table = table.with_columns(pl.col("cents") + raised(table, whole - table["cents"].sum()))
    if table["cents"].sum() != whole:
        fail("the parts are not the invoice")
    used = pl.when(cap > 0).then(pl.col("messages") * 10_000 // cap)
    return table.with_columns(
        cost=hundredths(pl.col("cents")), cap_utilisation=hundredths(used), account_status=pl.col("status")
    )


def raised(table: pl.DataFrame, left: int) -> pl.Series:
    """1 for the largest remainders, 0 for all others: only those that are as large as the last one need an order."""
    if left == 0:
        return pl.zeros(table.height, eager=True)
    last = table["remainder"].top_k(left).min()
    above = table["remainder"] > last
    equal = table.with_row_index().filter(pl.col("remainder") == last).sort("line_rank", "account_id")
    return above.cast(pl.Int64).scatter(equal["index"].head(left - above.sum()), 1)


def hundredths(number: pl.Expr) -> pl.Expr:
    return (number.cast(pl.Decimal(38, 2)) / pl.lit(Decimal(100))).cast(pl.Decimal(38, 2))
