import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Gives events to files on a server, each event once (EVT-5).
///
/// For each type a window is opened from the mark to the newest event and written down. The file is written whole under a temporary name; that is
/// written down; it is renamed; the ready file follows; then the mark moves and the window is closed in one step. Events are never changed, so a
/// window that was cut off before its file had its name is forgotten, and one that may have it is looked for on the server and, if it is not
/// there, written again under the same name.
final class EventFeed {
    private let environment: RunEnvironment
    private let request: EventFeedRequest
    private let store: any EventStore
    private let transport: any Transport
    private let workDirectory: String
    private let custom: [String: [String]]

    init(_ request: EventFeedRequest, _ environment: RunEnvironment, workDirectory: String) throws {
        self.request = request
        self.environment = environment
        self.workDirectory = workDirectory
        store = try environment.events()
        custom = try store.customColumns()
        transport = try environment.transport(to: request.server)
    }

    func deliver() throws -> EventFeedResult {
        defer { transport.close() }
        try makeDirectory()
        var result = EventFeedResult()
        for file in request.files {
            try environment.cancellation.check()
            if request.window != nil {
                if let again = try deliverAgain(file) { result.files.append(again) }
            } else {
                if let earlier = try finishEarlier(file) { result.files.append(earlier) }
                if let new = try deliverNew(file) { result.files.append(new) }
            }
        }
        return result
    }

    private func makeDirectory() throws {
        guard !request.directory.isEmpty, transport.features.contains(.makeDirectory) else { return }
        var path = ""
        for name in request.directory.split(separator: "/") {
            path = RemotePath.join(path, String(name))
            try transport.makeDirectory(path)
        }
    }

    /// A window that an earlier run began and did not close.
    private func finishEarlier(_ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        guard let delivery = try store.position(ofType: file.type).delivery else { return nil }
        guard delivery.stage == .publishing else {
            // What was uploaded of it, if anything was, is nobody's; on a server that does not let go of it, it harms nothing.
            if delivery.server == request.server { try? transport.remove(delivery.path + ".part") }
            try store.abandon(delivery)
            return nil
        }
        guard delivery.server == request.server else {
            environment.reporter.log(
                .warning, "\(delivery.path) may stand on server \"\(delivery.server)\" already; the job now writes to \"\(request.server)\" and gives its events there.")
            try store.abandon(delivery)
            return nil
        }
        if try size(of: delivery.path) != delivery.bytes { return try publish(delivery, file, isRepeated: true) }
        environment.reporter.log(.info, "\(delivery.path) stood complete when an earlier run was cut off.")
        return try close(delivery)
    }

    private func deliverNew(_ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        let position = try store.position(ofType: file.type)
        let newest = try store.newest(ofType: file.type)
        guard newest > position.mark || request.empty == .write else { return nil }
        let path = try freePath(file, after: position.lastFile)
        return try publish(
            FeedDelivery(type: file.type, after: position.mark, through: max(newest, position.mark), server: request.server, path: path), file, isRepeated: false)
    }

    /// Writes, uploads, renames, announces and closes one window.
    private func publish(_ begun: FeedDelivery, _ file: EventFeedRequest.File, isRepeated: Bool) throws -> EventFeedResult.File {
        var delivery = begun
        if !isRepeated { try store.begin(delivery) }
        Failpoint.hit("feed.begun")
        let written = try write(file, EventWindow(type: delivery.type, after: delivery.after, through: delivery.through), path: delivery.path)
        defer { unlink(written.local) }
        delivery.bytes = written.bytes
        delivery.events = written.events
        let temporary = delivery.path + ".part"
        try upload(written.local, written.bytes, to: temporary)
        delivery.stage = .publishing
        try store.begin(delivery)
        Failpoint.hit("feed.uploaded")
        try transport.rename(temporary, to: delivery.path, replace: isRepeated)
        Failpoint.hit("feed.published")
        return try close(delivery)
    }

    private func close(_ delivery: FeedDelivery) throws -> EventFeedResult.File {
        try announce(delivery.path, delivery.events)
        Failpoint.hit("feed.announced")
        try store.complete(delivery)
        environment.reporter.log(.info, "\(delivery.path): \(delivery.events) events.", ["type": delivery.type, "bytes": String(delivery.bytes)])
        return EventFeedResult.File(type: delivery.type, path: delivery.path, events: delivery.events)
    }

    /// Events of a stated time once more; no mark moves.
    private func deliverAgain(_ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        guard let window = request.window, let from = Self.time(window.from), let to = Self.time(window.to), from < to else {
            throw ConnectError(
                "feed.window", .configuration, "The window from \"\(request.window?.from ?? "")\" to \"\(request.window?.to ?? "")\" is none.",
                remedy: "Write both like 2025-03-01T00:00:00Z, the earlier first.")
        }
        let path = try freePath(file, after: nil)
        let written = try write(file, EventWindow(type: file.type, storedFrom: from, storedBefore: to), path: path)
        defer { unlink(written.local) }
        guard written.events > 0 || request.empty == .write else { return nil }
        try upload(written.local, written.bytes, to: path + ".part")
        try transport.rename(path + ".part", to: path, replace: false)
        try announce(path, written.events)
        environment.reporter.log(.info, "\(path): \(written.events) events once more.", ["type": file.type])
        return EventFeedResult.File(type: file.type, path: path, events: written.events)
    }

    private static func time(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { EventTime.milliseconds(UnsafeRawBufferPointer($0)) }
    }

    /// A name that nobody has, later than the last one of the type.
    private func freePath(_ file: EventFeedRequest.File, after last: String?) throws -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = request.timeZone ?? .gmt
        var moment = Date(timeIntervalSince1970: Double(environment.clock()) / 1000)
        while true {
            let path = RemotePath.join(request.directory, "\(Self.name(file.name, moment, calendar)).\(request.extension)")
            let isLater = last.map { $0.count != path.count || path > $0 } ?? true
            if try isLater && size(of: path) == nil { return path }
            moment += 1
        }
    }

    private static func name(_ pattern: String, _ moment: Date, _ calendar: Calendar) -> String {
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: moment)
        func two(_ value: Int?) -> String { value.map { $0 < 10 ? "0\($0)" : "\($0)" } ?? "00" }
        let day = "\(parts.year ?? 0)\(two(parts.month))\(two(parts.day))"
        let time = two(parts.hour) + two(parts.minute) + two(parts.second)
        return pattern.replacing("{YYYYMMDD}", with: day).replacing("{HHMMSS}", with: time)
    }

    /// nil: there is no such file.
    private func size(of path: String) throws -> Int64? {
        do {
            return try transport.stat(path).size ?? -1
        } catch let error as ConnectError where error.code == "file.missing" {
            return nil
        }
    }

    private func announce(_ path: String, _ events: Int64) throws {
        guard request.readyFile != .none else { return }
        let stem = request.readyName == .append || !path.hasSuffix("." + request.extension) ? path : String(path.dropLast(request.extension.count + 1))
        let text = request.readyFile == .count ? "\(events)\n" : ""
        let ready = "\(stem).\(request.readyExtension)"
        try put(Array(text.utf8), to: ready + ".part")
        try transport.rename(ready + ".part", to: ready, replace: true)
    }

    private func put(_ bytes: [UInt8], to path: String) throws {
        let writer = try transport.openWrite(path, offset: 0, expectedSize: Int64(bytes.count))
        do {
            if !bytes.isEmpty { try bytes.withUnsafeBytes { try writer.write($0) } }
        } catch {
            writer.abort()
            throw error
        }
        try writer.commit(modifiedUnixNanoseconds: nil)
    }

    private func write(_ file: EventFeedRequest.File, _ window: EventWindow, path: String) throws -> EventFileWriter.Written {
        let member = RemotePath.name(path)
        let stem = member.hasSuffix("." + request.extension) ? String(member.dropLast(request.extension.count + 1)) : member
        let writer = try EventFileWriter(
            request, columns: request.columns(of: file, custom: custom), fields: store.fields(), keyRing: environment.keyRing, local: workDirectory + "/feed-\(file.type)",
            member: "\(stem).\(request.memberExtension)", modified: environment.clock() / 1000)
        var count: Int64 = 0
        try store.read(window) { event in
            try writer.append(event)
            count += 1
            if count % 8192 == 0 {
                try environment.cancellation.check()
                environment.reporter.progress(RunProgress(phase: "exporting", records: count))
            }
        }
        return try writer.finish()
    }

    private func upload(_ local: String, _ bytes: Int64, to path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: local) else { throw ConnectError("local.file", .internal, "The file \(local) is gone.") }
        defer { try? handle.close() }
        let writer = try transport.openWrite(path, offset: 0, expectedSize: bytes)
        do {
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
                try environment.cancellation.check()
                try piece.withUnsafeBytes { try writer.write($0) }
            }
        } catch {
            writer.abort()
            throw error
        }
        try writer.commit(modifiedUnixNanoseconds: nil)
        let arrived = try size(of: path)
        guard arrived == bytes || arrived == -1 else {
            throw ConnectError("transfer.size", .transient, "\"\(path)\" has \(arrived ?? 0) bytes on \(request.server) instead of \(bytes).")
        }
    }
}
