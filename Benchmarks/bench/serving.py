"""A server of a home, as it is measured."""
import os
import re
import signal
import subprocess
import time
import urllib.request

from measure import resident_bytes


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
        """Of the server and its workers, now."""
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

    def kill(self):
        """The server and every process below it, at once and without a word to any of them."""
        # Stopped first, so that it starts nobody while the list is read.
        os.kill(self.process.pid, signal.SIGSTOP)
        for process in [*descendants(self.process.pid), self.process.pid]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def descendants(process):
    """Processes below one, the furthest first."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", encoding="utf-8") as file:
                for child in map(int, file.read().split()):
                    found += [*descendants(child), child]
    except OSError:
        pass  # It has just ended.
    return found
