"""The server: many scheduled jobs, what it costs when nothing happens, and the overhead of a run."""
import json
import os
import sqlite3
import time

from job_lists import list_rows
from jobs import fill, made_home
from measure import Sample, Series, run
from recovery import recovery_row
from serving import Server

STARTS_A_SECOND = 50
SECONDS_OF_STARTS = 20
TICK_MOST_S = 0.005
START_UP_MOST_S = 2.0
MEMORY_MOST_MB = 150
LAG_MOST_S = 2
IDLE_MOST_MB = 40
IDLE_MOST_PERCENT = 0.5
OVERHEAD_MOST_S = 0.150


def series(seconds, memory=0.0):
    one = Series()
    one.add(Sample(seconds, memory, ""))
    return one


def many_jobs(workplace, report):
    home = made_home(workplace, "schedules-home")
    begin = int(time.time()) + 30
    last = STARTS_A_SECOND * SECONDS_OF_STARTS
    fill(home, workplace.jobs, lambda number: begin + (number - 2) // STARTS_A_SECOND if number - 2 < last else begin + 86_400 + number % 80_000)
    server = Server(workplace, home, "--concurrency", "1")
    try:
        report.alone(
            f"serve: start-up with {workplace.jobs:,} scheduled jobs", series(server.seconds, server.resident_mb()), f"<= {START_UP_MOST_S:.0f} s",
            server.seconds <= START_UP_MOST_S)
        while server.metric('starts_total{trigger="schedule"}') < last and time.time() < begin + SECONDS_OF_STARTS + 60:
            time.sleep(0.5)
        started = server.metric('starts_total{trigger="schedule"}')
        lag = server.metric("start_lag_max_seconds")
        report.alone(
            f"serve: {STARTS_A_SECOND} starts a second, latest start", series(lag, server.resident_mb()), f"<= {LAG_MOST_S} s late",
            lag <= LAG_MOST_S and started >= last, f"{started:.0f} of {last} started")
        tick = server.metric("tick_seconds")
        report.alone(f"serve: a tick with {workplace.jobs:,} scheduled jobs", series(tick, server.resident_mb()), f"<= {TICK_MOST_S:.3f} s", tick <= TICK_MOST_S)
        memory = server.resident_mb()
        report.alone(
            f"serve: memory with {workplace.jobs:,} scheduled jobs", series(0.0, memory), f"<= {MEMORY_MOST_MB} MB", memory <= MEMORY_MOST_MB, "workers included")
    finally:
        server.process.kill()
        server.process.wait()


def idle(workplace, report):
    server = Server(workplace, made_home(workplace, "idle-home"))
    try:
        # The server gives back what only its start needed after five seconds of its own.
        time.sleep(10)
        before = server.processor_seconds()
        memory = 0.0
        for _ in range(60):
            time.sleep(1)
            memory = max(memory, server.resident_mb())
        percent = (server.processor_seconds() - before) / 60 * 100
        report.alone("serve: idle for 60 s, processor time", series((percent / 100) * 60, memory), f"<= {IDLE_MOST_PERCENT} % of a core",
                     percent <= IDLE_MOST_PERCENT, f"{percent:.2f} %")
        report.alone("serve: idle memory, the most of 60 looks", series(0.0, memory), f"<= {IDLE_MOST_MB} MB", memory <= IDLE_MOST_MB,
                     f"{server.peak_mb():.0f} MB for a moment of its start")
    finally:
        server.stop()


def queued_to_done(home):
    """Seconds of the last run."""
    database = sqlite3.connect(os.path.join(home, "control.sqlite"))
    body = json.loads(database.execute("SELECT body FROM run ORDER BY number DESC LIMIT 1").fetchone()[0])
    database.close()
    return (body["finishedAtUnixMilliseconds"] - body["createdAtUnixMilliseconds"]) / 1000


def overhead(workplace, report):
    """From the row that asks for a run to the one that says it has ended, of a file with a header and nothing else, beside a server that is there."""
    home = made_home(workplace, "overhead-home")
    server = Server(workplace, home)
    times = Series()
    try:
        for _ in range(max(11, workplace.runs)):
            with open(os.path.join(home, "files/upload/records.csv"), "w", encoding="utf-8") as file:
                file.write("EMAIL_ADDRESS_\n")
            run([workplace.program, "jobs", "run", "bench", "--json", "--quiet", "--home", home])
            times.add(Sample(queued_to_done(home), 0.0, ""))
    finally:
        server.stop()
    report.alone("a run of an empty local file, start to end", times, f"<= {OVERHEAD_MOST_S:.3f} s", times.seconds <= OVERHEAD_MOST_S)


def schedule_rows(workplace, report):
    overhead(workplace, report)
    recovery_row(workplace, report)
    idle(workplace, report)
    many_jobs(workplace, report)
    list_rows(workplace, report)
