"""The server: many scheduled jobs, what it costs when nothing happens, the overhead of a run, and how soon cut-off runs go on."""
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import time
import urllib.request

from measure import Sample, Series, resident_bytes, run

JOBS = 100_000
STARTS_A_SECOND = 50
SECONDS_OF_STARTS = 20
TICK_MOST_S = 0.005
START_UP_MOST_S = 2.0
MEMORY_MOST_MB = 150
LAG_MOST_S = 2
IDLE_MOST_MB = 40
IDLE_MOST_PERCENT = 0.5
OVERHEAD_MOST_S = 0.150
RECOVERY_MOST_S = 5.0
RECOVERY_ROUNDS = 10
RECOVERY_JOBS = 4
RECOVERY_ROWS = 1_000_000

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


def descendants(process):
    """Every process below this one."""
    try:
        children = []
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", encoding="utf-8") as file:
                children += [int(child) for child in file.read().split()]
    except OSError:
        return []
    return children + [below for child in children for below in descendants(child)]


class Server:
    """`connecthost serve` on a home; `seconds` is the time from its start until it is ready."""

    def __init__(self, workplace, home, *options):
        address = os.path.join(home, "serve/http")
        if os.path.exists(address):
            os.remove(address)
        started = time.monotonic()
        self.process = subprocess.Popen(
            [workplace.program, "serve", "--home", home, "--http", "127.0.0.1:0", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (os.path.exists(address) and "connecthost_ready 1" in self.metrics(address)):
            if self.process.poll() is not None or time.monotonic() - started > 60:
                raise AssertionError("the server does not become ready")
            time.sleep(0.005)
        # Ready and through its first look at what is due.
        while "tick_seconds" not in self.metrics():
            time.sleep(0.005)
        self.seconds = time.monotonic() - started

    def metrics(self, address=None):
        address = address or self.address
        self.address = address
        try:
            with open(address, encoding="utf-8") as file:
                host = file.read().strip()
            with urllib.request.urlopen(f"http://{host}/metrics", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def metric(self, name):
        found = re.search(rf"^connecthost_{re.escape(name)} ([0-9.e+-]+)$", self.metrics(), re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    def resident_mb(self):
        """Of the server and its workers."""
        return resident_bytes(self.process.pid) / 1e6

    def peak_mb(self):
        """The most the server itself has had, its start included."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024 / 1e6

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def made_home(workplace, name):
    home = workplace.fresh_directory(name)
    run([workplace.program, "init", "--home", home])
    document = os.path.join(home, "bench.yaml")
    with open(document, "w", encoding="utf-8") as file:
        file.write(DOCUMENT)
    run([workplace.program, "apply", document, "--home", home])
    return home


def fill(home, first_due):
    """Copies the one job until there are as many as wanted. `first_due` gives the second in which each is due."""
    database = sqlite3.connect(os.path.join(home, "control.sqlite"))
    body = json.loads(database.execute("SELECT body FROM job").fetchone()[0])
    seed = database.execute("SELECT seed FROM due").fetchone()[0]

    def jobs():
        for number in range(2, JOBS + 1):
            yield number, f"job {number}", json.dumps({**body, "id": number, "name": f"job {number}"})

    with database:
        database.executemany("INSERT INTO job (id, name, body) VALUES (?, ?, ?)", jobs())
        due = ((number, 0, seed + number, first_due(number) // 900 * 900, first_due(number), 0) for number in range(2, JOBS + 1))
        database.executemany("INSERT INTO due (owner, is_group, seed, slot, at, waiting) VALUES (?, ?, ?, ?, ?, ?)", due)
    database.close()


def series(seconds, memory=0.0):
    one = Series()
    one.add(Sample(seconds, memory, ""))
    return one


def many_jobs(workplace, report):
    home = made_home(workplace, "schedules-home")
    begin = int(time.time()) + 30
    last = STARTS_A_SECOND * SECONDS_OF_STARTS
    fill(home, lambda number: begin + (number - 2) // STARTS_A_SECOND if number - 2 < last else begin + 86_400 + number % 80_000)
    server = Server(workplace, home, "--concurrency", "1")
    try:
        report.alone(
            f"serve: start-up with {JOBS:,} scheduled jobs", series(server.seconds, server.resident_mb()), f"<= {START_UP_MOST_S:.0f} s",
            server.seconds <= START_UP_MOST_S)
        while server.metric('starts_total{trigger="schedule"}') < last and time.time() < begin + SECONDS_OF_STARTS + 60:
            time.sleep(0.5)
        started = server.metric('starts_total{trigger="schedule"}')
        lag = server.metric("start_lag_max_seconds")
        report.alone(
            f"serve: {STARTS_A_SECOND} starts a second, latest start", series(lag, server.resident_mb()), f"<= {LAG_MOST_S} s late",
            lag <= LAG_MOST_S and started >= last, f"{started:.0f} of {last} started")
        tick = server.metric("tick_seconds")
        report.alone(f"serve: a tick with {JOBS:,} scheduled jobs", series(tick, server.resident_mb()), f"<= {TICK_MOST_S:.3f} s", tick <= TICK_MOST_S)
        memory = server.resident_mb()
        report.alone(
            f"serve: memory with {JOBS:,} scheduled jobs", series(0.0, memory), f"<= {MEMORY_MOST_MB} MB", memory <= MEMORY_MOST_MB, "workers included")
    finally:
        server.process.kill()
        server.process.wait()


def idle(workplace, report):
    server = Server(workplace, made_home(workplace, "idle-home"))
    try:
        time.sleep(5)
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


def interrupted(home):
    """Claims of each run that has not ended: a number that grows whenever a worker takes the run up."""
    database = sqlite3.connect(os.path.join(home, "control.sqlite"), timeout=30)
    rows = dict(database.execute("SELECT number, epoch FROM run WHERE state <> 'finished'"))
    database.close()
    return rows


def goes_on(home, claims):
    """Whether each of these runs has been taken up again, or has ended."""
    now = interrupted(home)
    return all(number not in now or now[number] > claim for number, claim in claims.items())


def busy_home(workplace):
    """A home with a few jobs whose files are large enough to be in the middle of them whenever one looks."""
    home = workplace.fresh_directory("recovery-home")
    run([workplace.program, "init", "--home", home])
    lists = "".join(f"  - name: L{number}\n" for number in range(RECOVERY_JOBS))
    jobs = "".join(
        f"  - name: busy {number}\n    kind: import-list\n    file: {{ name: records{number}.csv }}\n    target: {{ list: L{number} }}\n"
        for number in range(RECOVERY_JOBS))
    document = os.path.join(home, "bench.yaml")
    with open(document, "w", encoding="utf-8") as file:
        file.write(f"lists:\n{lists}jobs:\n{jobs}")
    run([workplace.program, "apply", document, "--home", home])
    return home


def recovery(workplace, report):
    """A busy server and its workers are killed; from the start of the next one until all runs that were cut off go on."""
    home = busy_home(workplace)
    times = Series()
    cut = 0
    for round_number in range(RECOVERY_ROUNDS):
        for number in range(RECOVERY_JOBS):
            with open(os.path.join(home, f"files/upload/records{number}.csv"), "w", encoding="utf-8") as file:
                file.write("EMAIL_ADDRESS_\n")
                file.writelines(f"r{round_number}-{row}@example.com\n" for row in range(RECOVERY_ROWS))
        server = Server(workplace, home, "--concurrency", str(RECOVERY_JOBS))
        callers = [
            subprocess.Popen([workplace.program, "jobs", "run", f"busy {number}", "--quiet", "--home", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for number in range(RECOVERY_JOBS)]
        while len([claim for claim in interrupted(home).values() if claim > 0]) < RECOVERY_JOBS:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.5))
        killed = [server.process.pid] + [process.pid for process in callers]
        for process in [below for one in killed for below in descendants(one)] + killed:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in [server.process, *callers]:
            process.wait()
        claims = interrupted(home)
        cut += len(claims)
        began = time.monotonic()
        server = Server(workplace, home, "--concurrency", str(RECOVERY_JOBS))
        try:
            while not goes_on(home, claims):
                if time.monotonic() - began > 60:
                    raise AssertionError("a run that was cut off does not go on")
                time.sleep(0.005)
            times.add(Sample(time.monotonic() - began, server.resident_mb(), ""))
            while interrupted(home):
                time.sleep(0.05)
        finally:
            server.stop()
    longest = max(times.each)
    report.alone(
        f"serve: killed with {RECOVERY_JOBS} runs, started anew until all go on, longest of {RECOVERY_ROUNDS}", series(longest, times.peak_rss_mb),
        f"<= {RECOVERY_MOST_S:.0f} s", longest <= RECOVERY_MOST_S and cut > 0, f"{cut} runs cut off")
    report.rows[-1]["ours_each_s"] = times.each


def schedule_rows(workplace, report):
    overhead(workplace, report)
    recovery(workplace, report)
    idle(workplace, report)
    many_jobs(workplace, report)
