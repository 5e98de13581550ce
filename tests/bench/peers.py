#!/usr/bin/env python3
"""Does the night's work with another tool: from two files of answers to a chargeback as CSV and as Parquet.

    peers.py --peer stdlib|pandas|polars|duckdb --data FOLDER --out FOLDER
    peers.py --peer floor|copy --like FOLDER --data FOLDER --out FOLDER

Each peer does the same:

1. It parses usage.json and accounts.jsonl. Costs are exact decimals.
2. It checks that parent, sub accounts and removed sum to the total: messages exactly, costs within 1e-6.
3. It checks each share against total cost × messages ÷ total messages, within 1e-9.
4. It joins usage and list by id, both ways, and counts what is on one side only.
5. It divides the invoice into whole cents by largest remainder of the messages, and checks that the parts sum to it.
   Ties go to the smaller id; the parent and the removed come after the sub accounts.
6. It computes how much of each cap is used, in per cent with two decimals, rounded down.
7. It orders by name and id, with parent and removed last, and writes one table of nine columns as CSV and as Parquet.

The standard library has no Parquet, so `stdlib` writes only CSV. `floor` computes nothing: it reads both files, looks at
each byte once, and writes as many bytes as the two chargeback files in the folder `--like` have. `copy` computes nothing
either: it reads the Parquet file of that folder with polars, and writes the table again as CSV and as Parquet.
"""

import importlib
import sys
from pathlib import Path

PEERS = ("stdlib", "pandas", "polars", "duckdb", "floor", "copy")


def main() -> None:
    # No parser of arguments: importing one takes longer than some peers do.
    options = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    if options.get("--peer") not in PEERS or not {"--data", "--out"} <= options.keys():
        sys.exit(__doc__)
    out = Path(options["--out"])
    out.mkdir(parents=True, exist_ok=True)
    peer = importlib.import_module(f"tools.with_{options['--peer']}")
    peer.work(Path(options["--data"]), out, **({"like": Path(options["--like"])} if "--like" in options else {}))


if __name__ == "__main__":
    main()
