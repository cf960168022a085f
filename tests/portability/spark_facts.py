"""Asks Spark every view and fact over the same Parquet files and compares the rows with ours.

Usage: python3 spark_facts.py [--master URL] FOLDER [FOLDER ...]   (written by the test `portability`)
The longer job: a session of its own (local[2] unless a master is named), ANSI mode as shipped, UTC.
Exit code 0: equal. 1: different. 77: the Python package pyspark or a Java runtime is not installed.
"""

import shutil
import sys

import compare

try:
    from pyspark.sql import SparkSession
except ImportError:
    print("skipped: the Python package pyspark is not installed (pip install pyspark)")
    sys.exit(77)

if not shutil.which("java"):
    print("skipped: no Java runtime is installed")
    sys.exit(77)


def session(master):
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(master).appName("highwater-facts")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def run(spark, folder):
    text = compare.book(folder)
    for path in compare.tables(folder):
        spark.read.parquet(str(path)).createOrReplaceTempView(path.stem)
    for view in text["views"]:
        spark.sql(view["sql"]).createOrReplaceTempView(view["id"])
    asked, differences = 0, []
    for name, sql in compare.queries(text):
        asked += 1
        try:
            found = [tuple(row) for row in spark.sql(sql).collect()]
        except Exception as error:  # any failure of the engine is a difference, named and counted
            differences.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        line = compare.difference(folder, name, found)
        if line:
            differences.append(line)
    return asked, differences


def main(arguments):
    master = "local[2]"
    if arguments[:1] == ["--master"]:
        master, arguments = arguments[1], arguments[2:]
    spark = session(master)
    asked, differences = 0, []
    for folder in arguments:
        more, new = run(spark, folder)
        asked += more
        differences += new
    spark.stop()
    return compare.report("spark", asked, differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
