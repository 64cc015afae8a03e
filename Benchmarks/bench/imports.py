"""Imports into a list: load into an empty one, merge into a full one; against the sqlite3 shell and others, and from SFTP against local."""
import os
import shutil

import exports
from measure import Series, say
from ours import Installation
from postgres import PostgreSQL
from shell import SQLiteShell

MOST_MEMORY_MB = 200


def import_rows(workplace, report):
    load, update = workplace.records("load", workplace.rows), workplace.records("update", workplace.rows)
    rows_after = (workplace.rows, workplace.rows + workplace.rows - workplace.rows // 2)
    peers = chosen_peers(workplace, report)
    ours = {name: Series() for name in ("load", "merge", "sftp")}
    theirs = {peer.name: {"load": Series(), "merge": Series()} for peer in peers}
    server = workplace.ssh_server()
    for number in range(1, workplace.runs + 1):
        say(f"  run {number} of {workplace.runs}")
        installation = Installation(workplace, "local")
        ours["load"].add(installation.load(load, rows_after[0]))
        ours["merge"].add(installation.load(update, rows_after[1]))
        installation.remove()
        for peer in peers:
            peer.start()
            theirs[peer.name]["load"].add(peer.load(load, rows_after[0]))
            theirs[peer.name]["merge"].add(peer.load(update, rows_after[1]))
            peer.finish()
        installation = Installation(workplace, "remote", server)
        ours["sftp"].add(installation.load(load, rows_after[0]))
        installation.remove()
    label = f"{workplace.rows:,} records"
    for peer in peers:
        report.compare(f"load {label} into an empty list", ours["load"], peer.name, theirs[peer.name]["load"], 0.7 if peer.sets_target else None)
        report.compare(f"merge {label}, half matching", ours["merge"], peer.name, theirs[peer.name]["merge"], 0.6 if peer.sets_target else None)
    report.compare(f"load {label} over SFTP", ours["sftp"], "the same file, local", ours["load"], 1.15)
    peak = max(series.peak_rss_mb for series in ours.values())
    report.alone(f"memory: {label}", max(ours.values(), key=lambda series: series.peak_rss_mb), f"memory <= {MOST_MEMORY_MB} MB", peak <= MOST_MEMORY_MB)
    large_import(workplace, report)


def chosen_peers(workplace, report):
    peers = []
    if shutil.which("sqlite3"):
        peers.append(SQLiteShell(workplace))
    else:
        report.skip("sqlite3 shell", "not installed")
    if not workplace.all_peers:
        report.skip("sqlite3 shell with a large cache, PostgreSQL", "slow; BENCH_PEERS=all measures them")
        return peers
    if shutil.which("sqlite3"):
        peers.append(SQLiteShell(workplace, "sqlite3 shell, 500 MB cache", "PRAGMA cache_size=-500000; PRAGMA temp_store=MEMORY;"))
    postgres = PostgreSQL(workplace)
    if postgres.reason_to_skip:
        report.skip("PostgreSQL", postgres.reason_to_skip)
    else:
        peers.append(postgres)
    return peers


def large_import(workplace, report):
    rows = 20_000_000
    name = f"memory: {rows:,} records"
    # The list that the import leaves is then exported: what either takes must not grow with the file.
    if not workplace.large:
        report.skip(name, "takes minutes and 15 GB of disk; BENCH_LARGE=1 measures it")
        return
    file = workplace.records("load", rows)
    series = Series()
    installation = Installation(workplace, "large")
    series.add(installation.load(file, rows))
    document = os.path.join(installation.home, "exports.yaml")
    with open(document, "w", encoding="utf-8") as text:
        text.write(exports.JOBS)
    installation.call("apply", document)
    exported = Series()
    exported.add(exports.exported(installation, "plain", rows))
    installation.remove()
    report.alone(name, series, f"memory <= {MOST_MEMORY_MB} MB", series.peak_rss_mb <= MOST_MEMORY_MB, "one run")
    report.alone(f"memory: export of {rows:,} records", exported, f"memory <= {exports.MOST_MEMORY_MB} MB", exported.peak_rss_mb <= exports.MOST_MEMORY_MB, "one run")
