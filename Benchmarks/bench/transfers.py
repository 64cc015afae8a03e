"""Files over the network on loopback, both ways, ours and others' through the same server: one gibibyte by SFTP, SCP and FTP, and many small files."""
import os
import shutil

from measure import Failed, Series, measured, say
from ours import Installation
from peers import LFTP, Curl, CurlRenaming, OpenSSHSCP, OpenSSHSFTP, Rclone, RcloneMany

SIZE = int(os.environ.get("BENCH_TRANSFER_BYTES", 1 << 30))
FILES = int(os.environ.get("BENCH_TRANSFER_FILES", 2000))
FILE_SIZE = 10 << 10


def transfer_rows(workplace, report):
    ssh = workplace.ssh_server()
    ftp = workplace.ftp_server()
    local = workplace.path("transfer.bin")
    make_data(local)
    large_file(workplace, report, "SFTP", ssh, Ours(workplace, "sftp", ssh), [OpenSSHSFTP(workplace, ssh), Rclone(ssh)], local)
    large_file(workplace, report, "SCP", ssh, Ours(workplace, "scp", ssh, "transfer=scp"), [OpenSSHSCP(ssh)], local)
    if ftp:
        large_file(workplace, report, "FTP", ftp, Ours(workplace, "ftp", ftp), [Curl(ftp), CurlRenaming(ftp), LFTP(ftp), Rclone(ftp)], local)
    else:
        report.skip("FTP", "no FTP server could be started")
    small_files(workplace, report, ssh)


def size_name(size):
    return "1 GiB" if size == 1 << 30 else f"{size / (1 << 20):.0f} MiB"


def large_file(workplace, report, protocol, server, ours, peers, local):
    """Rows for one protocol: each client in turn, both directions, and what arrived is looked at."""
    remote = os.path.join(server["DIRECTORY"], "transfer")
    shutil.rmtree(remote, ignore_errors=True)
    os.makedirs(remote)
    os.chmod(remote, 0o777)
    shutil.copyfile(local, os.path.join(remote, "get.bin"))
    os.chmod(os.path.join(remote, "get.bin"), 0o644)
    clients = [ours]
    for peer in peers:
        if shutil.which(peer.program):
            clients.append(peer)
        else:
            report.skip(f"{size_name(SIZE)} by {protocol}, {peer.name}", f"{peer.program} is not installed")
    series = {(client.name, direction): Series() for client in clients for direction in directions(client)}
    for number in range(1, workplace.runs + 1):
        say(f"  {protocol}, run {number} of {workplace.runs}")
        for client in list(clients):
            try:
                for direction in directions(client):
                    arrived = workplace.path("got.bin") if direction == "get" else os.path.join(remote, "put.bin")
                    source = "transfer/get.bin" if direction == "get" else local
                    target = arrived if direction == "get" else "transfer/put.bin"
                    series[client.name, direction].add(client.transfer(direction, source, target))
                    check_and_remove(arrived, SIZE)
            except Failed as failure:
                if client is ours:
                    raise
                report.skip(f"{size_name(SIZE)} by {protocol}, {client.name}", str(failure))
                clients.remove(client)
    shutil.rmtree(remote)
    for direction in ("get", "put"):
        for peer in (peer for peer in clients[1:] if direction in directions(peer)):
            report.compare(f"{direction} {size_name(SIZE)} by {protocol}", series[ours.name, direction], peer.name, series[peer.name, direction], 1.0)


def directions(client):
    return getattr(client, "directions", ("get", "put"))


def small_files(workplace, report, server):
    """Many files of a few kilobytes, where waiting for answers is what costs; rclone with its own defaults (four at once)."""
    if not shutil.which("rclone"):
        report.skip("many small files", "rclone is not installed")
        return
    remote = os.path.join(server["DIRECTORY"], "small")
    shutil.rmtree(remote, ignore_errors=True)
    os.makedirs(os.path.join(remote, "there"))
    source = workplace.fresh_directory("small")
    for number in range(FILES):
        content = os.urandom(FILE_SIZE)
        for directory in (source, os.path.join(remote, "there")):
            with open(os.path.join(directory, f"file-{number:05}.bin"), "wb") as out:
                out.write(content)
    clients = [Ours(workplace, "sftp", server), RcloneMany(server)]
    series = {(client.name, direction): Series() for client in clients for direction in directions(client)}
    for number in range(1, workplace.runs + 1):
        say(f"  small files, run {number} of {workplace.runs}")
        for client in clients:
            got = workplace.fresh_directory("small-got")
            series[client.name, "get"].add(client.transfer_all("get", "small/there", got))
            check_all(got)
            put = os.path.join(remote, "put")
            shutil.rmtree(put, ignore_errors=True)
            os.makedirs(put)
            series[client.name, "put"].add(client.transfer_all("put", source, "small/put"))
            check_all(put)
    shutil.rmtree(remote)
    for direction in ("get", "put"):
        report.compare(
            f"{direction} {FILES:,} files of 10 KiB by SFTP", series[clients[0].name, direction], clients[1].name, series[clients[1].name, direction], 1.0)


def make_data(path):
    """Bytes that do not compress."""
    if os.path.exists(path) and os.path.getsize(path) == SIZE:
        return
    block = 1 << 20
    with open(path, "wb") as out:
        for _ in range(SIZE // block):
            out.write(os.urandom(block))


def check_and_remove(path, size):
    if os.path.getsize(path) != size:
        raise AssertionError(f"{path} has {os.path.getsize(path)} bytes instead of {size}")
    os.remove(path)


def check_all(directory):
    sizes = [os.path.getsize(os.path.join(directory, name)) for name in os.listdir(directory)]
    if sizes != [FILE_SIZE] * FILES:
        raise AssertionError(f"{directory} has {len(sizes)} files of {sum(sizes)} bytes instead of {FILES} of {FILE_SIZE}")


class Ours:
    """ConnectHost's connectors, through the command that does nothing but copy."""
    name = "ConnectHost"

    def __init__(self, workplace, connector, server, *more, home="transfer"):
        self.installation = Installation(workplace, f"{home}-{connector}-home", None)
        if connector == "ftp":
            self.installation.add_ftp_server(server)
        else:
            self.installation.add_server(server, server["DIRECTORY"], connector, *more)

    def transfer(self, direction, source, target):
        # Names on the server are relative to its directory.
        remote, local = (source, target) if direction == "get" else (target, source)
        return self.copy(direction, remote, local)

    def transfer_all(self, direction, source, target):
        remote, local = (source, target) if direction == "get" else (target, source)
        return self.copy(direction, remote, local, "--directory")

    def copy(self, direction, remote, local, *options):
        program = self.installation.program
        return measured([program, "bench-transfer", direction, "bench", remote, local, *options, "--home", self.installation.home])
