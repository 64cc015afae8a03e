"""A large file over a line with a delay, which loopback has not: one connection and two, and OpenSSH's own client, through the same line in turn."""
import os
import shutil
import subprocess

from measure import Series, run, say
from peers import OpenSSHSFTP
from transfers import Ours, check_and_remove

SIZE = int(os.environ.get("BENCH_LINE_BYTES", 512 << 20))
DELAY = 10


def line_rows(workplace, report):
    compiler = next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    if not compiler:
        report.skip("a line with a delay", "there is no C compiler")
        return
    server = workplace.ssh_server()
    line = {**server, "PORT": delayed_line(workplace, compiler, server["PORT"])}
    local = workplace.path("line.bin")
    with open(local, "wb") as out:
        for _ in range(SIZE >> 20):
            out.write(os.urandom(1 << 20))
    remote = os.path.join(server["DIRECTORY"], "line")
    shutil.rmtree(remote, ignore_errors=True)
    os.makedirs(remote)
    shutil.copyfile(local, os.path.join(remote, "get.bin"))
    clients = [("two connections", Ours(workplace, "sftp", line, home="line-two")), ("ours, one connection", Ours(workplace, "sftp", line, "second_connection_mib=0", home="line-one")),
               ("OpenSSH sftp", OpenSSHSFTP(workplace, line))]
    series = {(name, direction): Series() for name, _ in clients for direction in ("get", "put")}
    for number in range(1, workplace.runs + 1):
        say(f"  a line of {2 * DELAY} ms, run {number} of {workplace.runs}")
        for name, client in clients:
            for direction in ("get", "put"):
                arrived = workplace.path("got.bin") if direction == "get" else os.path.join(remote, "put.bin")
                source, target = ("line/get.bin", arrived) if direction == "get" else (local, "line/put.bin")
                series[name, direction].add(client.transfer(direction, source, target))
                check_and_remove(arrived, SIZE)
    shutil.rmtree(remote)
    for direction in ("get", "put"):
        for peer in (name for name, _ in clients[1:]):
            report.compare(
                f"{direction} {SIZE >> 20} MiB by SFTP over a line of {2 * DELAY} ms", series["two connections", direction], peer, series[peer, direction], 1.0)


def delayed_line(workplace, compiler, port):
    """Starts the line to a port; ends it when the measuring is over. Returns the port it listens on."""
    program = workplace.path("delayed-line")
    run([compiler, "-O2", "-pthread", "-D_GNU_SOURCE", "-o", program, os.path.join(os.path.dirname(__file__), "delayed_line.c")])
    process = subprocess.Popen([program, port, str(DELAY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        process.stdin.close()
        process.wait()

    workplace.at_end(end)
    return process.stdout.readline().strip()
