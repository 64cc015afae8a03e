public import ConnectModel
public import RecordEngine

/// Where events lie that feeds export: appended, never changed, each once (EVT-5, EVT-6). Any thread. All throw `ConnectError`.
///
/// Every event has a number within its type that grows in the order of commits and has no gaps: whoever has read up to a number has read every event
/// below it, however slowly it was written. Times of clocks are no marks.
public protocol EventStore: AnyObject, Sendable {
    /// A writer for one thread. `types`: those that may come in; nil takes any.
    func beginIngest(types: Set<String>?) throws -> any EventIngest
    /// By name.
    func types() throws -> [EventTypeSummary]
    /// Events of one type in the order of their numbers. A type that nobody has sent has none.
    func read(_ window: EventWindow, _ body: (StoredEvent) throws -> Void) throws
    /// The number of the newest event of a type; 0 when there is none.
    func newest(ofType type: String) throws -> Int64
    /// The store's numbers of field names.
    func fields() throws -> [UInt32: String]

    /// The account's own columns of a channel in the order in which they were added.
    func customColumns(ofChannel channel: String) throws -> [String]
    /// Throws `event.columns` (configuration) when the channel has `customColumnLimit` already, or this one.
    func addCustomColumn(_ name: String, toChannel channel: String) throws
    func customColumns() throws -> [String: [String]]

    /// What has been given of a type.
    func position(ofType type: String) throws -> FeedPosition
    /// Writes down what is about to be given, before anything of it can be seen, in place of `earlier`, which must still stand there as it is (nil: no
    /// delivery of the type does, and the mark is where this one begins). Throws `feed.taken` (transient) when it does not: another run gives the type, and this one must leave it alone.
    func begin(_ delivery: FeedDelivery, inPlaceOf earlier: FeedDelivery?) throws
    /// The delivery stands complete: the mark moves to its end and the delivery is over, in one step. Nothing changes when it is over already. Throws
    /// `feed.taken` when another stands in its place.
    func complete(_ delivery: FeedDelivery) throws
    /// Forgets a delivery of which nothing can be seen. Throws `feed.taken` when another stands in its place.
    func abandon(_ delivery: FeedDelivery) throws
}

extension EventStore {
    /// Most columns of its own that an account may have in one channel (EVT-6).
    public static var customColumnLimit: Int { 12 }
}

/// Takes events in. One thread.
public protocol EventIngest: EventNames {
    /// Keeps the events of the batch that are not there yet, in one transaction that is durable on return.
    func store(_ batch: EventBatch, atUnixMilliseconds now: Int64) throws -> EventCounts
}

/// What became of events. JSON keys are a contract.
public struct EventCounts: Sendable, Codable, Equatable {
    public var stored: Int64 = 0
    /// There already, by their ids.
    public var repeated: Int64 = 0
    public var rejected: Int64 = 0
    public init() {}
}

/// JSON keys are a contract.
public struct EventTypeSummary: Sendable, Codable, Equatable {
    public var type: String
    public var events: Int64
    /// The number of the newest.
    public var newest: Int64
    /// Up to which number a feed has given them.
    public var exported: Int64
    public var lastStoredUnixMilliseconds: Int64?

    public init(type: String, events: Int64, newest: Int64, exported: Int64, lastStoredUnixMilliseconds: Int64?) {
        self.type = type
        self.events = events
        self.newest = newest
        self.exported = exported
        self.lastStoredUnixMilliseconds = lastStoredUnixMilliseconds
    }
}

/// Which events of a type: those with numbers above `after` and up to `through`, stored within the times, if any are given.
public struct EventWindow: Sendable, Equatable {
    public var type: String
    public var after: Int64
    public var through: Int64
    /// Milliseconds since 1970 UTC.
    public var storedFrom: Int64?
    public var storedBefore: Int64?

    public init(type: String, after: Int64 = 0, through: Int64 = .max, storedFrom: Int64? = nil, storedBefore: Int64? = nil) {
        self.type = type
        self.after = after
        self.through = through
        self.storedFrom = storedFrom
        self.storedBefore = storedBefore
    }
}

/// One event as it lies in the store.
public struct StoredEvent {
    public let number: Int64
    public let capturedUnixMilliseconds: Int64
    public let storedUnixMilliseconds: Int64
    /// `EventBody`; valid during the call that got the event.
    public let body: UnsafeRawBufferPointer

    public init(number: Int64, capturedUnixMilliseconds: Int64, storedUnixMilliseconds: Int64, body: UnsafeRawBufferPointer) {
        self.number = number
        self.capturedUnixMilliseconds = capturedUnixMilliseconds
        self.storedUnixMilliseconds = storedUnixMilliseconds
        self.body = body
    }
}

/// How far a type has been given, and what is being given now.
public struct FeedPosition: Sendable, Equatable {
    /// The number of the last event that stands in a complete file.
    public var mark: Int64
    /// Begun and not known to be complete.
    public var delivery: FeedDelivery?
    /// The name of the newest complete file; names grow with time.
    public var lastFile: String?

    public init(mark: Int64, delivery: FeedDelivery?, lastFile: String?) {
        self.mark = mark
        self.delivery = delivery
        self.lastFile = lastFile
    }
}

/// One file of one type: which events, and where they go.
public struct FeedDelivery: Sendable, Codable, Equatable {
    public enum Stage: String, Sendable, Codable {
        /// Nothing can be seen under the final name.
        case writing
        /// As `writing`, but an earlier file of this name may have been seen and taken away: it keeps its window and its name.
        case writingAgain = "writing_again"
        /// The file is whole under its temporary name; whether it has its final one, only the server can tell.
        case publishing
    }

    public var type: String
    public var after: Int64
    public var through: Int64
    public var server: String
    /// The final name with its directory.
    public var path: String
    public var stage: Stage
    /// Of the whole file, once it is written.
    public var bytes: Int64
    public var events: Int64
    /// Whose it is; nil in deliveries written down before runs were. What follows it is of the whole file and likewise.
    public var run: RunID?
    public var sha256: String?
    public var replacedCharacters: Int64?
    public var replacedMarks: Int64?

    public init(type: String, after: Int64, through: Int64, server: String, path: String) {
        self.type = type
        self.after = after
        self.through = through
        self.server = server
        self.path = path
        stage = .writing
        bytes = 0
        events = 0
    }
}
