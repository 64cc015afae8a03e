"""Small things: how fast the reader parses alone, and how fast `connectors list` answers."""
import json
import os
import re

from measure import Sample, Series, measured, run

PARSE_AT_LEAST_MB_S = 400
LIST_AT_MOST_S = 0.050
MANY = 50
MANY_WARM_AT_MOST_S = 0.060
MANY_COLD_AT_MOST_S = 2.0
WORKER_AT_MOST_S = 0.030


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


def many_connectors_row(workplace, report):
    """Fifty files dropped in: the first list looks at each in a process of its own, later ones at none."""
    home = workplace.fresh_directory("many-home")
    run([workplace.program, "init", "--home", home])
    source = os.path.join(workplace.root, "Tests/ConnectorTests/Fixtures/minimal.c")
    for number in range(MANY):
        run(["cc", "-std=gnu11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-I", os.path.join(workplace.root, "Sources/PluginABI/include"),
             f'-DID="com.example.n{number}"', source, "-o", os.path.join(home, f"connectors/n{number}.so")])
    arguments = [workplace.program, "connectors", "list", "--json", "--home", home]
    cold, warm = Series(), Series()
    for _ in range(workplace.runs):
        cache = os.path.join(home, "cache/connectors.json")
        if os.path.exists(cache):
            os.remove(cache)
        cold.add(listed(arguments))
        for _ in range(5):
            warm.add(listed(arguments))
    report.alone(f"connectors list, {MANY} dropped in, first time", cold, f"<= {MANY_COLD_AT_MOST_S:.1f} s", cold.seconds <= MANY_COLD_AT_MOST_S)
    report.alone(f"connectors list, {MANY} dropped in, again", warm, f"<= {MANY_WARM_AT_MOST_S:.3f} s", warm.seconds <= MANY_WARM_AT_MOST_S)


def listed(arguments):
    sample = measured(arguments, settle=False)
    loaded = [file for file in json.loads(sample.output) if not file.get("refused")]
    if len(loaded) < MANY:
        raise AssertionError(f"only {len(loaded)} files were loaded instead of {MANY} and the bundled ones")
    return sample


def worker_row(workplace, report):
    """From the wish for a worker to its connector's first sign of work; the process of the host is there already, as it is in a scheduler."""
    home = workplace.fresh_directory("worker-home")
    run([workplace.program, "init", "--home", home])
    sample = measured([workplace.program, "bench-worker", "--json", "--home", home], settle=False)
    series = Series()
    for milliseconds in json.loads(sample.output)["milliseconds"]:
        series.add(Sample(milliseconds / 1000, sample.peak_rss_mb, ""))
    report.alone("start of a worker to its first work", series, f"<= {WORKER_AT_MOST_S:.3f} s", series.seconds <= WORKER_AT_MOST_S)
