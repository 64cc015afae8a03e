import ConnectModel
import Foundation
import Synchronization

/// Ends a check: nothing after it would mean anything.
struct CheckFailure: Error { let sentence: String }
/// Ends a check that cannot be made on this connector, with the reason.
struct CheckSkipped: Error { let sentence: String }

/// What a check's body works with: the connector, its settings, and where findings go. Used by the thread of the check alone.
final class CheckContext {
    let request: ConformanceRequest
    private(set) var failures: [String] = []
    private(set) var warnings: [String] = []
    private(set) var notes: [String] = []
    private let report: @Sendable (String) -> Void
    private var cleaning: [() -> Void] = []

    init(_ request: ConformanceRequest, doing: @escaping @Sendable (String) -> Void) {
        self.request = request
        report = doing
    }

    private var loaded: RawConnector?

    /// The connector, loaded when it is first asked for.
    func connector() throws -> RawConnector {
        if let loaded { return loaded }
        let connector = try RawConnector.load(request)
        loaded = connector
        return connector
    }

    /// Tells what is tried next, so that a crash or a time-out can be told with it.
    func doing(_ what: String) { report(what) }

    func fail(_ sentence: String) { if !failures.contains(sentence) { failures.append(sentence) } }
    func warn(_ sentence: String) { if !warnings.contains(sentence) { warnings.append(sentence) } }
    /// Something a passed check still has to say.
    func note(_ sentence: String) { notes.append(sentence) }

    func expect(_ isTrue: Bool, _ sentence: @autoclosure () -> String) { if !isTrue { fail(sentence()) } }
    func require(_ isTrue: Bool, _ sentence: @autoclosure () -> String) throws { if !isTrue { throw CheckFailure(sentence: sentence()) } }
    func unwrap<Value>(_ value: Value?, _ sentence: @autoclosure () -> String) throws -> Value {
        guard let value else { throw CheckFailure(sentence: sentence()) }
        return value
    }

    /// Runs the body when the check is over, last added first.
    func afterwards(_ body: @escaping () -> Void) { cleaning.append(body) }
    func cleanUp() {
        cleaning.reversed().forEach { $0() }
        cleaning = []
    }

    var answer: ConformanceAnswer {
        let most = 4
        func joined(_ sentences: [String]) -> String {
            let more = sentences.count > most ? " (and \(sentences.count - most) more)" : ""
            return sentences.prefix(most).joined(separator: " ") + more
        }
        if !failures.isEmpty { return ConformanceAnswer(outcome: .failed, message: joined(failures)) }
        if !warnings.isEmpty { return ConformanceAnswer(outcome: .warning, message: joined(warnings)) }
        return ConformanceAnswer(outcome: .passed, message: joined(notes))
    }

    /// The settings as the connector gets them, defaults filled in as the host does.
    var settingsJSON: String {
        var settings = request.settings
        for (name, schema) in request.connector.schema["properties"]?.objectValue ?? [:] where settings[name] == nil {
            if let value = schema["default"] { settings[name] = value }
        }
        return JSONText.of(.object(settings))
    }

    /// The values a connector must never repeat.
    var secrets: [String] {
        let properties = request.connector.schema["properties"]?.objectValue ?? [:]
        return request.settings.compactMap { name, value in
            guard properties[name]?["writeOnly"]?.boolValue == true, let text = value.stringValue, text.count >= 4 else { return nil }
            return text
        }
    }
}

/// JSON as the text that crosses the interface.
enum JSONText {
    static func of(_ value: JSONValue) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return "null" }  // a JSON value always encodes, numbers in it are finite
        return String(decoding: data, as: UTF8.self)
    }

    static func value(_ bytes: Data) -> JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: bytes) }  // nil is the answer wanted
}

/// Work on a thread of its own, for calls that may not come back.
enum SideThread {
    /// The result, or nil when there is none after `seconds`; the thread then goes on until the process ends.
    static func run<Result: Sendable>(seconds: Double, _ body: @escaping @Sendable () -> Result) -> Result? {
        let finished = DispatchSemaphore(value: 0)
        let box = ResultBox<Result>()
        begin(box, finished, body)
        return finished.wait(timeout: .now() + seconds) == .success ? box.get() : nil
    }

    /// Begins, and gives back what waits for the result.
    static func start<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> () -> Result? {
        let finished = DispatchSemaphore(value: 0)
        let box = ResultBox<Result>()
        begin(box, finished, body)
        return {
            finished.wait()
            return box.get()
        }
    }

    private static func begin<Result: Sendable>(_ box: ResultBox<Result>, _ finished: DispatchSemaphore, _ body: @escaping @Sendable () -> Result) {
        Thread.detachNewThread {
            box.set(body())
            finished.signal()
        }
    }
}

private final class ResultBox<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    func set(_ new: Value) { value.withLock { $0 = new } }
    func get() -> Value? { value.withLock { $0 } }
}
