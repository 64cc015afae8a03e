/// Who is told of Connect events, and how (ACT-2).
public struct EventHook: Sendable, Codable, Equatable {
    public enum Way: Sendable, Codable, Equatable {
        /// An HTTP POST of the CloudEvent.
        case webhook(url: String)
        /// A program of this machine with fixed arguments; the event is its standard input. No shell is between.
        case command(path: String, arguments: [String])
    }

    public var name: String
    public var way: Way
    /// Names of the events it takes; empty: every one.
    public var events: [String]
    /// "signing": what webhooks are signed with; "bearer": sent as `Authorization: Bearer …`. Values are never here.
    public var secrets: [String: SecretReference]
    public var timeoutSeconds: Int64

    public static let secretKeys = ["signing", "bearer"]

    public init(name: String, way: Way, events: [String] = [], secrets: [String: SecretReference] = [:], timeoutSeconds: Int64 = 30) {
        self.name = name
        self.way = way
        self.events = events
        self.secrets = secrets
        self.timeoutSeconds = timeoutSeconds
    }

    public func takes(_ event: String) -> Bool { events.isEmpty || events.contains(event) }

    public func problems() -> [Problem] {
        var found: [Problem] = []
        if let wrong = EventName.problem(with: name, what: "A hook's name") { found.append(Problem(path: "name", message: wrong)) }
        found += events.compactMap { EventName.problem(with: $0, what: "An event's name") }.map { Problem(path: "events", message: $0) }
        if !(1...600).contains(timeoutSeconds) {
            found.append(Problem(path: "timeout", message: "The time-out is from 1 to 600 seconds; \(timeoutSeconds) is not."))
        }
        switch way {
        case .webhook(let url):
            if let wrong = WebAddress.problem(with: url) { found.append(Problem(path: "url", message: wrong)) }
        case .command(let path, let arguments):
            if !path.hasPrefix("/") {
                found.append(Problem(path: "command", message: "Name the program by its whole path: \"\(path)\" does not begin with /."))
            }
            if !secrets.isEmpty { found.append(Problem(path: "secrets", message: "A command takes no secrets; what it needs it finds for itself.")) }
            if arguments.contains(where: { $0.utf8.contains(0) }) {
                found.append(Problem(path: "arguments", message: "An argument holds a NUL byte."))
            }
        }
        for key in secrets.keys.sorted() where !Self.secretKeys.contains(key) {
            found.append(Problem(path: "secrets", message: "A hook has no secret \"\(key)\"; there are: \(Self.secretKeys.joined(separator: ", "))."))
        }
        return found
    }
}

public enum EventName {
    /// Why a name cannot be one, or nil. `what` begins the sentence.
    public static func problem(with text: String, what: String) -> String? {
        let isSafe = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
        guard !text.isEmpty, text.count <= 60, isSafe, text.first?.isLetter == true || text.first?.isNumber == true else {
            return "\(what) has 1 to 60 letters, digits, -, _ and dots; \"\(text.prefix(80))\" is not one."
        }
        return nil
    }
}

/// Addresses of HTTP calls, as far as a form can tell; what they resolve to is checked when the connection is made.
public enum WebAddress {
    public static func problem(with text: String) -> String? {
        let isPrintable = text.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0.value != 0x7F }
        guard let scheme = ["https://", "http://"].first(where: text.lowercased().hasPrefix), isPrintable, text.utf8.count <= 2048 else {
            return "\"\(text.prefix(80))\" is not an address that begins with https:// or http://."
        }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        if authority.isEmpty || authority.hasPrefix(":") { return "\"\(text.prefix(80))\" names no machine." }
        if authority.contains("@") { return "Leave user and password out of the address; give a secret instead." }
        return nil
    }
}
