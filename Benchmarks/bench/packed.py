"""Imports of files that are wrapped: gzipped and encrypted by SFTP against each of its stages alone, and the memory of a very large archive."""
import os
import shutil
import subprocess
import tempfile
import zipfile

from measure import Series, measured, run, say
from ours import Installation

# Some 116 bytes a record.
ROWS = int(os.environ.get("BENCH_PACKED_ROWS", (1 << 30) // 116))
MOST_OVER_SLOWEST_STAGE = 1.2
ENCRYPTED = "records.csv.gz.pgp"

ZIP_BYTES = int(os.environ.get("BENCH_ZIP_BYTES", 20_000_000_000))
ZIP_RECORD_BYTES = 4096
MOST_ZIP_MEMORY_MB = 250
ZIP_DOCUMENT = """
lists: [{ name: CONTACTS }]
jobs:
  - name: bench
    kind: import-list
    file: { name: %s%s }
    target: { list: CONTACTS, match: [CUSTOMER_ID_] }
    mapping: { ignore: [FILLER] }
"""


def packed_rows(workplace, report):
    encrypted_file(workplace, report)
    large_archive(workplace, report)


def encrypted_file(workplace, report):
    """Stages that overlap take little longer than the slowest of them by itself."""
    name = f"load {ROWS:,} records, gzipped and encrypted, over SFTP"
    if not shutil.which("gpg"):
        report.skip(name, "gpg is not installed")
        return
    plain = workplace.records("load", ROWS)
    keys = KeyRing(workplace)
    try:
        packed = keys.packed(plain)
        ours = Series()
        stages = {stage: Series() for stage in ("download", "decrypt", "inflate", "load")}
        for number in range(1, workplace.runs + 1):
            say(f"  encrypted, run {number} of {workplace.runs}")
            installation = Installation(workplace, "encrypted", workplace.ssh_server(), ENCRYPTED)
            installation.call("keys", "import", keys.private)
            stages_alone(workplace, installation, keys, packed, stages)
            ours.add(installation.load(packed, ROWS))
            installation.remove()
            installation = Installation(workplace, "stage")
            stages["load"].add(installation.load(plain, ROWS))
            installation.remove()
    finally:
        keys.remove()
    slowest = max(stages, key=lambda stage: stages[stage].seconds)
    for stage in sorted(stages, key=lambda stage: -stages[stage].seconds):
        report.compare(name, ours, f"{stage} alone", stages[stage], MOST_OVER_SLOWEST_STAGE if stage == slowest else None)


def stages_alone(workplace, installation, keys, packed, stages):
    """Each reads what the one before it has written to the disk, and writes to it."""
    got, compressed, inflated = (workplace.path(name) for name in ("stage.csv.gz.pgp", "stage.csv.gz", "stage.csv"))
    shutil.copyfile(packed, os.path.join(installation.incoming, "stage"))
    stages["download"].add(measured([workplace.program, "bench-transfer", "get", "bench", "stage", got, "--home", installation.home]))
    os.remove(os.path.join(installation.incoming, "stage"))
    stages["decrypt"].add(measured([*keys.gpg, "--output", compressed, "--decrypt", got]))
    inflate = "igzip" if shutil.which("igzip") else "gzip"
    stages["inflate"].add(measured(["/bin/sh", "-c", 'exec "$1" -dc "$2" > "$3"', "sh", inflate, compressed, inflated]))
    for file in (got, compressed, inflated):
        os.remove(file)


class KeyRing:
    """A partner's gpg with one key, whose private half is exported for the installation. The socket of its agent needs a short path."""

    def __init__(self, workplace):
        self.home = tempfile.mkdtemp(prefix="bench-gpg-")
        self.gpg = ["gpg", "--homedir", self.home, "--batch", "--quiet", "--yes", "--trust-model", "always", "--pinentry-mode", "loopback", "--passphrase", ""]
        self.private = os.path.join(self.home, "private.asc")
        self.workplace = workplace
        run([*self.gpg, "--quick-generate-key", "bench <bench@example.com>", "rsa3072", "default", "never"])
        fingerprint = next(line.split(":")[9] for line in run([*self.gpg, "--with-colons", "--list-keys"]).splitlines() if line.startswith("fpr"))
        run([*self.gpg, "--quick-add-key", fingerprint, "rsa3072", "encr", "never"])
        run([*self.gpg, "--armor", "--output", self.private, "--export-secret-keys", fingerprint])
        self.recipient = fingerprint

    def packed(self, plain):
        """As partners send it: compressed once, by gzip, and encrypted with GnuPG's own defaults."""
        path = self.workplace.path("packed.csv.gz.pgp")
        say(f"  making {os.path.basename(path)}")
        with subprocess.Popen(["gzip", "-c", plain], stdout=subprocess.PIPE) as gzip:
            run([*self.gpg, "--compress-algo", "none", "--recipient", self.recipient, "--output", path, "--encrypt"], stdin=gzip.stdout)
        return path

    def remove(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "gpg-agent"], capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)


def large_archive(workplace, report):
    name = f"memory: a zip file of {ZIP_BYTES / 1e9:,.1f} GB decoded"
    if not workplace.large:
        report.skip(name, "takes minutes; BENCH_LARGE=1 measures it")
        return
    path = workplace.path("large.zip")
    rows = make_archive(path)
    series = Series()
    installation = Installation(workplace, "large-zip", file_name="records.zip", document=ZIP_DOCUMENT)
    series.add(installation.load(path, rows))
    installation.remove()
    os.remove(path)
    report.alone(name, series, f"memory <= {MOST_ZIP_MEMORY_MB} MB", series.peak_rss_mb <= MOST_ZIP_MEMORY_MB, "one run")


def make_archive(path):
    """People with a long text each that hardly differs: small when compressed, and still within what an import takes for no bomb (1:200)."""
    say(f"  making {os.path.basename(path)}")
    filler = ("lorem ipsum dolor sit amet " * (ZIP_RECORD_BYTES // 27 + 1)).encode()
    rows = 0
    decoded = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("records.csv", "w", force_zip64=True) as out:
        out.write(b"CUSTOMER_ID_,EMAIL_ADDRESS_,FILLER\n")
        while decoded < ZIP_BYTES:
            block = bytearray()
            for number in range(rows, rows + 1000):
                start = b"C%09d,person%09d@example.com," % (number * 7919 % 1_000_000_007, number)
                block += start + filler[: ZIP_RECORD_BYTES - len(start) - 1] + b"\n"
            out.write(block)
            rows += 1000
            decoded += len(block)
    return rows
