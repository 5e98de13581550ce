"""Gives customers of a map names that mean harm: `rename.py customers.csv`. The rest of the map stays as it is."""

import csv
import sys

NAMES = [
    '=HYPERLINK("http://x")',
    "@SUM(A1)",
    "Acme;=1+1;x",
    "Acme,=1+1,x",
    'x";=1+1;"y',
    "'quoted",
    "Ünïcødé 客户 🚀",
    "abc\u202egnp.exe",
    "W" * 300,
    "Team One",
    "team one",
    "00123",
    "1 mei 2024",
    "2024-01-01T12:00:00",
    "TRUE",
]

path = sys.argv[1]
with open(path, newline="", encoding="utf-8") as file:
    header, *rows = csv.reader(file)
customer, name = header.index("customer_id"), header.index("customer_name")
given = dict(zip(sorted({row[customer] for row in rows}), NAMES))
for row in rows:
    row[name] = given.get(row[customer], row[name])
with open(path, "w", newline="", encoding="utf-8") as file:
    csv.writer(file).writerows([header, *rows])
