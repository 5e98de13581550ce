"""The night's work in Python alone, without Parquet, which the standard library does not have."""

import csv
import json
from collections.abc import Iterable
from decimal import Context, Decimal
from heapq import nsmallest
from pathlib import Path
from typing import Any

from .facts import COLUMNS, PARENT_NAME, REMOVED_NAME, SHARE_TOLERANCE, SUM_TOLERANCE, fail, tell

Bucket = dict[str, Any]
# Wide enough that no sum here rounds.
EXACT = Context(prec=60)


def work(data: Path, out: Path) -> None:
    # A cost stays the text that was sent: it is added up as a decimal and written as it came.
    with open(data / "usage.json", "rb") as file:
        usage = json.loads(file.read(), parse_float=str)
    listed = read_list(data)
    parent, removed, total, lines = (usage[key] for key in ("parent", "removed_sub_accounts", "total", "sub_accounts"))
    buckets = [*lines, parent, removed]
    check_sums(buckets, total)
    check_shares(buckets, total)
    unlisted = sum(line["account_id"] not in listed for line in lines)
    tell(unlisted, len(listed) - (len(lines) - unlisted))

    cents = divide([bucket["reception_count"] for bucket in buckets], buckets, whole_cents(total))
    order = sorted(range(len(lines)), key=lambda at: (lines[at]["name"], lines[at]["account_id"]))
    with open(out / "chargeback.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(row(lines[at], cents[at], listed.get(lines[at]["account_id"])) for at in order)
        writer.writerow(kept("parent", parent["account_id"], PARENT_NAME, parent, cents[-2]))
        writer.writerow(kept("removed", "", REMOVED_NAME, removed, cents[-1]))


def read_list(data: Path) -> dict[str, tuple[str, int]]:
    """Status and cap by id."""
    listed = {}
    with open(data / "accounts.jsonl", "rb") as file:
        for page in file:
            for entry in json.loads(page)["data"]:
                listed[entry["id"]] = (entry["status"], entry["monthly_credit"])
    return listed


def check_sums(buckets: list[Bucket], total: Bucket) -> None:
    messages = sum(bucket["reception_count"] for bucket in buckets)
    if messages != total["reception_count"]:
        fail(f"{messages} messages are not {total['reception_count']}")
    cost = exact_sum(bucket["allocated_cost"] for bucket in buckets)
    if abs(EXACT.subtract(cost, Decimal(total["allocated_cost"]))) > Decimal(SUM_TOLERANCE):
        fail(f"costs of {cost} are not {total['allocated_cost']}")


def exact_sum(texts: Iterable[str]) -> Decimal:
    summed, add = Decimal(0), EXACT.add
    for amount in map(Decimal, texts):
        summed = add(summed, amount)
    return summed


def check_shares(buckets: list[Bucket], total: Bucket) -> None:
    cost, messages = float(total["allocated_cost"]), total["reception_count"]
    for bucket in buckets:
        if abs(float(bucket["allocated_cost"]) - cost * bucket["reception_count"] / messages) > SHARE_TOLERANCE:
            fail(f"{bucket} has another share")


def whole_cents(total: Bucket) -> int:
    return int(Decimal(total["allocated_cost"]).scaleb(2))


def divide(weights: list[int], buckets: list[Bucket], whole: int) -> list[int]:
    """Whole cents by largest remainder; the last two are the parent and the removed."""
    total = sum(weights)
    cents = [whole * weight // total for weight in weights]
    end = len(weights)
    ties: list[tuple[int, str]] = [(0, line["account_id"]) for line in buckets[: end - 2]] + [(1, ""), (2, "")]
    first = nsmallest(whole - sum(cents), range(end), key=lambda at: (-(whole * weights[at] % total), ties[at]))
    for at in first:
        cents[at] += 1
    if sum(cents) != whole:
        fail("the parts are not the invoice")
    return cents


def row(line: Bucket, cents: int, entry: tuple[str, int] | None) -> list[Any]:
    status, cap = entry or ("", "")
    used = line["reception_count"] * 10_000 // cap if cap else None
    return [
        "sub_account",
        line["account_id"],
        line["name"],
        status,
        line["reception_count"],
        line["allocated_cost"],
        hundredths(cents),
        cap,
        "" if used is None else hundredths(used),
    ]


def kept(kind: str, account_id: str, name: str, bucket: Bucket, cents: int) -> list[Any]:
    return [kind, account_id, name, "", bucket["reception_count"], bucket["allocated_cost"], hundredths(cents), "", ""]


def hundredths(number: int) -> str:
    return f"{number // 100}.{number % 100:02}"
