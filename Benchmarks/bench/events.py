"""Events: from NDJSON into the store, and from the store into a feed's file. Each pass begins with an empty store; counts are checked."""
import json
import os
import uuid

from measure import Series, measured, say
from ours import Installation

ROWS = 5_000_000
LEAST_INGESTED = 150_000
LEAST_EXPORTED = 500_000
MOST_MEMORY_MB = 400
JOB = """
jobs:
  - name: feed
    kind: event-feed
    settings: { types: [SENT] }
"""


def event_rows(workplace, report):
    rows = int(os.environ.get("BENCH_EVENTS", ROWS))
    source = sent_events(workplace, rows)
    ingest, feed = Series(), Series()
    for number in range(1, workplace.runs + 1):
        say(f"  run {number} of {workplace.runs}")
        installation = Installation(workplace, "events")
        installation.call("connectors", "profile", "set", "event-feed", "--set", "account_id=1234")
        document = os.path.join(installation.home, "feed.yaml")
        with open(document, "w", encoding="utf-8") as file:
            file.write(JOB)
        installation.call("apply", document)
        ingest.add(ingested(installation, source, rows))
        feed.add(exported(installation, rows))
        installation.remove()
    for name, series, least in ((f"ingest {rows:,} sent events from NDJSON", ingest, LEAST_INGESTED), (f"feed of {rows:,} sent events", feed, LEAST_EXPORTED)):
        rate = rows / series.seconds
        report.alone(f"{name} ({rate:,.0f} a second)", series, f"at least {least:,} a second", rate >= least)
        report.alone(f"memory: {name}", series, f"memory <= {MOST_MEMORY_MB} MB", series.peak_rss_mb <= MOST_MEMORY_MB)


def ingested(installation, source, rows):
    sample = measured([installation.program, "events", "ingest", source, "--json", "--home", installation.home])
    result = json.loads(sample.output)
    if result["stored"] != rows or result["repeated"] or result["rejected"]:
        raise AssertionError(f"not every event came in: {result}")
    return sample


def exported(installation, rows):
    sample = measured([installation.program, "jobs", "run", "feed", "--scheduled", "--json", "--quiet", "--home", installation.home])
    result = json.loads(sample.output)
    if result["status"] != "succeeded" or result["records"]["read"] != rows:
        raise AssertionError(f"the feed did not give what is measured: {result}")
    return sample


def sent_events(workplace, rows):
    """One file for all passes; ids are random, as senders' are, and always the same."""
    path = workplace.path(f"sent-{rows}.ndjson")
    if os.path.exists(path):
        return path
    say(f"  writing {rows:,} events")
    with open(path + ".part", "w", encoding="ascii") as file:
        for number in range(rows):
            scrambled = (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 + 0x1234567) % (1 << 128)
            file.write(
                f'{{"id":"{uuid.UUID(int=scrambled)}","type":"SENT","time":"2025-03-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",'
                f'"LIST_ID":4711,"RIID":{number},"CUSTOMER_ID":"C{number:08}","CAMPAIGN_ID":{number % 97},"LAUNCH_ID":{number % 997},'
                f'"EMAIL":"person{number}@example.com","EMAIL_ISP":"example.com","EMAIL_FORMAT":"H","OFFER_SIGNATURE_ID":{number % 13},'
                f'"DYNAMIC_CONTENT_SIGNATURE_ID":{number % 7},"MESSAGE_SIZE":{20000 + number % 5000},"SEGMENT_INFO":"spring|gold"}}\n')
    os.replace(path + ".part", path)
    return path
