/// What shall follow the runs of a job or of a group: `options.notify`, `options.event` and `options.launch` of its definition (IMP-16, EXP-7, ORC-2, GRP-3).
public struct FollowUpOptions: Sendable, Codable, Equatable {
    public enum When: String, Sendable, Codable, CaseIterable {
        case always, failure, never
    }

    /// One mail an address (ACT-1).
    public struct Notification: Sendable, Codable, Equatable {
        public var when: When
        public var to: [String]
        /// Also when a run succeeds after one that did not.
        public var recovered: Bool
        /// Also when no run has taken a file by this time of a day in `zone`: minutes after midnight.
        public var noFileByMinute: Int?
        /// Days on which that is asked, 1 for Monday to 7 for Sunday.
        public var noFileDays: Set<Int>
        public var zone: String
    }

    /// Raised after success (ACT-2).
    public struct Event: Sendable, Codable, Equatable {
        public var name: String
        /// Only when a record was loaded (guide §5.5.1).
        public var onlyWithRecords: Bool
    }

    /// Called for after success with at least one record loaded (ACT-3).
    public struct Launch: Sendable, Codable, Equatable {
        public var campaigns: [String]
        public var progressTo: [String]
        /// Messages between two progress alerts; nil: one at completion.
        public var progressEvery: Int64?
        public var failureTo: [String]
    }

    public var notification: Notification?
    public var event: Event?
    public var launch: Launch?

    public static let weekdays = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

    public init(notification: Notification? = nil, event: Event? = nil, launch: Launch? = nil) {
        self.notification = notification
        self.event = event
        self.launch = launch
    }

    /// From a definition whose form has been checked; what it does not say is as `FollowUpFields` declares it.
    public init(definition: [String: JSONValue]) {
        let options = definition["options"]
        let notify = options?["notify"]
        let to = Self.addresses(notify?["to"])
        if !to.isEmpty {
            let days =
                notify?["no_file_days"]?.arrayValue?.compactMap { $0.stringValue.flatMap(Self.weekdays.firstIndex) }.map { $0 + 1 } ?? Array(1...7)
            notification = Notification(
                when: notify?["when"]?.stringValue.flatMap(When.init) ?? .failure, to: to, recovered: notify?["recovered"]?.boolValue ?? false,
                noFileByMinute: notify?["no_file_by"]?.stringValue.flatMap(Self.minute), noFileDays: Set(days),
                zone: definition["file"]?["zone"]?.stringValue ?? "UTC")
        }
        if let name = options?["event"]?["name"]?.stringValue, !name.isEmpty {
            event = Event(name: name, onlyWithRecords: options?["event"]?["with_records"]?.boolValue ?? false)
        }
        if let campaigns = options?["launch"]?["campaigns"]?.arrayValue?.compactMap(\.stringValue), !campaigns.isEmpty {
            let order = options?["launch"]
            launch = Launch(
                campaigns: campaigns, progressTo: Self.addresses(order?["progress_to"]), progressEvery: order?["progress_every"]?.integerValue,
                failureTo: Self.addresses(order?["failure_to"]))
        }
    }

    /// "06:30" as minutes after midnight, or nil.
    public static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 2, parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        return hour * 60 + minute
    }

    private static func addresses(_ value: JSONValue?) -> [String] {
        MailAddress.list(value?.arrayValue?.compactMap(\.stringValue) ?? [])
    }
}
