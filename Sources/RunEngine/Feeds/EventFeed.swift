import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Gives events to files on a server, each event once (EVT-5).
///
/// For each type a window is opened from the mark to the newest event and written down. The file is written whole under a temporary name; that is
/// written down; it is renamed; the ready file follows; then the mark moves and the window is closed in one step. Events are never changed, so a
/// window that was cut off before its file had its name is forgotten, and one that may have it is looked for on the server and, if it is not
/// there, written again under the same name. Each step replaces exactly what this run wrote down, so no two runs ever work on one window.
final class EventFeed {
    private let environment: RunEnvironment
    private let request: EventFeedRequest
    private let run: RunID
    private let store: any EventStore
    private let transport: RetryingTransport
    private let publication: Publication
    private let workDirectory: String
    private let custom: [String: [String]]
    /// What the run is to say of the files, those included that were given before it failed.
    private(set) var warnings: [String] = []

    init(_ request: EventFeedRequest, _ environment: RunEnvironment, run: RunID, workDirectory: String) throws {
        self.request = request
        self.environment = environment
        self.run = run
        self.workDirectory = workDirectory
        store = try environment.events()
        custom = try store.customColumns()
        transport = try environment.transport(to: request.server)
        publication = Publication(transport: transport)
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

    // MARK: What an earlier run began

    /// A window that an earlier run began and did not close.
    private func finishEarlier(_ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        guard let found = try store.position(ofType: file.type).delivery else { return nil }
        let delivery = try takeOver(found)
        guard delivery.stage != .writing else { return try forget(delivery) }
        guard delivery.server == request.server else {
            warn(
                "\(delivery.path) may stand on server \"\(delivery.server)\" already; the job now writes to \"\(request.server)\" and gives its events there."
            )
            return try forget(delivery)
        }
        guard delivery.stage == .publishing else { return try publish(delivery, file) }
        switch try environment.repeating("The file is published", { try publication.publish(delivery.publishable(isRenameAsked: nil)) {} }) {
        case .stands:
            environment.reporter.log(.info, "\(delivery.path) was whole when an earlier run was cut off.")
            return try close(delivery)
        case .lost, .fetched:
            var again = delivery
            again.stage = .writingAgain
            try store.begin(again, inPlaceOf: delivery)
            return try publish(again, file)
        case .taken:
            warn("\(delivery.path) is another's file on \(request.server); its events are given under another name.")
            return try forget(delivery)
        }
    }

    /// Makes a window of a run that has ended this run's. One of a run that has not may still be worked on.
    private func takeOver(_ found: FeedDelivery) throws -> FeedDelivery {
        guard found.run != run else { return found }
        if let other = found.run, let begun = try environment.control.run(other), begun.state != .finished {
            throw ConnectError(
                "feed.taken", .transient,
                "Events of type \(found.type) are being given by run \(other) of job \"\(begun.jobName)\", which has not ended.",
                remedy: "Wait for it, or end it with `connecthost runs recover` or `connecthost runs stop \(other)`.")
        }
        var mine = found
        mine.run = run
        try store.begin(mine, inPlaceOf: found)
        return mine
    }

    /// The events come in a window of their own again.
    private func forget(_ delivery: FeedDelivery) throws -> EventFeedResult.File? {
        // What was uploaded of it, if anything was, is nobody's; on a server that does not let go of it, it harms nothing.
        if delivery.server == request.server { try? publication.remove(delivery.temporaryPath) }
        try store.abandon(delivery)
        return nil
    }

    // MARK: Giving events

    private static let mostNames = 5

    private func deliverNew(_ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        for _ in 0..<Self.mostNames {
            let position = try store.position(ofType: file.type)
            let newest = try store.newest(ofType: file.type)
            guard newest > position.mark || request.empty == .write else { return nil }
            var delivery = FeedDelivery(
                type: file.type, after: position.mark, through: max(newest, position.mark), server: request.server,
                path: try freePath(file, after: position.lastFile))
            delivery.run = run
            try store.begin(delivery, inPlaceOf: nil)
            Failpoint.hit("feed.begun")
            if let given = try publish(delivery, file) { return given }
        }
        throw Self.nameTaken(file.type, request.server)
    }

    /// Writes, uploads, renames, announces and closes a window that is written down. nil when somebody else has taken its name meanwhile; it is
    /// forgotten then.
    private func publish(_ begun: FeedDelivery, _ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        var delivery = begun
        let written = try write(file, EventWindow(type: delivery.type, after: delivery.after, through: delivery.through), path: delivery.path)
        defer { unlink(written.local) }
        try FileTransfer(transport).send(written.local, for: delivery.path)
        delivery.stage = .publishing
        delivery.take(written)
        try store.begin(delivery, inPlaceOf: begun)
        Failpoint.hit("feed.uploaded")
        guard try rename(delivery) else { return try forget(delivery) }
        Failpoint.hit("feed.published")
        return try close(delivery)
    }

    /// False when another file has the name.
    private func rename(_ delivery: FeedDelivery) throws -> Bool {
        var isAsked = false
        let outcome = try environment.repeating("The file is published") {
            try publication.publish(delivery.publishable(isRenameAsked: isAsked)) { isAsked = true }
        }
        switch outcome {
        case .stands, .fetched: return true
        case .taken: return false
        case .lost:
            throw ConnectError(
                "feed.lost", .transient,
                "\"\(delivery.temporaryPath)\" was whole on \(request.server), and is no longer there before it got its name.",
                remedy: "Look at what removes files there. The next run writes it again.")
        }
    }

    private func close(_ delivery: FeedDelivery) throws -> EventFeedResult.File {
        try announce(delivery.path, delivery.events)
        Failpoint.hit("feed.announced")
        try store.complete(delivery)
        environment.reporter.log(.info, "\(delivery.path): \(delivery.events) events.", ["type": delivery.type, "bytes": String(delivery.bytes)])
        return given(delivery)
    }

    /// Events of a stated time once more; no mark moves.
    private func deliverAgain(_ file: EventFeedRequest.File) throws -> EventFeedResult.File? {
        guard let window = request.window, let from = Self.time(window.from), let to = Self.time(window.to), from < to else {
            throw ConnectError(
                "feed.window", .configuration, "The window from \"\(request.window?.from ?? "")\" to \"\(request.window?.to ?? "")\" is none.",
                remedy: "Write both like 2025-03-01T00:00:00Z, the earlier first.")
        }
        var delivery = FeedDelivery(type: file.type, after: 0, through: .max, server: request.server, path: try freePath(file, after: nil))
        let written = try write(file, EventWindow(type: file.type, storedFrom: from, storedBefore: to), path: delivery.path)
        defer { unlink(written.local) }
        guard written.events > 0 || request.empty == .write else { return nil }
        delivery.take(written)
        do {
            try FileTransfer(transport).send(written.local, for: delivery.path)
            guard try rename(delivery) else { throw Self.nameTaken(file.type, request.server) }
        } catch {
            discard(delivery.temporaryPath)
            throw error
        }
        try announce(delivery.path, written.events)
        environment.reporter.log(.info, "\(delivery.path): \(written.events) events once more.", ["type": file.type])
        return given(delivery)
    }

    private static func time(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { EventTime.milliseconds(UnsafeRawBufferPointer($0)) }
    }

    private static func nameTaken(_ type: String, _ server: String) -> ConnectError {
        ConnectError(
            "feed.exists", .transient, "Others write files of the names that \(type) would have to \(server).",
            remedy: "Give the job a directory of its own.")
    }

    // MARK: Files

    /// A name that nobody has, later than the last one of the type.
    private func freePath(_ file: EventFeedRequest.File, after last: String?) throws -> String {
        let name = FeedFileName(RemotePath.join(request.directory, "\(file.name).\(request.extension)"), zone: request.timeZone)
        var moment = name.moment(from: Date(timeIntervalSince1970: Double(environment.clock()) / 1000), after: last)
        while try publication.entry(name.path(at: moment)) != nil {
            try environment.cancellation.check()
            moment += 1
        }
        return name.path(at: moment)
    }

    private func announce(_ path: String, _ events: Int64) throws {
        guard let ready = request.readyPath(path) else { return }
        try environment.repeating("The ready file is written") {
            try publication.announce(ready, temporaryPath: FileUpload.temporaryPath(ready), text: request.readyFile == .count ? "\(events)\n" : "")
        }
    }

    /// After a failure, over a connection of its own, since the run's may be broken or told to stop.
    private func discard(_ temporaryPath: String) {
        // Nothing can be done about a server that does not let us, and the run has its error already.
        guard let opener = environment.openers[request.server],
            let connection = try? RetryingTransport(
                opener, server: request.server, policy: RetryPolicy(attempts: 1), cancellation: Cancellation(), reporter: environment.reporter)
        else { return }
        defer { connection.close() }
        try? connection.remove(temporaryPath)
    }

    private func write(_ file: EventFeedRequest.File, _ window: EventWindow, path: String) throws -> EventFileWriter.Written {
        let member = RemotePath.name(path)
        let stem = member.hasSuffix("." + request.extension) ? String(member.dropLast(request.extension.count + 1)) : member
        let writer = try EventFileWriter(
            request, columns: request.columns(of: file, custom: custom), fields: store.fields(), keyRing: environment.keyRing,
            local: workDirectory + "/feed-\(file.type)",
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

    // MARK: Telling

    private func given(_ delivery: FeedDelivery) -> EventFeedResult.File {
        let file = EventFeedResult.File(
            type: delivery.type, path: delivery.path, events: delivery.events, replacedCharacters: delivery.replacedCharacters ?? 0,
            replacedMarks: delivery.replacedMarks ?? 0)
        if file.replacedCharacters > 0 {
            warn("\(file.path): \(file.replacedCharacters) characters are not in the file's character set and were replaced.")
        }
        if file.replacedMarks > 0 { warn("\(file.path): \(file.replacedMarks) delimiters within values became blanks.") }
        return file
    }

    private func warn(_ message: String) {
        warnings.append(message)
        environment.reporter.log(.warning, message)
    }
}

extension FeedDelivery {
    fileprivate var temporaryPath: String { FileUpload.temporaryPath(path) }

    fileprivate func publishable(isRenameAsked: Bool?) -> Publication.File {
        Publication.File(path: path, temporaryPath: temporaryPath, bytes: bytes, sha256: sha256, isRenameAsked: isRenameAsked)
    }

    fileprivate mutating func take(_ written: EventFileWriter.Written) {
        bytes = written.bytes
        events = written.events
        sha256 = written.sha256
        replacedCharacters = written.replacedCharacters
        replacedMarks = written.replacedMarks
    }
}
