"""The sqlite3 shell as a peer: import into a temporary table, then one INSERT … SELECT … ON CONFLICT in the order of the key.

The order of the key is what makes it fast: the same without ORDER BY takes twice as long. Durability is the shell's default
(rollback journal, synchronous=FULL). WAL was tried and is slower here, since every page is then written twice."""
import os

from measure import measured, run

COLUMNS = "customer_id email mobile first_name last_name city state postal_code country birth_date tier last_purchase".split()
SCHEMA = f"""
CREATE TABLE people(id INTEGER PRIMARY KEY, {", ".join(f"{name} TEXT" for name in COLUMNS)});
CREATE UNIQUE INDEX people_email ON people(email);
CREATE INDEX people_customer_id ON people(customer_id);
CREATE INDEX people_mobile ON people(mobile);
"""
MERGE = f"""
INSERT INTO people({", ".join(COLUMNS)}) SELECT {", ".join(COLUMNS)} FROM incoming WHERE true ORDER BY email
ON CONFLICT(email) DO UPDATE SET {", ".join(f"{name}=excluded.{name}" for name in COLUMNS if name != "email")};
"""


class SQLiteShell:
    def __init__(self, workplace, name="sqlite3 shell, staged and sorted", settings=""):
        self.name = name
        self.sets_target = not settings
        self.settings = settings
        self.directory = workplace.path("sqlite")
        self.database = os.path.join(self.directory, "people.sqlite")
        self.workplace = workplace

    def start(self):
        self.workplace.fresh_directory("sqlite")
        run(["sqlite3", self.database, SCHEMA])

    def load(self, file, expected_rows):
        script = os.path.join(self.directory, "load.sql")
        with open(script, "w", encoding="utf-8") as out:
            out.write(f"""{self.settings}
CREATE TEMP TABLE incoming({", ".join(f"{name} TEXT" for name in COLUMNS)});
.import --csv --skip 1 --schema temp "{file}" incoming
{MERGE}""")
        with open(script, "rb") as stdin:
            sample = measured(["sqlite3", "-bail", self.database], stdin=stdin)
        rows = int(run(["sqlite3", self.database, "SELECT count(*) FROM people"]))
        if rows != expected_rows:
            raise AssertionError(f"the sqlite3 shell has {rows} rows instead of {expected_rows}")
        return sample

    def finish(self):
        self.workplace.fresh_directory("sqlite")
