"""Other programs that move files, with the same server and the same names: `source` and `target` of a transfer are one path of this machine and one
below the server's directory."""
import os

from measure import measured

QUIET = ["-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]


def ends(server, direction, source, target):
    """Local path and the whole path on the server."""
    remote, local = (source, target) if direction == "get" else (target, source)
    return local, os.path.join(server["DIRECTORY"], remote)


class OpenSSHSFTP:
    name = "OpenSSH sftp"
    program = "sftp"

    def __init__(self, workplace, server):
        self.server = server
        self.batch = workplace.path("sftp-batch")

    def transfer(self, direction, source, target):
        local, remote = ends(self.server, direction, source, target)
        with open(self.batch, "w", encoding="utf-8") as out:
            out.write(f"get {remote} {local}\n" if direction == "get" else f"put {local} {remote}\n")
        server = self.server
        return measured(["sftp", "-q", *QUIET, "-b", self.batch, "-P", server["PORT"], "-i", server["USER_KEY_ED25519"], f"{server['USERNAME']}@{server['HOST']}"])


class OpenSSHSCP:
    """The SCP protocol itself (-O); without it newer versions speak SFTP."""
    name = "OpenSSH scp -O"
    program = "scp"

    def __init__(self, server):
        self.server = server

    def transfer(self, direction, source, target):
        local, remote = ends(self.server, direction, source, target)
        server = self.server
        there = f"{server['USERNAME']}@{server['HOST']}:{remote}"
        names = [there, local] if direction == "get" else [local, there]
        return measured(["scp", "-O", "-q", *QUIET, "-P", server["PORT"], "-i", server["USER_KEY_ED25519"], *names])


def rclone_remote(server):
    if "PIN" in server:
        obscured = measured(["rclone", "obscure", server["PASSWORD"]], settle=False).output.strip()
        return f":ftp,host={server['HOST']},port={server['PORT']},user={server['USERNAME']},pass={obscured}:"
    return f":sftp,host={server['HOST']},port={server['PORT']},user={server['USERNAME']},key_file={server['USER_KEY_ED25519']},disable_hashcheck=true:"


class Rclone:
    name = "rclone"
    program = "rclone"

    def __init__(self, server):
        self.server = server
        self.remote = None

    def transfer(self, direction, source, target):
        self.remote = self.remote or rclone_remote(self.server)
        local, remote = ends(self.server, direction, source, target)
        # An FTP log-in begins in the server's directory. Without the check of a hash afterwards, which the others do not do either.
        there = self.remote + (remote if "PIN" not in self.server else os.path.relpath(remote, self.server["DIRECTORY"]))
        names = [there, local] if direction == "get" else [local, there]
        return measured(["rclone", "--config", "/dev/null", "--ignore-checksum", "copyto", *names])


class RcloneMany:
    """As it comes: hashes of its own accord, four files at once."""
    name = "rclone, its defaults"
    program = "rclone"

    def __init__(self, server):
        self.server = server
        self.remote = f":sftp,host={server['HOST']},port={server['PORT']},user={server['USERNAME']},key_file={server['USER_KEY_ED25519']}:"

    def transfer_all(self, direction, source, target):
        local, remote = ends(self.server, direction, source, target)
        names = [self.remote + remote, local] if direction == "get" else [local, self.remote + remote]
        return measured(["rclone", "--config", "/dev/null", "copy", *names])


class Curl:
    name = "curl"
    program = "curl"

    def __init__(self, server):
        self.server = server

    def transfer(self, direction, source, target):
        server = self.server
        remote, local = (source, target) if direction == "get" else (target, source)
        url = f"ftp://{server['HOST']}:{server['PORT']}/{remote}"
        what = ["-o", local] if direction == "get" else ["-T", local]
        return measured(["curl", "-sS", "--user", f"{server['USERNAME']}:{server['PASSWORD']}", *what, url])


class CurlRenaming:
    """What ours does with an upload, as far as curl can: under a temporary name, renamed at the end. A server answers that when it has closed the file."""
    name = "curl, renamed at the end"
    program = "curl"
    directions = ("put",)

    def __init__(self, server):
        self.server = server

    def transfer(self, direction, source, target):
        server = self.server
        url = f"ftp://{server['HOST']}:{server['PORT']}/{target}.part"
        names = ["--quote", f"-RNFR /{target}.part", "--quote", f"-RNTO /{target}"]
        return measured(["curl", "-sS", "--user", f"{server['USERNAME']}:{server['PASSWORD']}", *names, "-T", source, url])


class LFTP:
    name = "lftp"
    program = "lftp"

    def __init__(self, server):
        self.server = server

    def transfer(self, direction, source, target):
        server = self.server
        remote, local = (source, target) if direction == "get" else (target, source)
        verb = f"get {remote} -o {local}" if direction == "get" else f"put {local} -o {remote}"
        login = f"open -u {server['USERNAME']},{server['PASSWORD']} ftp://{server['HOST']}:{server['PORT']}"
        return measured(["lftp", "-c", f"set ftp:ssl-allow no; {login}; {verb}"])
