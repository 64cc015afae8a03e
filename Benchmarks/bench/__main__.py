#!/usr/bin/env python3
"""Measures ConnectHost and other tools in one run: the same data, the same disk, turn by turn. Called by `make bench`.

Prints one table and writes bench.json at the root of the repository.

environment:
  BENCH_RUNS=3      how often each row is measured; the median counts (at least 3)
  BENCH_ROWS=…      records of the main data, 1,000,000 where not given
  BENCH_EVENTS=…    events that are taken in and fed, 5,000,000 where not given
  BENCH_EXPORT_ROWS=…  rows of the exports, 1,500,000 where not given
  BENCH_JOBS=…      scheduled jobs of the homes with many, 100,000 where not given
  BENCH_ONLY=a,b    only these groups: import, mobile, packed, export, event, table, transfer, line, parse, list, connectors, worker, schedule
  BENCH_PEERS=all   also the slow or unusual peers: a sqlite3 shell with a large cache, PostgreSQL
  BENCH_PACKED_ROWS=…  records of the gzipped and encrypted file, 1 GiB of them where not given
  BENCH_LARGE=1     also an import of 20,000,000 records and one of a zip file of 20 GB, for their memory
  BENCH_ZIP_BYTES=…    how much that one holds
  BENCH_LINE_BYTES=…   how large the file is that goes over a line with a delay, 512 MiB where not given
  BENCH_DIR=…       where data and homes are put, .build/bench where not given; must be on the disk to be measured
"""
import os
import sys

from events import event_rows
from exports import export_rows
from imports import import_rows
from lines import line_rows
from lists import connector_list_row, many_connectors_row, parse_row, worker_row
from measure import Workplace, say
from mobiles import mobile_rows
from packed import packed_rows
from report import Report
from schedules import schedule_rows
from tables import table_rows
from transfers import transfer_rows


def main():
    workplace = Workplace(os.environ)
    report = Report(workplace)
    groups = {"import": import_rows, "mobile": mobile_rows, "packed": packed_rows, "export": export_rows, "event": event_rows, "table": table_rows, "transfer": transfer_rows, "line": line_rows, "parse": parse_row, "list": connector_list_row,
              "connectors": many_connectors_row, "worker": worker_row, "schedule": schedule_rows}
    wanted = os.environ.get("BENCH_ONLY", ",".join(groups)).split(",")
    unknown = [name for name in wanted if name not in groups]
    if unknown:
        sys.exit(f"bench: BENCH_ONLY knows {', '.join(groups)}, not {', '.join(unknown)}")
    if not os.access(workplace.program, os.X_OK):
        sys.exit(f"bench: {workplace.program} is not there; run `make build`")
    try:
        for name in wanted:
            say(f"{name}:")
            groups[name](workplace, report)
    finally:
        workplace.clean_up()
    print(report.table())
    report.write(os.path.join(workplace.root, "bench.json"))


if __name__ == "__main__":
    main()
