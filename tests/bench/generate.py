#!/usr/bin/env python3
"""Makes what the API would answer for a parent account with many sub accounts: the same bytes each time.

    generate.py --accounts N --out FOLDER

It writes three files into FOLDER:

- `usage.json` is the usage answer, one JSON object.
- `accounts.jsonl` is the list of sub accounts, a page of 100 on each line, in an order of its own.
- `about.json` says what whoever reads the two must find.

Volumes are log-normal, and one account in a hundred sent nothing. Three per cent of all messages are of removed sub
accounts, and one in two hundred is the parent's own. A cost is the proportional share of an invoice in whole cents,
computed in double precision and printed in full, so that the shares miss the total by a few billionths of a cent.
One account in a thousand has usage and is not in the list, and as many are in the list without usage. Names have
commas, quotes, umlauts and Chinese or Japanese characters. Most caps leave room; one in fifty is below what was sent.
"""

import argparse
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

FIRST_WORDS = """Anchor Beacon Copper Drift Élan Fennel Granit Hazel Ivory Jasper Krüger Lotus Marble Nimbus Ostrich
Pepper Quill Raven Sable Tundra Ösel Velvet""".split()
SECOND_WORDS = """Bikes Books Clinics Drinks Energy Finance Games Homes Letters Motors Optics Shoes Tickets Tools
Travel Wines""".split()
CITIES = """Aarhus Bern Cádiz Dresden Espoo Firenze Graz Hull Île-de-Ré Jena Köln Łódź Malmö Namur Oslo Porto Riga
Sofia Turku Zürich""".split()
ENDINGS = """GmbH|Inc.|Ltd|SAS|B.V.|Group, Ltd|Söhne KG|"Express" SARL|株式会社|有限公司|& Co., "East"|A.Ş.""".split(
    "|"
)
STATUSES = ["active"] * 47 + ["suspended"] * 2 + ["parent-suspended"]
CAPS = [500, 1_000, 5_000, 20_000, 100_000, 500_000, 10_000_000]

SEED = 20261031
PAGE_LENGTH = 100
MEDIAN_LOG, SPREAD_LOG = 6.0, 1.8
IDLE_CHANCE = 0.01
REMOVED_PART, PARENT_PART = Fraction(3, 100), Fraction(1, 200)
BASE_FEE_CENTS, CENTS_PER_THOUSAND = 20_017, 40
# One in so many is on one side only.
ONE_SIDED_EACH = 1_000
UNCAPPED_CHANCE, OVERDRAWN_CHANCE = 0.35, 0.02

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Account:
    """A sub account, whichever side knows it."""

    id: str
    name: str
    messages: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The parent account and what it shares."""

    parent_id: str
    parent: int
    removed: int
    total: int
    cents: int

    def bucket(self, messages: int) -> dict[str, Any]:
        """Messages with their proportional cost, in doubles like a server that knows no better."""
        return {"reception_count": messages, "allocated_cost": self.cents / 100 * messages / self.total}


def make(rng: random.Random, count: int) -> tuple[list[Account], Pool]:
    """The sub accounts with usage, in the order of the usage answer, and their pool."""
    accounts = [Account(new_id(rng), new_name(rng), new_volume(rng)) for _ in range(count)]
    used = sum(account.messages for account in accounts)
    total_before = used / (1 - REMOVED_PART - PARENT_PART)
    removed, parent = int(total_before * REMOVED_PART), int(total_before * PARENT_PART)
    total = used + removed + parent
    return accounts, Pool(new_id(rng), parent, removed, total, BASE_FEE_CENTS + total * CENTS_PER_THOUSAND // 1_000)


def new_id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def new_name(rng: random.Random) -> str:
    return f"{rng.choice(FIRST_WORDS)} {rng.choice(SECOND_WORDS)} {rng.choice(CITIES)} {rng.choice(ENDINGS)}"


def new_volume(rng: random.Random) -> int:
    return 0 if rng.random() < IDLE_CHANCE else 1 + int(rng.lognormvariate(MEDIAN_LOG, SPREAD_LOG))


def new_cap(rng: random.Random, messages: int) -> int:
    """0, which means none; else mostly the first that leaves some room, and now and then one that was overdrawn."""
    chance = rng.random()
    if chance < UNCAPPED_CHANCE:
        return 0
    room = messages * rng.uniform(1.0, 8.0)
    position = next((at for at, cap in enumerate(CAPS) if cap >= room), len(CAPS) - 1)
    return CAPS[max(0, position - 2)] if chance > 1 - OVERDRAWN_CHANCE else CAPS[position]


def write_usage(file: TextIO, accounts: list[Account], pool: Pool) -> None:
    head = {
        "billing_period": {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
        "currency": "eur",
        "allocation_method": "proportional",
        "allocation_note": "allocated_cost divides the pooled invoice by message volume",
        "parent": {"account_id": pool.parent_id} | pool.bucket(pool.parent),
    }
    tail = {
        "removed_sub_accounts": pool.bucket(pool.removed),
        "total": {"reception_count": pool.total, "allocated_cost": pool.cents / 100},
    }
    file.write(encode(head)[:-1] + ',"sub_accounts":[')
    for position, account in enumerate(accounts):
        line = {"account_id": account.id, "name": account.name} | pool.bucket(account.messages)
        file.write(("," if position else "") + encode(line))
    file.write("]," + encode(tail)[1:])


def write_list(file: TextIO, rng: random.Random, listed: list[Account], parent_id: str) -> int:
    """Writes the pages; how many accounts are beyond their caps."""
    overdrawn, row = 0, 0
    pages = -(-len(listed) // PAGE_LENGTH)
    for page in range(pages):
        entries = []
        for account in listed[page * PAGE_LENGTH : (page + 1) * PAGE_LENGTH]:
            cap = new_cap(rng, account.messages)
            overdrawn += 0 < cap < account.messages
            entries.append(entry(rng, account, parent_id, cap, row))
            row += 1
        is_last = page == pages - 1
        pagination = {"has_more": not is_last} | ({} if is_last else {"next_cursor": f"p+{rng.getrandbits(64):016x}="})
        file.write(encode({"object": "list", "data": entries, "pagination": pagination}) + "\n")
    return overdrawn


def entry(rng: random.Random, account: Account, parent_id: str, cap: int, row: int) -> dict[str, Any]:
    day, minute = 1 + row % 28, row % 60
    return {
        "object": "sub_account",
        "id": account.id,
        "parent_account_id": parent_id,
        "name": account.name,
        "website": f"site-{row}.example.com",
        "status": rng.choice(STATUSES),
        "monthly_credit": cap,
        "created_at": f"2025-{1 + row % 12:02}-{day:02}T09:{minute:02}:00Z",
        "domain_count": rng.randrange(1, 8),
        "member_count": rng.randrange(1, 10),
        "last_activity_at": f"2026-10-{day:02}T17:{minute:02}:30Z" if account.messages else None,
    }


def exact_gap(accounts: list[Account], pool: Pool) -> Fraction:
    """What the printed costs come to beyond the printed total."""
    messages = [account.messages for account in accounts] + [pool.parent, pool.removed]
    texts: Iterator[str] = (repr(pool.bucket(count)["allocated_cost"]) for count in messages)
    return sum(map(Fraction, texts), Fraction(0)) - Fraction(repr(pool.cents / 100))


def generate(count: int, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED + count)
    accounts, pool = make(rng, count)
    with open(out / "usage.json", "w", encoding="utf-8") as file:
        write_usage(file, accounts, pool)
    one_sided = max(1, count // ONE_SIDED_EACH)
    listed = rng.sample(accounts, count - one_sided)
    listed += [Account(new_id(rng), new_name(rng), 0) for _ in range(one_sided)]
    rng.shuffle(listed)
    with open(out / "accounts.jsonl", "w", encoding="utf-8") as file:
        overdrawn = write_list(file, rng, listed, pool.parent_id)
    about = {
        "parent_id": pool.parent_id,
        "accounts": count,
        "idle": sum(account.messages == 0 for account in accounts),
        "unlisted": one_sided,
        "unbilled": one_sided,
        "overdrawn": overdrawn,
        "messages": pool.total,
        "cents": pool.cents,
        "cost_gap": float(exact_gap(accounts, pool)),
    }
    (out / "about.json").write_text(json.dumps(about, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    generate(arguments.accounts, arguments.out)


if __name__ == "__main__":
    main()
