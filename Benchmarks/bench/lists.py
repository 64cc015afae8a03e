"""Small things: how fast the reader parses alone, and how fast `connectors list` answers."""
import os
import re

from measure import Series, measured, run

PARSE_AT_LEAST_MB_S = 400
LIST_AT_MOST_S = 0.050


def parse_row(workplace, report):
    """The reader alone on one core: records and fields found, nothing kept."""
    program = os.path.join(workplace.root, ".build/release/RecordEngineBench")
    if not os.access(program, os.X_OK):
        report.skip("parse alone", f"{os.path.relpath(program, workplace.root)} was not built")
        return
    file = workplace.records("load", workplace.rows)
    series = Series()
    for _ in range(workplace.runs):
        # It reads the file several times and prints the median, in seconds of processor time.
        sample = measured([program, "parse", file])
        found = re.search(r"parse: median ([0-9.]+) s", sample.output)
        if not found:
            raise AssertionError(f"RecordEngineBench printed no median: {sample.output}")
        sample.seconds = float(found.group(1))
        series.add(sample)
    rate = os.path.getsize(file) / series.seconds / 1e6
    report.alone(f"parse {workplace.rows:,} records", series, f">= {PARSE_AT_LEAST_MB_S} MB/s", rate >= PARSE_AT_LEAST_MB_S, f"{rate:.0f} MB/s on one core")


def connector_list_row(workplace, report):
    home = workplace.fresh_directory("list-home")
    run([workplace.program, "init", "--home", home])
    series = Series()
    for _ in range(max(11, workplace.runs)):
        series.add(measured([workplace.program, "connectors", "list", "--home", home], settle=False))
    report.alone("connectors list, nothing changed", series, f"<= {LIST_AT_MOST_S:.3f} s", series.seconds <= LIST_AT_MOST_S)
