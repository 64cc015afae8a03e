"""Exports of a whole list: to CSV against the sqlite3 shell and PostgreSQL's \\copy, with gzip against without, and what memory either takes.

Each program writes the same 12 columns of the same rows, and the number of records is checked."""
import csv
import json
import os
import shutil

from measure import Series, measured, say
from ours import Installation
from postgres import PostgreSQL
from shell import COLUMNS, SQLiteShell

ROWS = 1_500_000
MOST_MEMORY_MB = 200
FIELDS = ("CUSTOMER_ID_, EMAIL_ADDRESS_, MOBILE_NUMBER_, FIRST_NAME, LAST_NAME, CITY_, STATE_, POSTAL_CODE_, COUNTRY_, BIRTH_DATE, LOYALTY_TIER, "
          "LAST_PURCHASE")
JOBS = f"""
jobs:
  - name: plain
    kind: export
    source: {{ type: list, name: CONTACTS, columns: [{FIELDS}] }}
    file: {{ name: records.csv }}
  - name: gzip
    kind: export
    source: {{ type: list, name: CONTACTS, columns: [{FIELDS}] }}
    file: {{ name: records.csv, compression: gzip }}
  - name: filtered
    kind: export
    source: {{ type: filter, name: Everyone, columns: [{FIELDS}] }}
    file: {{ name: records.csv }}
filters:
  - {{ name: Everyone, list: CONTACTS, where: EMAIL_ADDRESS_ IS NOT NULL }}
"""


def export_rows(workplace, report):
    rows = int(os.environ.get("BENCH_EXPORT_ROWS", ROWS))
    records = workplace.records("load", rows)
    installation = Installation(workplace, "export")
    installation.load(records, rows)
    document = os.path.join(installation.home, "exports.yaml")
    with open(document, "w", encoding="utf-8") as file:
        file.write(JOBS)
    installation.call("apply", document)
    peers = [peer for peer in (shell_peer(workplace, report), postgres_peer(workplace, report)) if peer]
    for peer in peers:
        peer.start()
        peer.load(records, rows)
    ours = {name: Series() for name in ("plain", "gzip", "filtered")}
    theirs = {peer.name: Series() for peer in peers}
    for number in range(1, workplace.runs + 1):
        say(f"  run {number} of {workplace.runs}")
        for name, series in ours.items():
            series.add(exported(installation, name, rows))
        for peer in peers:
            theirs[peer.name].add(peer_export(workplace, peer, rows))
    for peer in peers:
        peer.finish()
    installation.remove()
    label = f"{rows:,} records"
    for peer in peers:
        is_shell = isinstance(peer, SQLiteShell)
        report.compare(f"export {label} to CSV", ours["plain"], "sqlite3 -csv" if is_shell else "psql \\copy", theirs[peer.name], 0.5 if is_shell else 1.0)
    report.compare(f"export {label} with gzip", ours["gzip"], "the same without", ours["plain"], 1.3)
    report.compare(f"export {label} through a filter", ours["filtered"], "the same without", ours["plain"])
    peak = max(ours.values(), key=lambda series: series.peak_rss_mb)
    report.alone(f"memory: export of {label}", peak, f"memory <= {MOST_MEMORY_MB} MB", peak.peak_rss_mb <= MOST_MEMORY_MB)


def exported(installation, job, rows):
    sample = measured([installation.program, "jobs", "run", job, "--json", "--quiet", "--home", installation.home])
    result = json.loads(sample.output)
    if result["status"] != "succeeded" or result["export"]["files"][0]["records"] != rows:
        raise AssertionError(f"the export did not do what is measured: {result}")
    os.remove(os.path.join(installation.home, "files", result["export"]["files"][0]["path"]))
    return sample


def shell_peer(workplace, report):
    if shutil.which("sqlite3"):
        return SQLiteShell(workplace, "sqlite3 -csv")
    report.skip("export against the sqlite3 shell", "not installed")
    return None


def postgres_peer(workplace, report):
    peer = PostgreSQL(workplace)
    if peer.reason_to_skip:
        report.skip("export against PostgreSQL", peer.reason_to_skip)
        return None
    return peer


def peer_export(workplace, peer, rows):
    target = os.path.join(peer.directory, "exported.csv")
    columns = ", ".join(COLUMNS)
    if isinstance(peer, SQLiteShell):
        sample = measured(["sqlite3", "-csv", "-header", peer.database, f".output {target}", f"SELECT {columns} FROM people"])
    else:
        sample = measured(peer.arguments() + ["-c", f"\\copy (SELECT {columns} FROM people ORDER BY id) TO '{target}' WITH (FORMAT csv, HEADER true)"])
    with open(target, encoding="utf-8", newline="") as file:
        # Some fields hold a line break, so lines are not records.
        written = sum(1 for _ in csv.reader(file)) - 1
    if written != rows:
        raise AssertionError(f"{peer.name} wrote {written} records instead of {rows}")
    os.remove(target)
    return sample
