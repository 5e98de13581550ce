"""The night's work in pandas, with pyarrow for Parquet and decimals."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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

EXACT = pa.decimal128(38, COST_SCALE)
CENTS = pa.decimal128(18, 2)


def work(data: Path, out: Path) -> None:
    # A cost as text keeps its digits.
    with open(data / "usage.json", "rb") as file:
        usage = json.loads(file.read(), parse_float=str)
    total = usage["total"]
    lines = read_lines(usage)
    costs = pa.array(lines["allocated_cost"], pa.string()).cast(EXACT)
    check(lines, costs, total)
    lines["exact"] = pd.Series(costs, dtype=pd.ArrowDtype(EXACT))
    joined = lines.merge(read_list(data), how="outer", left_on="account_id", right_on="id", indicator=True)
    is_used = joined["_merge"] != "right_only"
    tell(int((joined["id"].isna() & (joined["line_type"] == "sub_account")).sum()), int((~is_used).sum()))
    table = divide(joined[is_used], total["reception_count"], int(Decimal(total["allocated_cost"]).scaleb(2)))
    is_sub = table["line_rank"] == 0
    table = pd.concat(
        [table[is_sub].sort_values(["account_name", "account_id"]), table[~is_sub].sort_values("line_rank")]
    )
    write(table, out)


def read_lines(usage: dict[str, Any]) -> pd.DataFrame:
    lines = pd.DataFrame(usage["sub_accounts"])
    kept = pd.DataFrame(
        [
            usage["parent"] | {"name": PARENT_NAME, "line_type": "parent", "line_rank": 1},
            usage["removed_sub_accounts"] | {"name": REMOVED_NAME, "line_type": "removed", "line_rank": 2},
        ]
    )
    lines["line_type"], lines["line_rank"] = "sub_account", 0
    lines = pd.concat([lines, kept], ignore_index=True)
    return lines.rename(columns={"name": "account_name", "reception_count": "messages"})


def read_list(data: Path) -> pd.DataFrame:
    with open(data / "accounts.jsonl", "rb") as file:
        entries = [
            (entry["id"], entry["status"], entry["monthly_credit"])
            for page in file
            for entry in json.loads(page)["data"]
        ]
    return pd.DataFrame(entries, columns=["id", "account_status", "monthly_credit"])


def check(lines: pd.DataFrame, costs: pa.Array, total: dict[str, Any]) -> None:
    if int(lines["messages"].sum()) != total["reception_count"]:
        fail("messages do not sum to the total")
    if abs(pc.sum(costs).as_py() - Decimal(total["allocated_cost"])) > Decimal(SUM_TOLERANCE):
        fail("costs do not sum to the total")
    share = float(total["allocated_cost"]) * lines["messages"].to_numpy() / total["reception_count"]
    if (np.abs(lines["allocated_cost"].astype(float).to_numpy() - share) > SHARE_TOLERANCE).any():
        fail("a share is another")


def divide(table: pd.DataFrame, total: int, whole: int) -> pd.DataFrame:
    messages = table["messages"].to_numpy().astype(np.int64)
    if whole * int(messages.max()) >= INT64_END:
        fail("64 bits are too few")
    cents, remainder = whole * messages // total, whole * messages % total
    if left := whole - int(cents.sum()):
        last = np.partition(remainder, -left)[-left]
        cents[remainder > last] += 1
        equal = table[["line_rank", "account_id"]].iloc[np.flatnonzero(remainder == last)]
        first = equal.sort_values(["line_rank", "account_id"]).index[: whole - int(cents.sum())]
        cents[table.index.get_indexer(first)] += 1
    if int(cents.sum()) != whole:
        fail("the parts are not the invoice")
    cap = table["monthly_credit"].to_numpy()
    is_capped = cap > 0
    used = messages * 10_000 // np.where(is_capped, cap, 1).astype(np.int64)
    return table.assign(messages=messages, cents=cents, used=pd.arrays.IntegerArray(used, ~is_capped))


def write(table: pd.DataFrame, out: Path) -> None:
    columns = {
        "line_type": pa.array(table["line_type"], pa.string()),
        "account_id": pa.array(table["account_id"], pa.string(), from_pandas=True),
        "account_name": pa.array(table["account_name"], pa.string()),
        "account_status": pa.array(table["account_status"], pa.string(), from_pandas=True),
        "messages": pa.array(table["messages"]),
        "allocated_cost": pa.chunked_array(table["exact"].array.__arrow_array__()),
        "cost": hundredths(pa.array(table["cents"])),
        "monthly_credit": pa.array(table["monthly_credit"], from_pandas=True).cast(pa.int64()),
        "cap_utilisation": hundredths(pa.array(table["used"], from_pandas=True)),
    }
    arrow = pa.table({name: columns[name] for name in COLUMNS})
    arrow.to_pandas(types_mapper=pd.ArrowDtype).to_csv(out / "chargeback.csv", index=False)
    pq.write_table(arrow, out / "chargeback.parquet", compression="zstd", compression_level=ZSTD_LEVEL)


def hundredths(numbers: pa.Array) -> pa.Array:
    cent = pa.scalar(Decimal("0.01"), CENTS)
    return pc.multiply(numbers.cast(pa.decimal128(19, 0)), cent).cast(CENTS)
