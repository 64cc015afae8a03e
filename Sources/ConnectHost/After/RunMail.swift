import ConnectModel
import Foundation
import RunEngine

/// The words of every mail (ACT-1): what happened, how much, why, where to look and what to do next. Holds no record of a customer: rejected
/// records appear by line, reason and field.
struct RunMail {
    private let host: Installation
    private static let firstRejects = 10

    init(_ host: Installation) { self.host = host }

    func report(_ message: OutboxMessage) -> MailReport {
        switch message.content {
        case .report(let outcome, let isRecovery): return report(outcome, isRecovery: isRecovery)
        case .missingFile(let missing): return report(missing)
        case .launchFailure(let order, let failure, let outcome): return report(order, failure, outcome)
        case .text(let subject, let body):
            return make(subject: subject, headline: subject, paragraphs: body.components(separatedBy: "\n\n"), blocks: [], commands: [])
        case .event, .launch:
            // Not sent by mail; said all the same, should it ever come here.
            return make(subject: message.id, headline: message.id, paragraphs: [], blocks: [], commands: [])
        }
    }

    private func report(_ outcome: RunOutcome, isRecovery: Bool) -> MailReport {
        let thing = outcome.subject == .job ? "Run" : "Group run"
        let ended =
            switch outcome.status {
            case .succeeded: isRecovery ? "works again" : "succeeded"
            case .cancelled: "was stopped"
            default: "failed"
            }
        let duration = outcome.durationMilliseconds.map { " after \(Self.duration($0))" } ?? ""
        let loaded = outcome.records.read > 0 ? ", \(Self.number(outcome.recordsLoaded)) records loaded" : ""
        var paragraphs: [String] = []
        if let failure = outcome.failure { paragraphs.append("Why: \(failure.message)") }
        if let remedy = outcome.failure?.remedy { paragraphs.append("What to do next: \(remedy)") }
        return make(
            subject:
                "\(outcome.name): \(outcome.subject == .job ? "run" : "group run") \(outcome.run) \(ended)\(outcome.status == .succeeded ? loaded : "")",
            headline: "\(thing) \(outcome.run) of \"\(outcome.name)\" \(ended)\(duration).", paragraphs: paragraphs,
            blocks: [facts(outcome), counts(outcome), reasons(outcome), rejects(outcome), warnings(outcome)], commands: commands(outcome))
    }

    private func facts(_ outcome: RunOutcome) -> MailReport.Block {
        var rows: [(String, String)] = []
        if let file = outcome.file { rows.append(("File", "\(file.path) on \"\(file.server)\", \(Self.number(file.size)) bytes")) }
        if let archived = outcome.archivedPath { rows.append(("Archived as", archived)) }
        if let started = outcome.startedAtUnixMilliseconds { rows.append(("Started", Self.moment(started))) }
        rows.append(("Ended", Self.moment(outcome.finishedAtUnixMilliseconds)))
        return MailReport.Block(title: "The run", rows: rows)
    }

    private func counts(_ outcome: RunOutcome) -> MailReport.Block {
        let records = outcome.records
        let all: [(String, Int64)] = [
            ("read", records.read), ("inserted", records.inserted), ("updated", records.updated), ("unchanged", records.unchanged),
            ("skipped", records.skipped), ("duplicates", records.duplicates), ("rejected", records.rejected),
            ("people added", records.addedPeople ?? 0),
        ]
        guard records.read > 0 || outcome.subject == .job && outcome.file != nil else { return MailReport.Block(title: "", rows: []) }
        return MailReport.Block(
            title: "Records",
            rows: all.filter { $0.1 > 0 || ["read", "inserted", "updated", "rejected"].contains($0.0) }.map { ($0.0, Self.number($0.1)) })
    }

    private func reasons(_ outcome: RunOutcome) -> MailReport.Block {
        MailReport.Block(
            title: "Rejected by reason",
            rows: outcome.rejectedByReason.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { reason, count in
                ("\(Self.number(count)) × \(reason)", RejectReason(rawValue: reason)?.sentence ?? "")
            })
    }

    private func rejects(_ outcome: RunOutcome) -> MailReport.Block {
        guard outcome.records.rejected > 0, outcome.subject == .job, let run = RunID(outcome.run), let path = host.rejectsFile(of: run) else {
            return MailReport.Block(title: "", rows: [])
        }
        let first = FirstRejects.read(path, count: Self.firstRejects)
        return MailReport.Block(title: "The first of them", rows: first.map { ("line \($0.line)", $0.reason + ($0.field.map { " in \($0)" } ?? "")) })
    }

    private func warnings(_ outcome: RunOutcome) -> MailReport.Block {
        MailReport.Block(title: "Warnings", rows: outcome.warnings.map { ("!", $0) })
    }

    private func commands(_ outcome: RunOutcome) -> [String] {
        guard outcome.subject == .job else { return ["connecthost groups list", "connecthost runs list"] }
        let base = ["connecthost runs show \(outcome.run)", "connecthost runs log \(outcome.run)"]
        return base + (outcome.records.rejected > 0 ? ["connecthost runs rejects \(outcome.run)"] : [])
    }

    private func report(_ missing: MissingFile) -> MailReport {
        make(
            subject: "\(missing.job): no file by \(missing.time)",
            headline: "\"\(missing.job)\" had taken no file by \(missing.time) (\(missing.zone)) on \(missing.day).",
            paragraphs: ["What to do next: ask who sends the file, and see whether the job runs at all."], blocks: [],
            commands: ["connecthost jobs show \"\(missing.job)\"", "connecthost runs list"])
    }

    private func report(_ order: LaunchOrder, _ failure: RunFailure, _ outcome: RunOutcome) -> MailReport {
        make(
            subject: "\(outcome.name): campaign \(order.campaign) was not launched",
            headline: "The campaign \"\(order.campaign)\" could not be launched after run \(outcome.run) of \"\(outcome.name)\".",
            paragraphs: ["Why: \(failure.message)"] + (failure.remedy.map { ["What to do next: \($0)"] } ?? [])
                + ["The \(Self.number(outcome.recordsLoaded)) records of the run are loaded."], blocks: [],
            commands: ["connecthost outbox list --state dead", "connecthost outbox retry \"\(outcome.origin)/launch/\(order.campaign)\""])
    }

    private func make(subject: String, headline: String, paragraphs: [String], blocks: [MailReport.Block], commands: [String]) -> MailReport {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let machine = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return MailReport(
            subject: subject, headline: headline, paragraphs: paragraphs, blocks: blocks, commands: commands,
            footer: "Sent by ConnectHost on \(machine), home \(host.home.root).")
    }

    static func moment(_ milliseconds: Int64) -> String {
        let format = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateSeparator(.dash).dateTimeSeparator(.space)
            .time(includingFractionalSeconds: false).timeSeparator(.colon)
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(format) + " UTC"
    }

    private static func duration(_ milliseconds: Int64) -> String {
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 120_000 { return String(format: "%.1f s", Double(milliseconds) / 1000) }
        return "\(milliseconds / 60_000) min \(milliseconds / 1000 % 60) s"
    }

    private static func number(_ value: Int64) -> String {
        var digits = String(value)
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
            position -= 3
        }
        return digits
    }
}
