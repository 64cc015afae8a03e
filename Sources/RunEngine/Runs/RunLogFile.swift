public import ConnectModel
import Foundation
import Synchronization

/// The log of one run: a JSON line an event, appended as it happens, readable while the run is on (MGT-4). Known secrets become dots.
public final class RunLogFile: Sendable {
    private let descriptor: Mutex<Int32>
    private let redaction: Redaction

    public init(path: String, redaction: Redaction) throws {
        let opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            throw ConnectError("run.log", .configuration, "The log \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        descriptor = Mutex(opened)
        self.redaction = redaction
    }

    deinit { descriptor.withLock { _ = close($0) } }

    /// Writes the line; a log that cannot be written must not end a run, so a full disk loses lines and nothing else.
    @discardableResult
    public func append(_ line: LogLine) -> LogLine {
        let clean = redaction.redacted(line)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var bytes = try? encoder.encode(clean) else { return clean }
        bytes.append(0x0A)
        descriptor.withLock { descriptor in
            _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }
        return clean
    }

    /// Every whole line of a log file.
    public static func lines(path: String) throws -> [LogLine] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        return data.split(separator: 0x0A).compactMap { try? decoder.decode(LogLine.self, from: $0) }
    }
}

/// Reads a log on from where it stopped, so that following a long one costs no more than its new lines.
public struct RunLogTail {
    private let path: String
    private var offset: UInt64 = 0

    public init(path: String) { self.path = path }

    /// Whole lines that have come since; none while there is no file.
    public mutating func next() -> [LogLine] {
        guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
        // A log that cannot be read now is read at the next call.
        guard (try? handle.seek(toOffset: offset)) != nil, let data = try? handle.readToEnd(), let end = data.lastIndex(of: 0x0A) else { return [] }
        let whole = data[...end]
        offset += UInt64(whole.count)
        let decoder = JSONDecoder()
        return whole.split(separator: 0x0A).compactMap { try? decoder.decode(LogLine.self, from: $0) }
    }
}

/// Takes known secret values out of text (OPS-3).
public struct Redaction: Sendable {
    private let secrets: [String]

    public init(secrets: [String]) {
        // A secret of one or two characters would turn every text into dots and protects nothing.
        self.secrets = secrets.flatMap { [$0] + $0.split(separator: "\n").map(String.init) }.filter { $0.utf8.count > 2 }
            .sorted { $0.utf8.count > $1.utf8.count }
    }

    public func redacted(_ text: String) -> String {
        secrets.reduce(text) { $0.replacingOccurrences(of: $1, with: "•••") }
    }

    /// The texts of a run that connectors may have written.
    public func redacted(_ run: Run) -> Run {
        var clean = run
        clean.failure?.message = redacted(run.failure?.message ?? "")
        clean.failure?.remedy = run.failure?.remedy.map(redacted)
        clean.warnings = run.warnings.map(redacted)
        clean.result = run.result.map(redacted)
        return clean
    }

    private func redacted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(redacted(text))
        case .array(let values): .array(values.map(redacted))
        case .object(let members): .object(Dictionary(members.map { (redacted($0.key), redacted($0.value)) }) { _, last in last })
        default: value
        }
    }

    public func redacted(_ line: LogLine) -> LogLine {
        var clean = line
        clean.message = redacted(line.message)
        clean.fields = line.fields.mapValues(redacted)
        return clean
    }
}
