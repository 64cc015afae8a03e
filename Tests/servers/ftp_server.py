"""The server that Tests/servers/ftp starts: ftp_server.py DIRECTORY PASSWORD none|explicit|implicit OLD(yes|no) ADDRESS none|hash|xsha256."""
import hashlib
import logging
import os
import re
import signal
import socket
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

# Test programs start this from threads that block signals, and the end comes by one.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
directory, password, security, old, address, digest = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
base = FTPHandler if security == "none" else TLS_FTPHandler


class Handler(base):
    def respond(self, text, *arguments, **named):
        # A proxy in front of the data port wants its own number told.
        announce = os.path.join(directory, "announce")
        if text.startswith("229 ") and os.path.exists(announce):
            with open(announce) as file:
                text = re.sub(r"\|\|\|\d+\|", "|||%s|" % file.read().strip(), text)
        # One that wants to lead its clients to another machine.
        elsewhere = os.path.join(directory, "elsewhere")
        if text[:4] in ("227 ", "229 ") and os.path.exists(elsewhere):
            with open(elsewhere) as file:
                other = file.read().strip()
            text = re.sub(r"\(\d+,\d+,\d+,\d+,", "(%s," % other.replace(".", ","), text)
            text = re.sub(r"\(\|\|\|", "(|1|%s|" % other, text)
        return super().respond(text, *arguments, **named)

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        if digest == "hash":
            self._extra_feats = self._extra_feats + ["HASH SHA-1*;SHA-256"]
        if digest == "xsha256":
            self._extra_feats = self._extra_feats + ["XSHA256"]

    def sum(self, path):
        with open(path, "rb") as file:
            wrong = b"x" if os.path.exists(os.path.join(directory, "wrong")) else b""
            return hashlib.sha256(file.read() + wrong).hexdigest()

    def ftp_EPSV(self, line):
        # As servers do that know PASV alone.
        if os.path.exists(os.path.join(directory, "no-epsv")):
            return self.respond("502 EPSV is not implemented.")
        return super().ftp_EPSV(line)

    def ftp_OPTS(self, line):
        if line.upper() == "HASH SHA-256" and digest == "hash":
            return self.respond("200 SHA-256")
        return super().ftp_OPTS(line)

    def ftp_HASH(self, path):
        if not os.path.isfile(path):
            return self.respond("550 No such file.")
        self.respond("213 SHA-256 0-%d %s %s" % (os.path.getsize(path), self.sum(path), self.fs.fs2ftp(path)))

    def ftp_XSHA256(self, path):
        if not os.path.isfile(path):
            return self.respond("550 No such file.")
        self.respond("250 %s" % self.sum(path))


class ImplicitHandler(Handler):
    def handle(self):
        self.secure_connection(self.ssl_context)

    def handle_ssl_established(self):
        super().handle()


class DataHandler(TLS_DTPHandler):
    # A client may begin TLS before it sends the command that uses the connection; pyftpdlib would close it then.
    def readable(self):
        return self._ssl_accepting or super().readable()


def free_port():
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


handler = ImplicitHandler if security == "implicit" else Handler
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user("tester", password, os.path.join(directory, "files"), perm="elradfmwMT")
handler.auth_failed_timeout = 0.1
data_port = free_port()
handler.passive_ports = [data_port]
if security != "none":
    handler.certfile = os.path.join(directory, "both.pem")
    # Without a name for its sessions OpenSSL breaks off a data connection that takes up the control connection's.
    handler.ssl_context = handler.get_ssl_context()
    handler.ssl_context.set_session_id(b"connecthost-test")
    handler.dtp_handler = DataHandler
    handler.tls_control_required = True
    handler.tls_data_required = True
if digest != "none":
    summing = {"perm": "r", "auth": True, "arg": True, "help": "Syntax: %s path (SHA-256)." % digest.upper()}
    handler.proto_cmds = {**handler.proto_cmds, digest.upper(): summing}
if old == "yes":
    handler.proto_cmds = {name: value for name, value in handler.proto_cmds.items() if name not in ("MLSD", "MLST")}
logging.basicConfig(level=logging.INFO)
server = FTPServer((address, 0), handler)
with open(os.path.join(directory, "ports.new"), "w") as file:
    file.write("PORT=%d\nDATA_PORT=%d\n" % (server.address[1], data_port))
os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
server.serve_forever()
