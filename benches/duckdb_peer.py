"""The named peer of the large-tenant benchmark: the same fact texts in DuckDB over the same Parquet files.

usage: duckdb_peer.py TABLES_DIR TEXTS.json [THREADS]
Prints one JSON object: seconds for all facts, peak memory in MiB, and the counts of every fact.
"""

import json
import os
import sys
import time

import duckdb

tables_dir, texts_path = sys.argv[1], sys.argv[2]
threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
texts = json.load(open(texts_path, encoding="utf-8"))

started = time.perf_counter()
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}")
for name in sorted(os.listdir(tables_dir)):
    if name.endswith(".parquet"):
        path = os.path.join(tables_dir, name).replace("'", "''")
        connection.execute(f"CREATE VIEW {name[:-8]} AS SELECT * FROM read_parquet('{path}')")
for view in texts["views"]:
    kind = "TEMP TABLE" if view["kept"] else "VIEW"
    connection.execute(f"CREATE {kind} {view['id']} AS {view['sql']}")

counts = {}
for fact in texts["facts"]:
    if fact["kind"] == "measure":
        counts[fact["id"]] = connection.execute(fact["sql"]).fetchall()
    else:
        counts[fact["id"]] = connection.execute(
            "SELECT COUNT(CASE WHEN q.hit = TRUE THEN 1 END), COUNT(CASE WHEN q.hit = FALSE THEN 1 END), "
            f"COUNT(CASE WHEN q.hit IS NULL THEN 1 END) FROM ({fact['sql']}) q"
        ).fetchall()
seconds = time.perf_counter() - started
# Not ru_maxrss: a child inherits that of its parent.
with open("/proc/self/status", encoding="utf-8") as status:
    peak = next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")), 0)
print(json.dumps({"seconds": seconds, "peak_mib": peak, "version": duckdb.__version__, "counts": counts}, default=str))
