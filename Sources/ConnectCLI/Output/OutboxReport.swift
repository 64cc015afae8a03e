import ConnectModel

/// A message of the outbox as JSON presents it; the keys are a contract (OPS-4, Docs/cli.md).
struct OutboxReport: Encodable {
    private let message: OutboxMessage

    init(_ message: OutboxMessage) { self.message = message }

    enum CodingKeys: String, CodingKey {
        case number, id, kind, origin, target, state, attempts, created, due, settled, receipt, error
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(message.number, forKey: .number)
        try container.encode(message.id, forKey: .id)
        try container.encode(message.kind, forKey: .kind)
        try container.encode(message.origin, forKey: .origin)
        try container.encode(message.target, forKey: .target)
        try container.encode(message.state, forKey: .state)
        try container.encode(message.attempts, forKey: .attempts)
        try container.encode(Moment.text(message.createdAtUnixMilliseconds), forKey: .created)
        if message.state == .waiting { try container.encode(Moment.text(message.dueAtUnixMilliseconds), forKey: .due) }
        try container.encodeIfPresent(message.settledAtUnixMilliseconds.map(Moment.text), forKey: .settled)
        try container.encodeIfPresent(message.receipt, forKey: .receipt)
        try container.encodeIfPresent(message.failure, forKey: .error)
    }

    static func table(_ messages: [OutboxMessage]) -> String {
        guard !messages.isEmpty else { return "No messages." }
        var table = Table(["NO", "STATE", "KIND", "TO", "FOLLOWS", "TRIES", "NEXT OR END", "WHY"])
        for message in messages {
            let time = message.state == .waiting ? message.dueAtUnixMilliseconds : message.settledAtUnixMilliseconds
            table.add([
                String(message.number), message.state.rawValue, message.kind.rawValue, message.target, message.origin, String(message.attempts),
                Moment.text(time), message.failure?.message ?? message.receipt ?? "",
            ])
        }
        return table.text
    }
}
