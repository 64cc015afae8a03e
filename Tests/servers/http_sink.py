"""The server that `Tests/servers/sink start DIRECTORY http` starts: keeps every call as JSON, and speaks enough of the campaign service.

Words of DIRECTORY/behaviour, a line a call that is no log-in: a status ("500", "429 2" with a Retry-After), `hang`, `late`
(answers after half a second), `until PATH` (answers once there is such a file), `close` (goes away without an answer), `redirect URL` (status 307), `stale` (the service's answer to an
old token, which can be refreshed) or `expired` (the same, and it cannot).
POST /rest/api/v1.3/auth/token logs in and refreshes; campaigns/NAME/schedule wants the last token that was given.
"""
import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

signal.pthread_sigmask(signal.SIG_SETMASK, [])
directory = sys.argv[1]
password = os.environ["SINK_PASSWORD"]
lock = threading.Lock()
taken = 0
tokens = []


def next_behaviour():
    path = os.path.join(directory, "behaviour")
    if not os.path.exists(path):
        return ""
    with open(path, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = file.read().splitlines()
        file.seek(0)
        file.truncate()
        file.write("".join(line + "\n" for line in lines[1:]))
    return lines[0] if lines else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def keep(self, body):
        global taken
        with lock:
            taken += 1
            name = os.path.join(directory, "taken", "%04d" % taken)
            with open(name + ".new", "w", encoding="utf-8") as file:
                json.dump({"method": self.command, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}, file)
            os.rename(name + ".new", name + ".json")

    def answer(self, status, value=None, headers=()):
        body = json.dumps(value if value is not None else {}).encode()
        self.send_response(status)
        for key, text in headers:
            self.send_header(key, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.keep(body)
        if self.path == "/rest/api/v1.3/auth/token":
            return self.log_in(body)
        behaviour = next_behaviour()
        word, _, rest = behaviour.partition(" ")
        if word == "hang":
            return time.sleep(3600)
        if word == "late":
            time.sleep(0.5)
        while word == "until" and not os.path.exists(rest):
            time.sleep(0.02)
        if word == "close":
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if word == "redirect":
            return self.answer(307, headers=[("Location", rest)])
        if word in ("expired", "stale"):
            if word == "expired":
                tokens.clear()
            return self.expired()
        if word.isdigit():
            return self.answer(int(word), {"errorCode": "NOT_THIS_TIME", "detail": "told to"}, [("Retry-After", rest)] if rest else [])
        if self.path.startswith("/rest/api/v1.3/campaigns/"):
            if self.headers.get("Authorization") not in tokens[-1:]:
                return self.expired()
            return self.answer(200, {"scheduleId": 4711})
        self.answer(200)

    def expired(self):
        self.answer(500, {"errorCode": "INVALID_TOKEN", "detail": "Not a valid authentication token"})

    def log_in(self, body):
        form = urllib.parse.parse_qs(body)
        kind = form.get("auth_type", [""])[0]
        right = form.get("user_name") == ["tester"] and form.get("password") == [password]
        if kind == "token":
            right = self.headers.get("Authorization") in tokens[-1:]
        if kind not in ("password", "token") or not right:
            return self.answer(401, {"errorCode": "AUTHENTICATION_FAILED", "detail": "wrong"})
        tokens.append("token-%d-%s" % (len(tokens) + 1, os.urandom(6).hex()))
        self.answer(200, {"authToken": tokens[-1], "issuedAt": int(time.time() * 1000), "endPoint": "http://%s" % self.headers["Host"]})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
path = os.path.join(directory, "port")
with open(path + ".new", "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(path + ".new", path)
server.serve_forever()
