"""The table that is printed and the rows of bench.json."""
import json
import os
import platform
import time


class Report:
    """Collects rows. Keys of a row: name, ours_s, peer, peer_s, ratio, target, peak_rss_mb, and besides: met, ours_each_s, peer_each_s, note."""

    def __init__(self, workplace):
        self.workplace = workplace
        self.rows = []
        self.skipped = []
        self.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.load_before = os.getloadavg()[0]

    def compare(self, name, ours, peer, theirs, most=None):
        """A row against a peer; `most` is the largest ratio that is still good enough."""
        ratio = ours.seconds / theirs.seconds
        self.rows.append({
            "name": name, "ours_s": round(ours.seconds, 3), "peer": peer, "peer_s": round(theirs.seconds, 3), "ratio": round(ratio, 3),
            "target": None if most is None else f"ratio <= {most:.2f}", "peak_rss_mb": round(ours.peak_rss_mb, 1),
            "met": None if most is None else ratio <= most, "ours_each_s": ours.each, "peer_each_s": theirs.each,
        })

    def alone(self, name, ours, target=None, met=None, note=None):
        """A row without a peer: against a fixed limit, or only measured."""
        self.rows.append({
            "name": name, "ours_s": round(ours.seconds, 3), "peer": None, "peer_s": None, "ratio": None, "target": target,
            "peak_rss_mb": round(ours.peak_rss_mb, 1), "met": met, "ours_each_s": ours.each, "peer_each_s": [], "note": note,
        })

    def skip(self, name, reason):
        self.skipped.append({"name": name, "reason": reason})

    def table(self):
        header = ["", "ours", "peer", "its time", "ratio", "target", "", "peak memory"]
        lines = [header] + [self.cells(row) for row in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        right = {1, 3, 4, 7}
        text = ["  ".join(cell.rjust(width) if column in right else cell.ljust(width) for column, (cell, width) in enumerate(zip(line, widths))).rstrip()
                for line in lines]
        text += [f"skipped: {entry['name']}: {entry['reason']}" for entry in self.skipped]
        text.append(f"Medians of {self.workplace.runs} runs each. Load of the machine: {self.load_before:.1f} before, {os.getloadavg()[0]:.1f} after.")
        return "\n".join(text)

    @staticmethod
    def cells(row):
        def seconds(value):
            return "-" if value is None else f"{value:.3f} s" if value < 1 else f"{value:.2f} s"

        verdict = {True: "met", False: "MISSED", None: ""}[row["met"]]
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        note = f"  ({row['note']})" if row.get("note") else ""
        return [row["name"] + note, seconds(row["ours_s"]), row["peer"] or "-", seconds(row["peer_s"]), ratio, row["target"] or "-", verdict,
                f"{row['peak_rss_mb']:.0f} MB"]

    def write(self, path):
        document = {
            "started": self.started, "cpus": os.cpu_count(), "system": platform.platform(), "runs": self.workplace.runs,
            "load_before": round(self.load_before, 2), "load_after": round(os.getloadavg()[0], 2), "rows": self.rows, "skipped": self.skipped,
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
