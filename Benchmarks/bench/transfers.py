"""One gibibyte over SFTP on loopback, both ways: ours against OpenSSH's sftp and rclone, through the same server."""
import os
import shutil

from measure import Series, measured, run, say
from ours import Installation

SIZE = 1 << 30


def transfer_rows(workplace, report):
    server = workplace.ssh_server()
    local, remote = workplace.path("transfer.bin"), os.path.join(server["DIRECTORY"], "transfer")
    make_data(local)
    os.makedirs(remote, exist_ok=True)
    shutil.copyfile(local, os.path.join(remote, "get.bin"))
    clients = [Ours(workplace, server, remote)]
    for peer in (OpenSSH(workplace, server, remote), Rclone(server, remote)):
        if shutil.which(peer.program):
            clients.append(peer)
        else:
            report.skip(f"1 GiB by SFTP, {peer.name}", "not installed")
    series = {(client.name, direction): Series() for client in clients for direction in ("get", "put")}
    for number in range(1, workplace.runs + 1):
        say(f"  run {number} of {workplace.runs}")
        for client in clients:
            for direction, source, target in (("get", os.path.join(remote, "get.bin"), workplace.path("got.bin")),
                                              ("put", local, os.path.join(remote, "put.bin"))):
                series[client.name, direction].add(client.transfer(direction, source, target))
                check_and_remove(target)
    shutil.rmtree(remote)
    for direction in ("get", "put"):
        for peer in clients[1:]:
            most = 1.0 if direction == "get" or peer.sets_target_for_put else None
            report.compare(f"{direction} 1 GiB by SFTP", series[clients[0].name, direction], peer.name, series[peer.name, direction], most)


def make_data(path):
    """Bytes that do not compress."""
    if os.path.exists(path) and os.path.getsize(path) == SIZE:
        return
    block = 1 << 24
    with open(path, "wb") as out:
        for _ in range(SIZE // block):
            out.write(os.urandom(block))


def check_and_remove(path):
    if os.path.getsize(path) != SIZE:
        raise AssertionError(f"{path} has {os.path.getsize(path)} bytes instead of {SIZE}")
    os.remove(path)


class Ours:
    name = "ConnectHost"

    def __init__(self, workplace, server, remote):
        self.installation = Installation(workplace, "transfer-home", None)
        self.installation.add_server(server, remote)

    def transfer(self, direction, source, target):
        # Names on the server are relative to the server's directory, which is `remote`.
        remote, local = (source, target) if direction == "get" else (target, source)
        return measured([self.installation.program, "bench-transfer", direction, "bench", os.path.basename(remote), local, "--home", self.installation.home])


class OpenSSH:
    name = "OpenSSH sftp"
    program = "sftp"
    sets_target_for_put = True

    def __init__(self, workplace, server, remote):
        self.batch = workplace.path("sftp-batch")
        self.arguments = [
            "sftp", "-q", "-F", "/dev/null", "-b", self.batch, "-P", server["PORT"], "-i", server["USER_KEY_ED25519"], "-o", "IdentitiesOnly=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", f"{server['USERNAME']}@{server['HOST']}"]

    def transfer(self, direction, source, target):
        with open(self.batch, "w", encoding="utf-8") as out:
            out.write(f"{direction} {source} {target}\n")
        return measured(self.arguments)


class Rclone:
    name = "rclone"
    program = "rclone"
    sets_target_for_put = False

    def __init__(self, server, remote):
        self.remote = f":sftp,host={server['HOST']},port={server['PORT']},user={server['USERNAME']},key_file={server['USER_KEY_ED25519']},disable_hashcheck=true:"

    def transfer(self, direction, source, target):
        # Without its check of a hash afterwards, which the others do not do either.
        names = [self.remote + source, target] if direction == "get" else [source, self.remote + target]
        return measured(["rclone", "--config", "/dev/null", "--ignore-checksum", "copyto", *names])
