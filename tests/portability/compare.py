"""What the engines' jobs share: the exchange folder that the Rust test writes, and comparing rows.

The folder holds `book.json` (views in their order, facts with their SQL), `tables/<table>.parquet`, and
`expected/<name>.json` with the rows that Polars gave. Rows are compared as sorted lists; moments as
microseconds, whole numbers as they are, others to ten significant digits.
"""

import datetime
import json
import math
import pathlib

EPOCH = datetime.datetime(1970, 1, 1)


def book(folder):
    return json.loads((pathlib.Path(folder) / "book.json").read_text())


def tables(folder):
    return sorted((pathlib.Path(folder) / "tables").glob("*.parquet"))


def queries(text):
    """Name and SQL of every view and fact; a view is also asked by itself."""
    for view in text["views"]:
        yield view["id"], view["sql"]
    for fact in text["facts"]:
        yield fact["id"], fact["sql"]


def plain(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1)
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        return str(number)
    if number.is_integer():
        return int(number)
    return float(f"{number:.10g}")


def rows(found):
    return sorted(([plain(value) for value in row] for row in found), key=lambda row: json.dumps(row))


def difference(folder, name, found):
    """Nothing when the rows are those that Polars gave, else one line that shows where they part."""
    expected = rows(json.loads((pathlib.Path(folder) / "expected" / f"{name}.json").read_text()))
    found = rows(found)
    if found == expected:
        return None
    gone = [row for row in expected if row not in found][:2]
    new = [row for row in found if row not in expected][:2]
    return f"{name}: {len(expected)} rows here, {len(found)} there; only here {gone}, only there {new}"


def report(engine, asked, differences):
    for line in differences:
        print(line)
    failed = len(differences)
    print(f"{engine}: {asked - failed} passed, {failed} failed")
    return 1 if failed else 0
