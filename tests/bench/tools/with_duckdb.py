"""The night's work in DuckDB."""

from pathlib import Path

import duckdb

from .facts import (
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

# The usage is one object, and there is a limit to the size of one.
OBJECT_BYTES_MIN = 1 << 24

READ = """
CREATE TEMP TABLE answer AS FROM read_json('{data}/usage.json', maximum_object_size = {size}, columns = {{
    parent: '{bucket}', sub_accounts: '{bucket}[]', removed_sub_accounts: '{bucket}', total: '{bucket}'}});

CREATE TEMP TABLE lines AS
WITH buckets AS (
    SELECT 0 AS place, 'sub_account' AS line_type, unnest(sub_accounts) AS bucket FROM answer
    UNION ALL SELECT 1, 'parent', parent FROM answer
    UNION ALL SELECT 2, 'removed', removed_sub_accounts FROM answer)
SELECT place, line_type, bucket.account_id AS account_id,
    CASE place WHEN 0 THEN bucket.name WHEN 1 THEN '{parent}' ELSE '{removed}' END AS account_name,
    bucket.reception_count AS messages, bucket.allocated_cost::DECIMAL(38, {scale}) AS allocated_cost,
    bucket.allocated_cost::DOUBLE AS cost_double
FROM buckets;

CREATE TEMP TABLE listed AS
SELECT entry.* FROM (SELECT unnest(json_transform(json, '{page}').data) AS entry
    FROM read_ndjson_objects('{data}/accounts.jsonl'));
"""
BUCKET = 'STRUCT(account_id VARCHAR, "name" VARCHAR, reception_count BIGINT, allocated_cost VARCHAR)'
# Six times as fast as `read_json` with the same columns.
PAGE = '{"data": [{"id": "VARCHAR", "status": "VARCHAR", "monthly_credit": "BIGINT"}]}'

CHECK = """
WITH total AS (
    SELECT total.reception_count AS messages, total.allocated_cost::DECIMAL(38, {scale}) AS cost,
        total.allocated_cost::DOUBLE AS cost_double, (total.allocated_cost::DECIMAL(18, 2) * 100)::BIGINT AS cents
    FROM answer)
SELECT any_value(total.messages), any_value(total.cents), sum(lines.messages) = any_value(total.messages),
    abs(sum(lines.allocated_cost) - any_value(total.cost)) <= {sum_tolerance}::DECIMAL(38, {scale}),
    bool_and(abs(lines.cost_double - total.cost_double * lines.messages / total.messages) <= {share_tolerance})
FROM lines, total
"""

DIVIDE = """
CREATE TEMP TABLE joined AS
SELECT lines.*, id, status, monthly_credit, {whole} * messages // {messages} AS cents,
    {whole} * messages % {messages} AS remainder
FROM lines FULL JOIN listed ON account_id = id;

CREATE TEMP TABLE least AS
SELECT coalesce(min(remainder), {most}) AS remainder, count(*) AS left_over FROM (
    SELECT remainder FROM joined ORDER BY remainder DESC LIMIT (SELECT {whole} - sum(cents) FROM joined));

-- only those as large as the last one need an order
CREATE TEMP TABLE equal AS
SELECT joined.rowid AS equal_row FROM joined, least WHERE joined.remainder = least.remainder
ORDER BY place, account_id
LIMIT (SELECT any_value(left_over) - count(*) FILTER (joined.remainder > least.remainder) FROM joined, least);
"""
ONE_SIDED = """
SELECT count(*) FILTER (place = 0 AND id IS NULL), count(*) FILTER (place IS NULL) FROM joined
"""
TABLE = """
CREATE TEMP TABLE chargeback AS
SELECT line_type, account_id, account_name, status AS account_status, messages, allocated_cost,
    ((cents + (joined.remainder > least.remainder OR joined.rowid IN (FROM equal))::BIGINT)::DECIMAL(18, 0)
        * 0.01)::DECIMAL(18, 2) AS cost,
    monthly_credit,
    ((messages * 10000 // nullif(monthly_credit, 0))::DECIMAL(18, 0) * 0.01)::DECIMAL(18, 2) AS cap_utilisation
FROM joined, least WHERE place IS NOT NULL ORDER BY place, account_name, account_id
"""
WRITE = """
COPY chargeback TO '{out}/chargeback.csv' (HEADER);
COPY chargeback TO '{out}/chargeback.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level});
"""


def work(data: Path, out: Path) -> None:
    with duckdb.connect() as connection:
        size = max(OBJECT_BYTES_MIN, 2 * (data / "usage.json").stat().st_size)
        names = {"parent": PARENT_NAME, "removed": REMOVED_NAME, "bucket": BUCKET, "page": PAGE}
        connection.execute(READ.format(data=data, size=size, scale=COST_SCALE, **names))
        messages, whole = check(connection)
        connection.execute(DIVIDE.format(messages=messages, whole=whole, most=INT64_END - 1))
        tell(*connection.execute(ONE_SIDED).fetchone())
        connection.execute(TABLE)
        if connection.execute("SELECT sum(cost) * 100 FROM chargeback").fetchone()[0] != whole:
            fail("the parts are not the invoice")
        connection.execute(WRITE.format(out=out, level=ZSTD_LEVEL))


def check(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The messages and cents of the total. DuckDB itself refuses products that 64 bits do not hold."""
    tolerances = {"sum_tolerance": SUM_TOLERANCE, "share_tolerance": SHARE_TOLERANCE}
    found = connection.execute(CHECK.format(scale=COST_SCALE, **tolerances)).fetchone()
    messages, whole, *right = found
    for is_right, problem in zip(right, ["messages do not sum", "costs do not sum", "a share is another"], strict=True):
        if not is_right:
            fail(problem)
    return messages, whole
