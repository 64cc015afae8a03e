"""Running a program and measuring it: wall-clock time of the whole process, and the memory of it and its children together."""
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Failed(Exception):
    """A measured program ended with another status than 0."""


class Sample:
    """One run: seconds, and the highest sum of resident memory in megabytes (1,000,000 bytes)."""

    def __init__(self, seconds, peak_rss_mb, output):
        self.seconds = seconds
        self.peak_rss_mb = peak_rss_mb
        self.output = output


class Series:
    """Runs of one thing; the median counts."""

    def __init__(self):
        self.samples = []

    def add(self, sample):
        self.samples.append(sample)

    @property
    def seconds(self):
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def each(self):
        return [round(sample.seconds, 3) for sample in self.samples]

    @property
    def peak_rss_mb(self):
        return max(sample.peak_rss_mb for sample in self.samples)


def resident_bytes(process):
    """Resident memory of a process and everything below it; 0 for what has just ended."""
    try:
        with open(f"/proc/{process}/statm") as file:
            total = int(file.read().split()[1]) * PAGE
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children") as file:
                total += sum(resident_bytes(int(child)) for child in file.read().split())
        return total
    except (OSError, IndexError, ValueError):
        return 0


def measured(arguments, stdin=None, environment=None, settle=True):
    """Runs a program to its end. What earlier runs left to be written goes to the disk first, so that nobody pays for another."""
    if settle:
        os.sync()
    started = time.monotonic()
    process = subprocess.Popen(
        arguments, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    peak = 0
    over = threading.Event()

    def watch():
        nonlocal peak
        while not over.wait(0.05):
            peak = max(peak, resident_bytes(process.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output, errors = process.communicate()
    seconds = time.monotonic() - started
    over.set()
    watcher.join()
    if process.returncode:
        text = (errors or output).decode(errors="replace").strip()
        raise Failed(f"`{' '.join(arguments)}` ended with status {process.returncode}: {text[-1500:]}")
    return Sample(seconds, peak / 1e6, output.decode(errors="replace"))


def run(arguments, **options):
    """Runs a program that is not measured and returns what it printed."""
    result = subprocess.run(arguments, capture_output=True, text=True, **options)
    if result.returncode:
        raise Failed(f"`{' '.join(arguments)}` ended with status {result.returncode}: {(result.stderr or result.stdout).strip()[-1500:]}")
    return result.stdout


class Workplace:
    """Where the data lies, what is measured and how often; knows what has to be stopped at the end."""

    def __init__(self, environment):
        self.root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.program = environment.get("BENCH_PROGRAM") or os.path.join(self.root, ".build/release/connecthost")
        self.directory = os.path.abspath(environment.get("BENCH_DIR") or os.path.join(self.root, ".build/bench"))
        self.runs = max(3, int(environment.get("BENCH_RUNS", "3")))
        self.rows = int(environment.get("BENCH_ROWS", "1000000"))
        self.jobs = int(environment.get("BENCH_JOBS", "100000"))
        self.all_peers = environment.get("BENCH_PEERS") == "all"
        self.large = environment.get("BENCH_LARGE") == "1"
        self.endings = []
        os.makedirs(self.directory, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def fresh_directory(self, name):
        path = self.path(name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def records(self, kind, rows):
        """The file of records, made where it is not there yet; the same bytes every time."""
        path = self.path(f"{kind}-{rows}.csv")
        if not os.path.exists(path):
            say(f"  making {os.path.basename(path)}")
            run([os.path.join(self.root, "scripts/make-records"), "--rows", str(rows), "--kind", kind, path + ".part"])
            os.rename(path + ".part", path)
        return path

    def at_end(self, ending):
        self.endings.append(ending)

    def clean_up(self):
        for ending in reversed(self.endings):
            ending()
        self.endings = []

    def ssh_server(self):
        """Settings of a throwaway OpenSSH server on loopback, stopped at the end."""
        if not hasattr(self, "_server"):
            script = os.path.join(self.root, "Tests/servers/openssh")
            place = self.path("server")
            if os.path.exists(os.path.join(place, "sshd_config")):
                subprocess.run([script, "stop", place], capture_output=True)
            shutil.rmtree(place, ignore_errors=True)
            self._server = dict(line.split("=", 1) for line in run([script, "start", place]).splitlines() if "=" in line)
            self.at_end(lambda: subprocess.run([script, "stop", place], capture_output=True))
        return self._server


    def ftp_server(self):
        """Settings of a throwaway FTP server on loopback, stopped at the end: vsftpd, or the Python one where that cannot be; None without either."""
        place = self.path("ftp-server")
        for name in ("vsftpd", "ftp"):
            script = os.path.join(self.root, "Tests/servers", name)
            if os.path.exists(place):
                subprocess.run([script, "stop", place], capture_output=True)
                shutil.rmtree(place, ignore_errors=True)
            started = subprocess.run([script, "start", place], capture_output=True, text=True)
            if started.returncode == 0:
                self.at_end(lambda: subprocess.run([script, "stop", place], capture_output=True))
                return dict(line.split("=", 1) for line in started.stdout.splitlines() if "=" in line)
            say(f"  {started.stderr.strip()}")
        return None


def place_file(source, target):
    """The same file under a second name, without copying its bytes where that is possible."""
    if os.path.exists(target):
        os.remove(target)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        os.sync()
