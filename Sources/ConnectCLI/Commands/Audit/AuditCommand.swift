import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what, and when.", subcommands: [AuditList.self])
}

struct AuditList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List changes, newest first.",
        discussion: """
            Objects are named like job/NAME, group/NAME, run/ID, group-run/ID, server/NAME, list/NAME, pet/NAME, supplemental/NAME, app/NAME, app_pet/NAME,
            filter/NAME, audience/NAME, view/NAME, hook/NAME, setting/NAME, profile/CONNECTOR, account, key/FINGERPRINT, secret/OWNER/NAME, secrets, outbox/ID,
            connectors/DIRECTORY, events, event-column/CHANNEL/NAME.

            Example: connecthost audit list --object job/ --since 2026-01-31
            """)
    @Option(name: .long, help: "Only this object; a name that ends in / takes all of a kind.") var object: String?
    @Option(name: .long, help: "Only changes by this user.") var actor: String?
    @Option(
        name: .long, help: ArgumentHelp("Only changes since then: a date (UTC), or a number of hours like 24h.", valueName: "when"), transform: moment
    )
    var since: Int64?
    @Option(name: .long, help: "How many at most.") var limit = 50
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1.") }
    }

    func run() throws {
        let entries = try host.open().control.audit(object: object, actor: actor, sinceUnixMilliseconds: since, limit: limit)
        var table = Table(["WHEN", "WHO", "DID", "WHAT", "CHANGED"])
        for entry in entries {
            table.add([Moment.text(entry.atUnixMilliseconds), entry.actor, entry.action.rawValue, entry.object, AuditChange.text(entry)])
        }
        try Output(output).show(entries.map(Report.init), text: entries.isEmpty ? "No changes." : table.text)
    }

    private struct Report: Encodable {
        var number: Int64
        var at: String
        var actor: String
        var action: AuditEntry.Action
        var object: String
        var before: JSONValue?
        var after: JSONValue?

        init(_ entry: AuditEntry) {
            number = entry.number
            at = Moment.text(entry.atUnixMilliseconds)
            actor = entry.actor
            action = entry.action
            object = entry.object
            before = entry.before
            after = entry.after
        }
    }

    @Sendable private static func moment(_ text: String) throws -> Int64 {
        if text.hasSuffix("h"), let hours = Int64(text.dropLast()), hours > 0 { return Composition.now() - hours * 3_600_000 }
        let style = Date.ISO8601FormatStyle(timeZone: .gmt)
        if let date = (try? style.year().month().day().parse(text)) ?? (try? style.parse(text)) { return Int64(date.timeIntervalSince1970 * 1000) }
        throw ValidationError("\"\(text)\" is neither a date like 2026-01-31 or 2026-01-31T06:30:00Z nor a number of hours like 24h.")
    }
}
