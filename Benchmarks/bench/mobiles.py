"""What the strict check of mobile numbers costs: the same load with libphonenumber and with the fast rules."""
import csv
import os

from measure import Series, say
from ours import DOCUMENT, Installation

STRICT = DOCUMENT.replace("match: [EMAIL_ADDRESS_],", "match: [EMAIL_ADDRESS_], mobile_check: strict,")


def mobile_rows(workplace, report):
    file = mobile_records(workplace)
    series = {"fast": Series(), "strict": Series()}
    for number in range(1, workplace.runs + 1):
        say(f"  run {number} of {workplace.runs}")
        for name, document in [("fast", DOCUMENT), ("strict", STRICT)]:
            installation = Installation(workplace, f"mobile-{name}", document=document)
            series[name].add(installation.load(file, workplace.rows))
            installation.remove()
    label = f"load {workplace.rows:,} records, mobile numbers checked"
    report.compare(f"{label} strictly", series["strict"], "the fast rules", series["fast"])
    report.alone(f"{label} by the fast rules", series["fast"])


def mobile_records(workplace):
    """The records of the other loads with numbers that countries do give out for mobile phones, each once."""
    path = workplace.path(f"mobile-{workplace.rows}.csv")
    if os.path.exists(path):
        return path
    say(f"  making {os.path.basename(path)}")
    with open(workplace.records("load", workplace.rows), encoding="utf-8", newline="") as file, open(path + ".part", "w", encoding="utf-8", newline="") as out:
        records, writer = csv.reader(file), csv.writer(out, lineterminator="\n")
        header = next(records)
        column = header.index("MOBILE_NUMBER")
        writer.writerow(header)
        for number, record in enumerate(records):
            record[column] = mobile_number(number)
            writer.writerow(record)
    os.rename(path + ".part", path)
    return path


def mobile_number(number):
    """Of Germany, France, Spain, the United States and Poland by turns; up to 5,000,000 of them."""
    country, within = number % 5, number // 5
    return [f"49151{12345678 + within:08d}", f"33612{within:06d}", f"34612{within:06d}", f"1646{2000000 + within:07d}", f"48512{within:06d}"][country]
