"""ConnectHost as a user runs it: a fresh home, a job file, `jobs run`."""
import json
import os
import shutil

from measure import measured, place_file, run

DOCUMENT = """
lists:
  - name: CONTACTS
    fields: { FIRST_NAME: STR100, LAST_NAME: STR100, BIRTH_DATE: STR25, LOYALTY_TIER: STR25, LAST_PURCHASE: TIMESTAMP }
jobs:
  - name: bench
    kind: import-list
    file: { name: %s%s }
    target: { list: CONTACTS, match: [EMAIL_ADDRESS_], on_match: update, on_no_match: insert, date_format: Standard_Long_NoMillis }
    mapping:
      fields:
        CUST_ID: CUSTOMER_ID_
        EMAIL_ADDRESS: EMAIL_ADDRESS_
        MOBILE_NUMBER: MOBILE_NUMBER_
        CITY: CITY_
        STATE: STATE_
        POSTAL_CODE: POSTAL_CODE_
        COUNTRY: COUNTRY_
"""


class Installation:
    """A home of its own with the list and the job; with `server`, the job reads from that SSH server, else from the embedded one. `document` has two places:
    for the file's name and for what else is said of it."""

    def __init__(self, workplace, name, server=None, file_name="records.csv", document=DOCUMENT):
        self.program = workplace.program
        self.file_name = file_name
        self.home = workplace.fresh_directory(name)
        self.call("init")
        if server:
            self.incoming = os.path.join(server["DIRECTORY"], name)
            shutil.rmtree(self.incoming, ignore_errors=True)
            os.makedirs(self.incoming)
            self.add_server(server, self.incoming)
        else:
            self.incoming = os.path.join(self.home, "files/upload")
        path = os.path.join(self.home, "bench.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document % (file_name, ", server: bench" if server else ""))
        self.call("apply", path)

    def add_server(self, server, directory, connector="sftp", *more):
        self.call(
            "servers", "add", "bench", connector, *(word for setting in more for word in ("--set", setting)), "--set", f"host={server['HOST']}", "--set", f"port={server['PORT']}",
            "--set", f"username={server['USERNAME']}", "--set", f"directory={directory}", "--secret-file", f"private_key={server['USER_KEY_ED25519']}")
        self.call("servers", "trust", "bench", "--yes")

    def add_ftp_server(self, server):
        """Plain FTP, as the peers speak it here."""
        password = os.path.join(self.home, "ftp-password")
        with open(password, "w", encoding="utf-8") as out:
            out.write(server["PASSWORD"])
        self.call("account", "set", "plaintext-transfers=on")
        self.call(
            "servers", "add", "bench", "ftp", "--set", f"host={server['HOST']}", "--set", f"port={server['PORT']}", "--set",
            f"username={server['USERNAME']}", "--set", "security=none", "--set", "allow_plaintext=true", "--secret-file", f"password={password}")

    def call(self, *arguments):
        return run([self.program, *arguments, "--home", self.home])

    def load(self, file, expected_rows):
        """Imports a file; fails unless every record was loaded and the list then has that many rows."""
        place_file(file, os.path.join(self.incoming, self.file_name))
        sample = measured([self.program, "jobs", "run", "bench", "--json", "--quiet", "--home", self.home])
        result = json.loads(sample.output)
        rows = json.loads(self.call("lists", "count", "CONTACTS", "--json"))["count"]
        if result["status"] != "succeeded" or result["records"]["rejected"] or rows != expected_rows:
            raise AssertionError(f"the import did not do what is measured: {rows} rows in the list, {result}")
        return sample

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)
        if not self.incoming.startswith(self.home):
            shutil.rmtree(self.incoming, ignore_errors=True)
