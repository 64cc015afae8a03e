"""The server that `Tests/servers/sink start DIRECTORY smtp` starts.

Words of DIRECTORY/behaviour, a line a mail: an answer ("451 try later", "550 no such user"), `hang` (says nothing more), or `close` (takes the
mail and goes away without an answer). A mail is kept as it came, below lines with its envelope.
"""
import argparse
import asyncio
import fcntl
import os
import signal
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

signal.pthread_sigmask(signal.SIG_SETMASK, [])
parser = argparse.ArgumentParser()
parser.add_argument("directory")
parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
parser.add_argument("--auth", action="store_true")
options = parser.parse_args()
password = os.environ["SINK_PASSWORD"]
taken = 0


def next_behaviour():
    path = os.path.join(options.directory, "behaviour")
    if not os.path.exists(path):
        return ""
    with open(path, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = file.read().splitlines()
        file.seek(0)
        file.truncate()
        file.write("".join(line + "\n" for line in lines[1:]))
    return lines[0] if lines else ""


def keep(session, envelope, is_secure):
    global taken
    taken += 1
    head = "MAIL-FROM: %s\nRCPT-TO: %s\nSECURE: %s\nUSER: %s\n\n" % (
        envelope.mail_from, ",".join(envelope.rcpt_tos), is_secure, session.auth_data.login.decode() if session.auth_data else "")
    name = os.path.join(options.directory, "taken", "%04d" % taken)
    with open(name + ".new", "wb") as file:
        file.write(head.encode() + envelope.original_content)
    os.rename(name + ".new", name + ".eml")


class Handler:
    async def handle_DATA(self, server, session, envelope):
        behaviour = next_behaviour()
        if behaviour == "hang":
            await asyncio.sleep(3600)
        if behaviour[:1] in "45" and behaviour:
            return behaviour
        keep(session, envelope, options.tls == "tls" or session.ssl is not None)
        if behaviour == "close":
            server.transport.abort()
        return "250 taken as %d" % taken


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and data.login == b"tester" and data.password == password.encode()
    return AuthResult(success=right, handled=not right and False, auth_data=data)


context = None
if options.tls != "none":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(options.directory, "certificate.pem"), os.path.join(options.directory, "key.pem"))


async def main():
    loop = asyncio.get_running_loop()
    starttls = context if options.tls == "starttls" else None

    def make():
        return SMTP(
            Handler(), hostname="sink.test", tls_context=starttls, require_starttls=starttls is not None, auth_required=options.auth,
            auth_require_tls=starttls is not None, authenticator=authenticate if options.auth else None)

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if options.tls == "tls" else None)
    path = os.path.join(options.directory, "port")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(path + ".new", path)
    done = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    await done.wait()
    os._exit(0)


asyncio.run(main())
