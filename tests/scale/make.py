"""Makes an archive of several parent accounts, with everything that tells a careful question from a careless one.

    make.py SUBLEDGER FOLDER

In FOLDER come `archive/`, `customers.csv` and `subledger.toml`. The same program makes the same archive: each parent is
a simulated API with a seed of its own, whose clock is moved from capture to capture.
"""

import csv
import datetime as dt
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

DAY = dt.timedelta(days=1)
EVENING = dt.timedelta(hours=23, minutes=45)
ACCOUNTS = 200
NIGHTS_APART = 3
# The rule that SQL can say as well: what several deleted accounts sent unseen has no name.
CONFIGURATION = '[allocation]\nresidual = "keep"\n'

# Two share a customer map and a currency, one has another currency and another day on which its period begins.
PARENTS = [
    {"seed": 11, "currency": "eur", "rounding": "4", "first": dt.datetime(2026, 8, 1), "periods": 3, "closed": 2},
    {"seed": 12, "currency": "usd", "rounding": "full", "first": dt.datetime(2026, 8, 15), "periods": 2, "closed": 1},
    {"seed": 13, "currency": "eur", "rounding": "2", "first": dt.datetime(2026, 8, 1), "periods": 2, "closed": 0},
]


class Api:
    """A simulated API, and what it takes to move it."""

    def __init__(self, env):
        self.env = env

    def ask(self, path, body=None):
        headers = {"Authorization": f"Bearer {self.env['AHASEND_API_KEY']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.env["AHASEND_BASE_URL"] + path, data=data, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def control(self, what, **body):
        return self.ask(f"/_simulator/{what}", body)

    @property
    def accounts_path(self):
        return f"/v2/accounts/{self.env['AHASEND_ACCOUNT_ID']}/sub-accounts"

    def accounts(self):
        """Ids of all sub accounts that may send, in their order."""
        ids, cursor = [], None
        while True:
            query = {"limit": 100} | ({"after": cursor} if cursor else {})
            page = self.ask(f"{self.accounts_path}?{urllib.parse.urlencode(query)}")
            ids += [account["id"] for account in page["data"] if account["status"] == "active"]
            if not page["pagination"]["has_more"]:
                return sorted(ids)
            cursor = page["pagination"]["next_cursor"]

    def create(self, name):
        return self.ask(self.accounts_path, {"name": name, "website": "example.com"})["id"]


@contextmanager
def simulated(subledger, folder, parent, start):
    script = folder / f"simulate-{parent['seed']}.toml"
    script.write_text(
        f'seed = {parent["seed"]}\naccounts = {ACCOUNTS}\nstart = "{start}"\npace = "frozen"\n'
        f'[plan]\ncurrency = "{parent["currency"]}"\nbase_fee_cents = 20000\nincluded_messages = 300000\n'
        f'overage_cents_per_thousand = 60\n'
        f'[mood]\nrounding = "{parent["rounding"]}"\nbilling_day = {parent["first"].day}\n'
    )
    command = [subledger, "simulate", "--port", "0", "--file", script]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        lines = [process.stdout.readline().strip().removeprefix("export ") for _ in range(3)]
        yield Api(os.environ | dict(line.split("=", 1) for line in lines))
    finally:
        process.terminate()
        process.wait()


def run(subledger, folder, env, *arguments):
    done = subprocess.run([subledger, "--quiet", *arguments], cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"`subledger {' '.join(arguments)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def stamp(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def begin(parent, number):
    """When a billing period begins, counted from the first."""
    first = parent["first"]
    months = first.month - 1 + number
    return first.replace(year=first.year + months // 12, month=months % 12 + 1)


def instants(parent):
    """When to capture: every few evenings, on the last one of each period, and now and then at noon as well."""
    for number in range(parent["periods"]):
        start, end = begin(parent, number), begin(parent, number + 1)
        # the last period is still open: its last days are to come
        last = end - DAY * (9 if number + 1 == parent["periods"] else 1)
        day = start + DAY
        while day < last:
            if day.day % 5 == 0:
                yield day + EVENING / 2
            yield day + EVENING
            day += DAY * NIGHTS_APART
        yield last + EVENING


def stir(api, number):
    """What happens between two captures beyond what a simulated world does by itself."""
    if number % 8 == 3:
        # two go at once, after they sent what nobody saw
        for account in api.accounts()[20:22]:
            api.control("send", account_id=account, messages=300 + number)
            api.control("delete", account_id=account)
    if number % 8 == 5:
        account = api.accounts()[50]
        api.control("send", account_id=account, messages=77)
        api.control("delete", account_id=account)
    if number % 8 == 6:
        # one comes and goes without any capture that shows it, and one comes to stay
        passing, staying = api.create(f"Passing {number}"), api.create(f"Staying {number}")
        api.control("send", account_id=passing, messages=41)
        api.control("send", account_id=staying, messages=1_000)
        api.control("delete", account_id=passing)


def tables(folder, parent_id, period="*"):
    return sorted(folder.glob(f"archive/parent={parent_id}/period={period}/capture=*/usage.parquet"))


def close(subledger, folder, env, parent, number):
    period = begin(parent, number).date().isoformat()
    last = pq.ParquetFile(tables(folder, env["AHASEND_ACCOUNT_ID"], period)[-1]).read(["allocated_cost"])
    amount = pc.sum(last["allocated_cost"]).as_py().quantize(Decimal("0.01"))
    accepted = [f"--accept-{what}=a simulated month" for what in ("rest", "tail", "gaps", "errors")]
    now = stamp(begin(parent, number + 1) + 3 * DAY)
    run(subledger, folder, env, "close", "--now", now, "--period", period, "--invoice-number", f"AHA-{period}",
        "--amount", str(amount), "--formats", "csv", *accepted)


def write_customers(folder):
    """A customer has some accounts, also of several parents; a few accounts have no owner, and a few change hands."""
    ids = set()
    for path in folder.glob("archive/*/*/*/usage.parquet"):
        rows = pq.ParquetFile(path).read(["bucket", "account_id"]).to_pylist()
        ids |= {row["account_id"] for row in rows if row["bucket"] == "sub_account"}
    with (folder / "customers.csv").open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(["sub_account_id", "customer_id", "customer_name", "effective_from", "effective_to"])
        for number, account in enumerate(sorted(ids)):
            # the largest customers have some dozen accounts, the smallest one
            customer = f"c{number * number % 89:02}"
            other = f"c{(number + 7) % 89:02}"
            if number % 23 == 22:
                continue
            if number % 9 == 4:
                # from one evening to the next, or with some days on which nobody has it
                write([account, customer, f"Customer {customer}", "", "2026-09-07"])
                since = "2026-09-08" if number % 2 else "2026-09-20"
                write([account, other, f"Customer {other}", since, ""])
            else:
                write([account, customer, f"Customer {customer}", "", ""])
    return len(ids)


def main(subledger, folder):
    folder = Path(folder).resolve()
    subledger = Path(subledger).resolve()
    (folder / "subledger.toml").write_text(CONFIGURATION)
    for parent in PARENTS:
        moments = list(instants(parent))
        with simulated(subledger, folder, parent, stamp(moments[0])) as api:
            for number, at in enumerate(moments):
                if number:
                    stir(api, number)
                    api.control("advance", to=stamp(at))
                run(subledger, folder, api.env, "capture", "--now", stamp(at))
        parent["env"] = api.env
    accounts = write_customers(folder)
    closed = 0
    for parent in PARENTS:
        for number in range(parent["closed"]):
            close(subledger, folder, parent["env"], parent, number)
            closed += 1
    captures = len(tables(folder, "*"))
    print(f"{len(PARENTS)} parents, {captures} captures, {accounts} sub accounts, {closed} closed periods")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
