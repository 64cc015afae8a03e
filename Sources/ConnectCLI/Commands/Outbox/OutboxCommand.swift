import ArgumentParser
import ConnectHost
import ConnectModel

struct OutboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "What follows runs: mails, events and campaign launches, delivered and not.",
        discussion:
            "Messages are delivered at least once, tried again after growing delays, and given up as dead letters that a person retries or drops.",
        subcommands: [OutboxList.self, OutboxShow.self, OutboxRetry.self, OutboxDrop.self, OutboxDeliver.self])
}

struct OutboxList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List messages, newest first.", discussion: "Example: connecthost outbox list --state dead")
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only messages in this state (\(OutboxState.allCases.map(\.rawValue).joined(separator: ", "))); may be given several times.",
            valueName: "state"), transform: OutboxStateArgument.read)
    var state: [OutboxState] = []
    @Option(name: .long, help: "How many at most.") var limit = 50
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1.") }
    }

    func run() throws {
        let messages = try host.open().outbox(states: Set(state), limit: limit)
        try Output(output).show(messages.map(OutboxReport.init), text: OutboxReport.table(messages))
    }
}

struct OutboxShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one message.", discussion: "Example: connecthost outbox show 12")
    @Argument(help: "The message, by number or id.") var message: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let message = try host.open().existingMessage(message)
        try Output(output).show(OutboxReport(message), text: text(message))
    }

    private func text(_ message: OutboxMessage) -> String {
        var lines = [
            "Message \(message.number): \(message.kind.rawValue) to \(message.target), \(message.state.rawValue)", "  id        \(message.id)",
            "  follows   \(message.origin)", "  written   \(Moment.text(message.createdAtUnixMilliseconds))", "  attempts  \(message.attempts)",
        ]
        if message.state == .waiting { lines.append("  due       \(Moment.text(message.dueAtUnixMilliseconds))") }
        if let settled = message.settledAtUnixMilliseconds { lines.append("  ended     \(Moment.text(settled))") }
        if let receipt = message.receipt { lines.append("  answer    \(receipt)") }
        if let failure = message.failure { lines.append("  why       \(failure.message)") }
        if let remedy = message.failure?.remedy { lines.append("            \(remedy)") }
        return lines.joined(separator: "\n")
    }
}

struct OutboxRetry: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Make dead or waiting messages due now; a server or `outbox deliver` then delivers them.",
        discussion: "Example: connecthost outbox retry 12\n         connecthost outbox retry --all")
    @Argument(help: "Messages, by number or id.") var messages: [String] = []
    @Flag(name: .long, help: "Every dead message.") var all = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if messages.isEmpty != all { throw ValidationError("Name messages, or give --all.") }
    }

    func run() throws {
        let opened = try host.open()
        let changed = try all ? opened.retryDeadMessages() : opened.retryMessages(messages)
        try Output(output).show(changed.map(OutboxReport.init), text: OutboxReport.table(changed))
    }
}

struct OutboxDrop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Give messages up: they are never delivered.", discussion: "Example: connecthost outbox drop 12")
    @Argument(help: "Messages, by number or id.") var messages: [String]
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let changed = try host.open().dropMessages(messages)
        try Output(output).show(changed.map(OutboxReport.init), text: OutboxReport.table(changed))
    }
}

struct OutboxDeliver: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliver", abstract: "Deliver what is due now; for installations without a server.",
        discussion: "Exit code 0 also when some were not taken; `outbox list` shows them.\n\nExample: connecthost outbox deliver")
    @Option(name: .long, help: "After this many seconds what goes on is broken off and left for the next time.") var timeout = 300
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if timeout < 1 { throw ValidationError("--timeout is at least 1.") }
    }

    private struct Report: Encodable {
        var delivered: Int
        var waiting: Int
        var dead: Int
    }

    func run() throws {
        let opened = try host.open()
        guard let deliverer = try opened.outboxDeliverer() else {
            throw ConnectError(
                "outbox.taken", .transient, "Another process delivers from this home now.", remedy: "Leave it to that one, or try again.")
        }
        let interrupt = Interrupt()
        let delivered = try deliverer.deliverDue(within: Int64(timeout) * 1000, stop: { interrupt.isRaised })
        let rest = try opened.outbox(states: [.waiting, .dead], limit: 100_000)
        let report = Report(
            delivered: delivered, waiting: rest.count { $0.state == .waiting }, dead: rest.count { $0.state == .dead })
        try Output(output).show(
            report, text: "\(Moment.counted(report.delivered, "message")) delivered, \(report.waiting) waiting, \(report.dead) dead.")
    }
}

enum OutboxStateArgument {
    @Sendable static func read(_ text: String) throws -> OutboxState {
        guard let state = OutboxState(rawValue: text) else {
            throw ValidationError("\"\(text)\" is no state; there are: \(OutboxState.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return state
    }
}
