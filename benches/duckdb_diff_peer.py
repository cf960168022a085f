"""The named peer of comparing two large snapshots: the same texts and the same comparison in DuckDB.

usage: duckdb_diff_peer.py OLD_TABLES NEW_TABLES TEXTS.json [THREADS]
Answers all facts of both sides, then joins both answers of every fact under `moved` in full and counts what differs.
Prints one JSON object: seconds for all of it, peak memory in MiB, and how many subjects moved.
"""

import json
import os
import sys
import time

import duckdb

sides, texts_path = {"old": sys.argv[1], "new": sys.argv[2]}, sys.argv[3]
threads = int(sys.argv[4]) if len(sys.argv) > 4 else 2
texts = json.load(open(texts_path, encoding="utf-8"))
facts = {fact["id"]: fact for fact in texts["facts"]}

started = time.perf_counter()
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}")
for side, folder in sides.items():
    connection.execute(f"CREATE SCHEMA {side}")
    connection.execute(f"SET schema = '{side}'")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".parquet"):
            path = os.path.join(folder, name).replace("'", "''")
            connection.execute(f"CREATE VIEW {name[:-8]} AS SELECT * FROM read_parquet('{path}')")
    for view in texts["views"]:
        kind = "TABLE" if view["kept"] else "VIEW"
        connection.execute(f"CREATE {kind} {view['id']} AS {view['sql']}")
    for fact in facts.values():
        if fact["kind"] == "measure":
            connection.execute(fact["sql"]).fetchall()
        else:
            connection.execute(
                "SELECT COUNT(CASE WHEN q.hit = TRUE THEN 1 END), COUNT(CASE WHEN q.hit = FALSE THEN 1 END), "
                f"COUNT(CASE WHEN q.hit IS NULL THEN 1 END) FROM ({fact['sql']}) q"
            ).fetchall()

subjects = 0
for fact in texts["moved"]:
    for side in sides:
        connection.execute(f"SET schema = '{side}'")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE asked_{side} AS {facts[fact]['sql']}")
    rows = connection.execute(
        "SELECT o.subject IS NULL, n.subject IS NULL, o.hit, n.hit, COUNT(*) "
        "FROM asked_old o FULL JOIN asked_new n ON o.subject = n.subject "
        "WHERE o.subject IS NULL OR n.subject IS NULL OR o.hit IS DISTINCT FROM n.hit GROUP BY ALL"
    ).fetchall()
    subjects += sum(row[4] for row in rows)
seconds = time.perf_counter() - started
# Not ru_maxrss: a child inherits that of its parent.
with open("/proc/self/status", encoding="utf-8") as status:
    peak = next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")), 0)
print(json.dumps({"seconds": seconds, "peak_mib": peak, "version": duckdb.__version__, "subjects": subjects}))
