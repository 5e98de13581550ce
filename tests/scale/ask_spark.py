"""Asks Spark: ask_spark.py FOLDER…

Each folder has `archive/` and `customers.csv`. A line of JSON tells when Spark was up, then one for each folder has
its rows.
`SPARK_MASTER` is where Spark runs: `local[2]` by default, `local-cluster[2,1,1024]` for two executors of their own.
"""

import json
import os
import sys
import time

from pyspark.sql import SparkSession

from ask import statements, text

# For figures as small as these: the compiler's first tier is enough, and so are two tasks.
SMALL = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Spark listens for its own processes: on this machine only
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def main(folders):
    begun = time.perf_counter()
    builder = SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local[2]")).appName("one question")
    for name, value in SMALL.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    print(json.dumps({"seconds": time.perf_counter() - begun}))
    for folder in folders:
        begun = time.perf_counter()
        for statement in statements(text("spark.sql", folder)):
            spark.sql(statement)
        rows = [[str(row[0]), *row[1:5], str(row[5])] for row in spark.sql(text("question.sql")).collect()]
        print(json.dumps({"rows": rows, "seconds": time.perf_counter() - begun}))
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
