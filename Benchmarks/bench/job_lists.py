"""How soon a page of the list of very many jobs is there (T39), as whole commands."""
import os
import time

from jobs import add_runs, fill, made_home
from measure import Series, measured, run

PAGE_MOST_S = 0.300
PAGES = {
    "jobs list --limit 50": [],
    "jobs list, those that failed, the last ones first": ["--last", "failed", "--schedule", "recurring", "--sort", "previous"],
    "jobs list, a text in name or description, by next start": ["99", "--sort", "next"],
    "jobs list, by group, from the middle": ["--sort", "group", "--offset", "half"],
}


def list_rows(workplace, report):
    home = made_home(workplace, "many-jobs-home")
    with open(os.path.join(home, "files/upload/records.csv"), "w", encoding="utf-8") as file:
        file.write("EMAIL_ADDRESS_\nann@example.com\n")
    run([workplace.program, "jobs", "run", "bench", "--quiet", "--home", home])
    now = int(time.time())
    fill(home, workplace.jobs, lambda number: now + 86_400 + number * 7919 % 86_400)
    add_runs(home)
    for name, options in PAGES.items():
        options = [str(workplace.jobs // 2) if option == "half" else option for option in options]
        series = Series()
        for _ in range(max(5, workplace.runs)):
            series.add(listed([workplace.program, "jobs", "list", "--limit", "50", *options, "--home", home]))
        report.alone(f"{name}: of {workplace.jobs:,}", series, f"<= {PAGE_MOST_S:.3f} s", series.seconds <= PAGE_MOST_S)


def listed(arguments):
    sample = measured(arguments, settle=False)
    # A heading, fifty jobs, and where it goes on.
    if len(sample.output.splitlines()) != 52:
        raise AssertionError(f"`{' '.join(arguments)}` shows other than 50 jobs:\n{sample.output[-1500:]}")
    return sample
