"""How soon a server that was killed with all its workers has finished what it was at (IMP-17, OPS-1)."""
import os
import shutil
import sqlite3
import time

from measure import Failed, Sample, Series, run
from serving import Server

JOBS = 4
RECORDS = 100_000
ROUNDS = 7
RECOVERY_MOST_S = 5.0


def made_home(workplace):
    home = workplace.fresh_directory("recovery-home")
    run([workplace.program, "init", "--home", home])
    document = os.path.join(home, "recovery.yaml")
    with open(document, "w", encoding="utf-8") as file:
        file.write("lists:\n" + "".join(f"  - name: LIST{number}\n    fields: {{ ROUND: STR100 }}\n" for number in range(JOBS)) + "jobs:\n" + "".join(
            f"  - name: recovery {number}\n    kind: import-list\n    file: {{ name: records{number}.csv }}\n    target: {{ list: LIST{number} }}\n"
            "    mapping: { fields: { mail: EMAIL_ADDRESS_, round: ROUND } }\n    schedule: { repeat: daily, hour: 3, slot: 0-14 }\n" for number in range(JOBS)))
    run([workplace.program, "apply", document, "--home", home])
    return home


def make_files(home, round_number):
    for number in range(JOBS):
        path = os.path.join(home, f"files/upload/records{number}.csv")
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write("mail,round\n" + "".join(f"r{record}@example.com,{round_number}\n" for record in range(RECORDS)))
        os.rename(path + ".part", path)


def rows(home, query, *arguments):
    database = sqlite3.connect(os.path.join(home, "control.sqlite"), timeout=60)
    try:
        return database.execute(query, arguments).fetchall()
    finally:
        database.close()


def begin_all(home):
    """Has every job due at once, a second from now, so that the server starts them and nobody else is there when it is gone."""
    database = sqlite3.connect(os.path.join(home, "control.sqlite"))
    with database:
        database.execute("UPDATE due SET slot = ?1, at = ?1", (int(time.time()) + 1,))
    database.close()


def waited(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"the server does not {what}")
        time.sleep(0.005)


def one_round(workplace, home, round_number):
    """Seconds from the new server's start until all that was interrupted goes on, until it has ended, and how many runs that were."""
    make_files(home, round_number)
    first = (rows(home, "SELECT coalesce(max(number), 0) FROM run")[0][0]) + 1
    begin_all(home)
    server = Server(workplace, home)
    waited(lambda: rows(home, "SELECT count(*) FROM run WHERE number >= ? AND status <> 'queued'", first)[0][0] == JOBS, "begin")
    # Each round a little later into the work.
    time.sleep(0.1 * round_number)
    server.kill()
    interrupted = rows(home, "SELECT number, epoch FROM run WHERE state <> 'finished'")
    started = time.monotonic()
    server = Server(workplace, home)
    try:
        # A worker that takes a run up makes its epoch one greater.
        waited(lambda: all(rows(home, "SELECT epoch FROM run WHERE number = ?", number)[0][0] > epoch for number, epoch in interrupted), "go on")
        on = time.monotonic() - started
        waited(lambda: not rows(home, "SELECT 1 FROM run WHERE state <> 'finished' LIMIT 1"), "finish what was interrupted")
        seconds = time.monotonic() - started
    finally:
        server.stop()
    ended = rows(home, "SELECT status, count(*) FROM run WHERE number >= ? GROUP BY status", first)
    if ended != [("succeeded", JOBS)]:
        raise Failed(f"the runs of a killed server ended as {ended}")
    return on, seconds, len(interrupted)


def recovery_row(workplace, report):
    home = made_home(workplace)
    ons, times, counts = [], [], []
    for round_number in range(ROUNDS):
        on, seconds, interrupted = one_round(workplace, home, round_number)
        if interrupted:
            ons.append(on)
            times.append(seconds)
            counts.append(interrupted)
    shutil.rmtree(home, ignore_errors=True)
    if not times:
        raise Failed("every run had ended before its server was killed")
    # The slowest round counts, not the median.
    slowest = Series()
    slowest.add(Sample(max(times), 0.0, ""))
    report.alone(
        f"serve: killed with its workers, from its new start until the interrupted runs have ended ({RECORDS:,} records each)", slowest,
        f"<= {RECOVERY_MOST_S:.0f} s", max(times) <= RECOVERY_MOST_S,
        f"slowest of {len(times)} rounds with {min(counts)} to {max(counts)} runs interrupted; all of them went on after {max(ons):.2f} s at most")
