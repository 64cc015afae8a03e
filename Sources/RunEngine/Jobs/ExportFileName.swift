import ConnectModel
import Foundation
import RecordEngine

/// How the files of an export are called (EXP-3, EXP-6): `<job>_<run>_<prefix><name><suffix>`, the suffix before the name's
/// extension, and behind it the extensions of what the file is packed in.
struct ExportFileName: Sendable {
    var name: String
    var prefix: String
    var suffix: String
    var zone: String
    var packing: ExportPacking
    var readyExtension: String
    var appendsReadyExtension: Bool

    /// Name of the data file. `part` counts from 1 where the export is split, else nil.
    func dataFile(run: RunID, at moment: Date, part: Int?, form: String) throws -> String {
        let date = calendarTime(moment)
        let (plain, extensions) = packing.parts(name)
        let (stem, ending) = split(plain)
        let suffix = try text(suffix, date) + (part.map { "_" + String(repeating: "0", count: max(0, 3 - String($0).count)) + String($0) } ?? "")
        let values = [
            ("{JOB}", run.job.description), ("{RUN}", String(run.number)), ("{PREFIX}", try text(prefix, date)), ("{NAME}", try text(stem, date)),
        ]
        var made = values.reduce(form) { $0.replacing($1.0, with: $1.1) }
        made = made.replacing("{SUFFIX}", with: suffix)
        return made + ending + extensions
    }

    /// What the file is called within its archive: the name without what packing added.
    func memberName(_ dataFile: String) -> String { String(dataFile.dropLast(packing.parts(name).extensions.count)) }

    /// Without its own extension a name has nothing to be replaced: what follows a dot in a suffix or in the account's form tells files apart.
    func readyFile(_ dataFile: String) -> String {
        let member = memberName(dataFile)
        let ending = split(packing.parts(name).plain).ending
        let stem = member.hasSuffix(ending) ? String(member.dropLast(ending.count)) : member
        return "\(appendsReadyExtension ? dataFile : stem).\(readyExtension)"
    }

    func problems() -> [Problem] {
        var found: [Problem] = []
        let parts = packing.parts(name)
        let named = "1_1_" + parts.plain + parts.extensions
        for (path, text) in [("file.name", name), ("file.prefix", prefix), ("file.suffix", suffix)] where !text.isEmpty || path == "file.name" {
            found += FileNamePattern.problems(in: text).map { Problem(path: path, severity: $0.severity, message: $0.message) }
            if FileNamePattern(text).isGlob {
                found.append(Problem(path: path, message: "* and ? cannot stand in the name of a file that is to be made."))
            }
        }
        if TimeZone(identifier: zone) == nil {
            found.append(Problem(path: "file.zone", message: "\"\(zone)\" is not a time zone; write it like Europe/Berlin or UTC."))
        }
        if readyExtension.isEmpty || readyExtension.contains("/") || readyExtension.utf8.contains(0) {
            found.append(Problem(path: "file.ready_extension", message: "The ready file's extension is a text like ready, without a slash."))
        } else if readyFile(named) == named {
            found.append(Problem(path: "file.ready_extension", message: "The ready file would have the name of the data file."))
        }
        return found
    }

    /// "a.csv" as "a" and ".csv"; a dot in front of everything is none of an extension.
    private func split(_ name: String) -> (stem: String, ending: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, !name[dot...].contains("}") else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }

    private func text(_ pattern: String, _ date: CalendarTime) throws -> String {
        pattern.isEmpty ? "" : try FileNamePattern(pattern).resolved(at: date)
    }

    private func calendarTime(_ moment: Date) -> CalendarTime {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: moment)
        return CalendarTime(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hour: parts.hour ?? 0, minute: parts.minute ?? 0,
            second: parts.second ?? 0)
    }
}
