"""Homes with very many jobs, copied from one."""
import json
import os
import sqlite3

from measure import run

DOCUMENT = """
lists:
  - name: CONTACTS
jobs:
  - name: bench
    kind: import-list
    file: { name: records.csv }
    target: { list: CONTACTS }
    schedule: { repeat: daily, hour: 3, slot: 0-14 }
"""


def made_home(workplace, name):
    home = workplace.fresh_directory(name)
    run([workplace.program, "init", "--home", home])
    document = os.path.join(home, "bench.yaml")
    with open(document, "w", encoding="utf-8") as file:
        file.write(DOCUMENT)
    run([workplace.program, "apply", document, "--home", home])
    return home


def fill(home, jobs, first_due):
    """Copies the one job until there are as many as wanted. `first_due` gives the second in which each is due."""
    database = sqlite3.connect(os.path.join(home, "control.sqlite"))
    body = json.loads(database.execute("SELECT body FROM job").fetchone()[0])
    seed = database.execute("SELECT seed FROM due").fetchone()[0]

    def copies():
        for number in range(2, jobs + 1):
            yield number, f"job {number}", json.dumps({**body, "id": number, "name": f"job {number}"})

    with database:
        database.executemany("INSERT INTO job (id, name, body) VALUES (?, ?, ?)", copies())
        database.executemany(
            "INSERT INTO job_listing (job, kind, active, schedule, sought_name, sought_description)"
            " SELECT ?1, kind, active, schedule, 'job ' || ?1, sought_description FROM job_listing WHERE job = 1", ((number,) for number in range(2, jobs + 1)))
        due = ((number, 0, seed + number, first_due(number) // 900 * 900, first_due(number), 0) for number in range(2, jobs + 1))
        database.executemany("INSERT INTO due (owner, is_group, seed, slot, at, waiting) VALUES (?, ?, ?, ?, ?, ?)", due)
    database.close()


def add_runs(home):
    """Copies the one run, of the first job, to every other job; each seventh has failed."""
    database = sqlite3.connect(os.path.join(home, "control.sqlite"))
    state, body = database.execute("SELECT state, body FROM run").fetchone()
    body = json.loads(body)

    def copies():
        for number, in database.execute("SELECT id FROM job WHERE id > 1").fetchall():
            status = "failed" if number % 7 == 0 else "succeeded"
            started = body["startedAtUnixMilliseconds"] + number * 7919 % 86_400_000
            copied = {**body, "id": f"{number}.{number}", "jobName": f"job {number}", "status": status, "startedAtUnixMilliseconds": started}
            yield number, number, state, status, json.dumps(copied), started

    runs = list(copies())
    with database:
        database.executemany("INSERT INTO run (number, job, epoch, state, status, body) VALUES (?, ?, 1, ?, ?, ?)", (run[:5] for run in runs))
        database.executemany(
            "UPDATE job_listing SET last_run = ?1, last_status = ?2, last_started = ?3 WHERE job = ?1", ((run[0], run[3], run[5]) for run in runs))
    database.close()
