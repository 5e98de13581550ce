"""What all peers have in common: the columns, what is tolerated, and how a check fails.

It imports little, because its start-up is on everybody's clock.
"""

import sys
from typing import NoReturn

# As subledger's own chargeback calls the same facts.
COLUMNS = [
    "line_type",
    "account_id",
    "account_name",
    "account_status",
    "messages",
    "allocated_cost",
    "cost",
    "monthly_credit",
    "cap_utilisation",
]
PARENT_NAME, REMOVED_NAME = "Parent account", "Removed sub accounts"
# Decimals of a cost as sent; a share of 17 digits that begins behind four zeros has 21.
COST_SCALE = 22
SUM_TOLERANCE = "0.000001"
SHARE_TOLERANCE = 1e-9
INT64_END = 2**63
ZSTD_LEVEL = 1


def fail(problem: str) -> NoReturn:
    sys.exit(f"reconciliation failed: {problem}")


def tell(unlisted: int, unbilled: int) -> None:
    """Says what is on one side only; `agree.py` holds it against what was generated."""
    print(f"unlisted {unlisted}, unbilled {unbilled}", file=sys.stderr)
