"""Imports into the other kinds of tables: supplemental rows inserted, and a PET merged by customer id; each against staging, sorting and
merging in the sqlite3 shell and in PostgreSQL."""
import json
import os
import random
import shutil

from measure import Series, measured, place_file, run, say
from postgres import PostgreSQL

MOST = 0.7
ORDERS = 5_000_000
MEMBERS = 1_000_000

DOCUMENT = """
lists: [{ name: MEMBERS }]
pets:
  - { name: LOYALTY, list: MEMBERS, fields: { TIER: STR25, POINTS: INTEGER, CITY: STR50, SINCE: TIMESTAMP, NOTE: STR255 } }
tables:
  - name: ORDERS
    key: [ORDER_ID]
    fields: { ORDER_ID: STR50, CUSTOMER: STR50, PRODUCT: STR100, QUANTITY: INTEGER, PRICE: NUMBER, ORDERED: TIMESTAMP }
jobs:
  - { name: members, kind: import-list, file: { name: members.csv }, target: { list: MEMBERS, match: [CUSTOMER_ID_] } }
  - { name: orders, kind: import-table, file: { name: orders.csv }, target: { table: ORDERS, load: insert } }
  - { name: loyalty, kind: import-pet, file: { name: loyalty.csv }, target: { list: MEMBERS, pet: LOYALTY, match: [CUSTOMER_ID_] } }
"""


class Table:
    """What is measured: the file, what went before it, and how SQL does the same."""

    def __init__(self, job, noun, table, file, rows, schema, columns, merge, before=()):
        self.job, self.noun, self.table, self.file, self.rows = job, noun, table, file, rows
        self.schema, self.columns, self.merge, self.before = schema, columns, merge, before


def table_rows(workplace, report):
    orders, members, half, all_of_them = files(workplace)
    supplemental = Table(
        "orders", "tables", "ORDERS", orders, ORDERS,
        "CREATE TABLE orders(order_id TEXT PRIMARY KEY, customer TEXT, product TEXT, quantity INTEGER, price NUMERIC, ordered TEXT);",
        "order_id customer product quantity price ordered".split(),
        "INSERT INTO orders SELECT order_id, customer, product, CAST(quantity AS INTEGER), CAST(price AS NUMERIC), ordered"
        " FROM incoming WHERE true ORDER BY order_id ON CONFLICT DO NOTHING;")
    loyalty_columns = "customer tier points city since note".split()
    pet = Table(
        "loyalty", "pets", "LOYALTY", all_of_them, MEMBERS,
        "CREATE TABLE members(id INTEGER PRIMARY KEY, customer TEXT); CREATE UNIQUE INDEX members_customer ON members(customer);"
        "CREATE TABLE loyalty(riid INTEGER PRIMARY KEY, tier TEXT, points INTEGER, city TEXT, since TEXT, note TEXT);",
        loyalty_columns,
        "INSERT INTO loyalty SELECT members.id, tier, CAST(points AS INTEGER), city, since, note"
        " FROM incoming JOIN members ON members.customer = incoming.customer WHERE true ORDER BY members.id"
        " ON CONFLICT(riid) DO UPDATE SET tier=excluded.tier, points=excluded.points, city=excluded.city, since=excluded.since, note=excluded.note;",
        before=[("members", members, ["customer"], "INSERT INTO members(id, customer) SELECT row_number() OVER (), customer FROM incoming;"), ("loyalty", half, None, None)])
    compare(f"insert {ORDERS:,} x 6 supplemental rows", supplemental, workplace, report)
    compare(f"merge {MEMBERS:,} PET records by customer id, half matching", pet, workplace, report)


def compare(label, table, workplace, report):
    peers = [Shell(workplace)] if shutil.which("sqlite3") else []
    postgres = Postgres(workplace)
    if postgres.reason_to_skip:
        report.skip("PostgreSQL", postgres.reason_to_skip)
    else:
        peers.append(postgres)
    ours, theirs = Series(), {peer.name: Series() for peer in peers}
    for number in range(1, workplace.runs + 1):
        say(f"  {label}: run {number} of {workplace.runs}")
        ours.add(load_ours(table, workplace))
        for peer in peers:
            theirs[peer.name].add(peer.load(table))
    fastest = min(theirs, key=lambda name: theirs[name].seconds, default=None)
    for name, series in theirs.items():
        report.compare(label, ours, name, series, MOST if name == fastest else None)


def load_ours(table, workplace):
    home = workplace.fresh_directory("tables-home")

    def call(*arguments):
        return run([workplace.program, *arguments, "--home", home])

    call("init")
    document = os.path.join(home, "bench.yaml")
    with open(document, "w", encoding="utf-8") as out:
        out.write(DOCUMENT)
    call("apply", document)
    for job, file, _, _ in table.before:
        place_file(file, os.path.join(home, f"files/upload/{job}.csv"))
        call("jobs", "run", job, "--quiet")
    place_file(table.file, os.path.join(home, f"files/upload/{table.job}.csv"))
    sample = measured([workplace.program, "jobs", "run", table.job, "--json", "--quiet", "--home", home])
    result = json.loads(sample.output)
    rows = json.loads(call(table.noun, "count", table.table, "--json"))["count"]
    if result["status"] != "succeeded" or result["records"]["rejected"] or rows != table.rows:
        raise AssertionError(f"the import did not do what is measured: {rows} rows, {result}")
    shutil.rmtree(home, ignore_errors=True)
    return sample


class Shell:
    name = "sqlite3 shell, staged and sorted"

    def __init__(self, workplace):
        self.workplace = workplace

    def load(self, table):
        directory = self.workplace.fresh_directory("tables-sqlite")
        self.database = os.path.join(directory, "tables.sqlite")
        run(["sqlite3", self.database, table.schema])
        for _, file, columns, merge in table.before:
            self.execute(directory, file, columns or table.columns, merge or table.merge, run)
        sample = self.execute(directory, table.file, table.columns, table.merge, measured)
        rows = int(run(["sqlite3", self.database, f"SELECT count(*) FROM {table.job}"]))
        if rows != table.rows:
            raise AssertionError(f"the sqlite3 shell has {rows} rows instead of {table.rows}")
        shutil.rmtree(directory, ignore_errors=True)
        return sample

    def execute(self, directory, file, columns, merge, how):
        script = os.path.join(directory, "load.sql")
        with open(script, "w", encoding="utf-8") as out:
            out.write(f"CREATE TEMP TABLE incoming({', '.join(f'{name} TEXT' for name in columns)});\n")
            out.write(f'.import --csv --skip 1 --schema temp "{file}" incoming\n{merge}')
        with open(script, "rb") as stdin:
            return how(["sqlite3", "-bail", self.database], stdin=stdin)


class Postgres(PostgreSQL):
    name = "PostgreSQL, COPY and ON CONFLICT"

    def load(self, table):
        self.start()
        self.query(table.schema.replace("id INTEGER PRIMARY KEY", "id BIGINT PRIMARY KEY"))
        for _, file, columns, merge in table.before:
            self.execute(file, columns or table.columns, merge or table.merge, run)
        sample = self.execute(table.file, table.columns, table.merge, measured)
        rows = int(self.query(f"SELECT count(*) FROM {table.job}"))
        if rows != table.rows:
            raise AssertionError(f"PostgreSQL has {rows} rows instead of {table.rows}")
        self.finish()
        return sample

    def execute(self, file, columns, merge, how):
        script = os.path.join(self.directory, "load.sql")
        with open(script, "w", encoding="utf-8") as out:
            out.write(f"CREATE TEMP TABLE incoming({', '.join(f'{name} TEXT' for name in columns)});\n")
            out.write(f"\\copy incoming FROM '{file}' WITH (FORMAT csv, HEADER true)\n{merge}")
        return how(self.arguments() + ["-f", script])


def files(workplace):
    """The same bytes every time; keys come in no order, as they do from elsewhere."""
    orders = made(workplace, f"orders-{ORDERS}.csv", "ORDER_ID,CUSTOMER,PRODUCT,QUANTITY,PRICE,ORDERED", ORDERS, order)
    members = made(workplace, f"members-{MEMBERS}.csv", "CUSTOMER_ID", MEMBERS, lambda number: f"C{number:09d}")
    half = made(workplace, f"loyalty-half-{MEMBERS}.csv", LOYALTY_HEADER, MEMBERS // 2, lambda number: loyalty(2 * number, "BRONZE"))
    all_of_them = made(workplace, f"loyalty-{MEMBERS}.csv", LOYALTY_HEADER, MEMBERS, lambda number: loyalty(number, "SILVER"))
    return orders, members, half, all_of_them


LOYALTY_HEADER = "CUSTOMER_ID,TIER,POINTS,CITY,SINCE,NOTE"


def order(number):
    return (f"ORD-{number:010d},C{number * 31 % MEMBERS:09d},Product {number % 9973},{number % 9 + 1},"
            f"{number % 50000 / 100:.2f},2025-{number % 12 + 1:02d}-{number % 28 + 1:02d} {number % 24:02d}:{number % 60:02d}:00")


def loyalty(number, tier):
    return f"C{number:09d},{tier},{number % 10007},City {number % 503},2024-{number % 12 + 1:02d}-{number % 28 + 1:02d} 00:00:00,Note on member {number}"


def made(workplace, name, header, count, line):
    path = workplace.path(name)
    if not os.path.exists(path):
        say(f"  making {name}")
        numbers = list(range(count))
        random.Random(7).shuffle(numbers)
        with open(path + ".part", "w", encoding="utf-8") as out:
            out.write(header + "\n")
            out.writelines(line(number) + "\n" for number in numbers)
        os.rename(path + ".part", path)
    return path
