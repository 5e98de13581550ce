"""Runs the FOCUS validator over the dataset of report sets, and checks that it finds what is known and nothing else.

    check.py SET...

The validator ends with 0 whatever it finds, so its lines are read. It proves that no static rule of FOCUS 1.2 is violated
but those named below, and no more than that.
"""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import focus_validator

# What the dataset claims to support. Without the claim, the validator skips the rules.
CLAIMS = ["SUB_ACCOUNT_SUPPORTED", "USAGE_MEASUREMENT_SUPPORTED"]
NAMING = "ACCOUNT_NAMING_SUPPORTED"
# Rules in all, and how many are skipped: conditions that the data cannot meet, such as commitments.
RULES, SKIPPED, SKIPPED_WITHOUT_NAMING = 578, 412, 414


def expected_failures(rows):
    """Each with the reason why it stays."""
    # "MUST be null" and "MUST NOT be null" have conditions that the validator does not evaluate: one of them always fails.
    has_invoice = bool(rows[0]["InvoiceId"])
    failures = {"InvoiceId-C-004-C" if has_invoice else "InvoiceId-C-005-C"}
    # Only a purchase that covers later charges has no effective cost; the validator wants it of every purchase.
    if any(row["ChargeCategory"] == "Purchase" for row in rows):
        failures.add("EffectiveCost-C-005-C")
    # Names may have any letters; that they be ASCII is the validator's own rule. The second is the sum of the column's.
    if not all(row["SubAccountName"].isascii() for row in rows):
        failures |= {"SubAccountName-C-002-M", "SubAccountName-C-000-C"}
    if not all(row["BillingAccountName"].isascii() for row in rows):
        failures |= {"BillingAccountName-C-002-M", "BillingAccountName-C-000-M"}
    return failures


def validate(path, claims):
    package = Path(focus_validator.__file__).parent
    with tempfile.TemporaryDirectory() as scratch:
        # it opens `focus_validator/rules/currency_codes.csv` below the folder that it is run in
        os.symlink(package, Path(scratch) / "focus_validator")
        command = [Path(sys.executable).parent / "focus-validator", "--data-file", path, "--validate-version", "1.2"]
        options = ["--block-download", "--show-violations", "--applicability-criteria", ",".join(claims)]
        ran = subprocess.run(command + options, cwd=scratch, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def problems(path, rows):
    is_named = bool(rows[0]["BillingAccountName"])
    said = validate(path, CLAIMS + [NAMING] if is_named else CLAIMS)
    failed = set(re.findall(r"^\s*❌ ([\w.-]+): FAIL", said, re.MULTILINE))
    expected = expected_failures(rows)
    for rule in sorted(failed - expected):
        line = next(line for line in said.splitlines() if f"❌ {rule}:" in line)
        yield line.strip()
    for rule in sorted(expected - failed):
        yield f"{rule} passes by now: say so where it is expected to fail"
    skipped = SKIPPED if is_named else SKIPPED_WITHOUT_NAMING
    total = f"Total: {RULES} | Pass: {RULES - skipped - len(expected)} | Fail: {len(expected)} | Skipped: {skipped}"
    if total not in said:
        found = re.search(r"Total: .*", said)
        yield f"`{found.group() if found else said[-500:]}` instead of `{total}`"


def metadata_problems(folder, path, row_count):
    """The reference from a file of data to its schema."""
    relative = path.relative_to(folder)
    format_ = relative.parts[0]
    reference = folder / "metadata" / relative.parts[1] / f"{path.stem}-{format_}.json"
    said = json.loads(reference.read_text())
    location = {"filepath": str(relative), "total_bytes": path.stat().st_size, "total_rows": row_count}
    if said["data_location"] != [location]:
        yield f"{reference.name} says {said['data_location']}, and it is {location}"
    schema = json.loads((folder / "metadata" / f"schema-{said['SchemaId']}.json").read_text())
    if schema["SchemaId"] != said["SchemaId"]:
        yield "the schema has another id than its name"


def main(sets):
    results = []
    for folder in (Path(one).resolve() / "focus" for one in sets):
        files = sorted(folder.glob("csv/*/*.csv")) + sorted(folder.glob("parquet/*/*.parquet"))
        if len(files) != 2:
            results.append(False)
            print(f"FAILED {folder}: {len(files)} files of data")
            continue
        with files[0].open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text, strict=True))
        kinds = ", ".join(sorted({row["ChargeCategory"] for row in rows}))
        for path in files:
            found = [*problems(path, rows), *metadata_problems(folder, path, len(rows))]
            label = f"{folder.parent.name} {path.suffix[1:]}, {len(rows)} rows of {kinds}"
            known = ", ".join(sorted(expected_failures(rows)))
            print(f"FAILED {label}: {'; '.join(found)}" if found else f"passed {label}; known to fail: {known}")
            results.append(not found)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
