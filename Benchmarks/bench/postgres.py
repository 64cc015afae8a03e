"""PostgreSQL as a peer: COPY into a temporary table, then INSERT … ON CONFLICT, with its default settings and a server of our own."""
import glob
import os
import shutil
import subprocess

from measure import measured, run
from shell import COLUMNS, MERGE, SCHEMA


class PostgreSQL:
    name = "PostgreSQL, staged and sorted"
    sets_target = False

    def __init__(self, workplace):
        self.workplace = workplace
        self.programs = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), None)
        self.directory = workplace.path("postgres")
        self.reason_to_skip = None
        # PostgreSQL does not run as root; its package made a user for it.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if not self.programs or not shutil.which("psql"):
            self.reason_to_skip = "not installed"
        elif self.prefix and subprocess.run(self.prefix + ["test", "-x", workplace.directory]).returncode:
            self.reason_to_skip = f"there is no user `postgres` that may look into {workplace.directory}"

    def command(self, program, *arguments):
        return run(self.prefix + [os.path.join(self.programs, program), *arguments], cwd="/")

    def start(self):
        self.workplace.fresh_directory("postgres")
        if self.prefix:
            shutil.chown(self.directory, "postgres")
        data = os.path.join(self.directory, "data")
        self.command("initdb", "-D", data, "-A", "trust", "--locale=C.UTF-8")
        # Its log goes to a file: a pipe of ours would be kept open by the server for ever.
        self.command("pg_ctl", "-D", data, "-w", "-l", os.path.join(self.directory, "log"), "-o", f"-c listen_addresses='' -k {self.directory}", "start")
        self.workplace.at_end(self.stop)
        self.query(SCHEMA.replace("INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))

    def arguments(self):
        return self.prefix + ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-d", "postgres"]

    def query(self, text):
        return run(self.arguments() + ["-At", "-c", text], cwd="/")

    def load(self, file, expected_rows):
        script = os.path.join(self.directory, "load.sql")
        with open(script, "w", encoding="utf-8") as out:
            out.write(f"CREATE TEMP TABLE incoming({', '.join(f'{name} TEXT' for name in COLUMNS)});\n")
            out.write(f"\\copy incoming FROM '{file}' WITH (FORMAT csv, HEADER true)\n{MERGE}")
        sample = measured(self.arguments() + ["-f", script])
        rows = int(self.query("SELECT count(*) FROM people"))
        if rows != expected_rows:
            raise AssertionError(f"PostgreSQL has {rows} rows instead of {expected_rows}")
        return sample

    def stop(self):
        if os.path.exists(os.path.join(self.directory, "data/postmaster.pid")):
            self.command("pg_ctl", "-D", os.path.join(self.directory, "data"), "-m", "fast", "-w", "stop")

    def finish(self):
        self.stop()
        self.workplace.fresh_directory("postgres")
