"""Asks DuckDB every view and fact over the same Parquet files and compares the rows with ours.

Usage: python3 duckdb_facts.py FOLDER [FOLDER ...]   (written by the test `portability`)
Exit code 0: equal. 1: different. 77: the Python package duckdb is not installed.
"""

import sys

import compare

try:
    import duckdb
except ImportError:
    print("skipped: the Python package duckdb is not installed (pip install duckdb)")
    sys.exit(77)


def run(folder):
    text = compare.book(folder)
    connection = duckdb.connect()
    for path in compare.tables(folder):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{path}')")
    for view in text["views"]:
        connection.execute(f"CREATE VIEW {view['id']} AS {view['sql']}")
    asked, differences = 0, []
    for name, sql in compare.queries(text):
        asked += 1
        try:
            found = connection.execute(sql).fetchall()
        except duckdb.Error as error:
            differences.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        line = compare.difference(folder, name, found)
        if line:
            differences.append(line)
    return asked, differences


def main(folders):
    asked, differences = 0, []
    for folder in folders:
        more, new = run(folder)
        asked += more
        differences += new
    return compare.report("duckdb", asked, differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
